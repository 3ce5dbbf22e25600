"""The `web` channel on a free port with a scripted bot instead of Rasa."""

from __future__ import annotations

import asyncio
import json
import socket
import tempfile
import threading
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import requests
from local_api import end_tasks
from rasa.core.actions.action import create_bot_utterance
from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, UserMessage, register
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, SessionStarted, UserUttered
from sanic import Sanic

from addons.channels._web_settings import WebSettings
from addons.channels.web import WebInput
from addons.stores import ForgettingSQLiteTrackerStore
from healthqa.answer import DISCLAIMER
from healthqa.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
Script = Callable[[UserMessage], Awaitable[None]]
DOMAIN = Domain.load(str(ROOT / "domain.yml"))


async def say(message: UserMessage, text: str, **extra: Any) -> None:
    """Send a bot message and keep it in the conversation, the way Rasa does."""
    said = {"text": text, **extra}
    tracker = getattr(message, "tracker", None)
    if tracker is not None:
        tracker.update(create_bot_utterance(dict(said)))
    await message.output_channel.send_response(message.sender_id, said)


async def echo(message: UserMessage) -> None:
    await say(message, f"heard: {message.text}", metadata={"kind": "smalltalk"})


class ScriptedProcessor:
    """Stands for Rasa's NLU and policies: a script answers. The conversation is kept as Rasa keeps it."""

    def __init__(self, agent: FakeAgent) -> None:
        self._agent = agent

    async def handle_message(self, message: UserMessage) -> None:
        self._agent.heard.append(message)
        tracker = await self._agent.tracker_store.get_or_create_tracker(message.sender_id, append_action_listen=False)
        if not tracker.events:
            tracker.update_with_events([ActionExecuted("action_session_start"), SessionStarted()], DOMAIN)
            tracker.update(ActionExecuted("action_listen"))
        parsed = message.parse_data or {"intent": {"name": "greet", "confidence": 1.0}, "entities": []}
        tracker.update(
            UserUttered(
                message.text,
                parsed["intent"],
                parsed["entities"],
                {**parsed, "text": message.text},
                input_channel=message.input_channel,
                message_id=message.message_id,
            )
        )
        message.tracker = tracker
        await self._agent.script(message)
        tracker.update(ActionExecuted("action_listen"))
        await self._agent.tracker_store.save(tracker)


class FakeAgent(Agent):
    """Rasa's agent with its real lock and our real store, a script in place of the model."""

    def __init__(self, data: Path | None = None) -> None:
        self.data = data or Path(tempfile.mkdtemp())
        self.action_url: str | None = None
        store = ForgettingSQLiteTrackerStore(DOMAIN, db=str(self.data / "conversations.db"))
        super().__init__(DOMAIN, tracker_store=store)
        self.processor = ScriptedProcessor(self)
        self.script: Script = echo
        self.heard: list[UserMessage] = []
        self.ready = True

    @property
    def store(self) -> ForgettingSQLiteTrackerStore:
        return self.tracker_store._tracker_store

    @property
    def action_endpoint(self) -> Any:
        return SimpleNamespace(url=self.action_url)

    @action_endpoint.setter
    def action_endpoint(self, _: object) -> None:
        pass

    def is_ready(self) -> bool:
        return self.ready


@dataclass
class Served:
    """A served channel."""

    address: str
    agent: FakeAgent

    def post(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        return requests.post(f"{self.address}{path}", json=body, timeout=20, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(f"{self.address}{path}", timeout=20, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        return requests.delete(f"{self.address}{path}", timeout=20, **options)

    def token(self) -> str:
        return self.post("session", {}).json()["token"]

    def send(self, text: str, token: str = "", message_id: str = "") -> list[dict[str, Any]]:
        body = {"token": token or self.token(), "id": message_id or uuid.uuid4().hex, "text": text}
        response = self.post("messages", body)
        assert response.status_code == 200, response.text
        return events(response)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def events(response: requests.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in response.content.decode().splitlines()]


def settings(folder: Path, **overrides: Any) -> Settings:
    """Settings for which everything but the given overrides is the repository's own."""
    return Settings.from_env({"HEALTHQA_ROOT": str(ROOT)}, index_dir=folder / "index", **overrides)


class Serving:
    """Serves channels, ours or Rasa's own, in a thread of their own with Rasa's own registration."""

    def __init__(self, agent: FakeAgent, *channels: InputChannel, cors: str | None = None) -> None:
        self._agent = agent
        self._channels = list(channels)
        self._cors = cors
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Any:
        self._thread.start()
        assert self._started.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self._socket.close()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        # Sanic rewrites its own methods at the start; without this it cannot start a second app in one process.
        Sanic.test_mode = True
        app = Sanic(f"test-{uuid.uuid4().hex}", configure_logging=False)
        if self._cors:
            from rasa.server import configure_cors

            configure_cors(app, self._cors)
        app.ctx.agent = self._agent
        register(self._channels, app, "/webhooks/")
        self._loop.run_until_complete(self._start(app))
        self._started.set()
        self._loop.run_forever()

    async def _start(self, app: Sanic) -> None:
        server = await app.create_server(sock=self._socket, return_asyncio_server=True, access_log=False)
        assert server is not None
        self._server = server
        await server.startup()
        await server.before_start()
        await server.after_start()

    async def _end(self) -> None:
        """End as Sanic ends, and leave no file open: a whole test run has a limit of them."""
        await self._server.before_stop()
        self._server.close()
        for connection in tuple(self._server.connections):
            connection.abort()
        await self._server.after_stop()
        self._agent.store.file.close()
        await end_tasks()
        await asyncio.get_running_loop().shutdown_default_executor()


class Server(Serving):
    """Serves the `web` channel."""

    def __init__(self, agent: FakeAgent, core: Settings, cors: str | None = None, **credentials: Any) -> None:
        # The limits have tests of their own; here they would only get in the way.
        given = {"conversation_limit": "", "address_limit": "", **credentials}
        super().__init__(agent, WebInput(WebSettings.from_credentials(given), core), cors=cors)

    def __enter__(self) -> Served:
        super().__enter__()
        return Served(f"{self.root}/webhooks/web/", self._agent)


ANSWER_TEXT = "Low vitamin B12 can make muscles twitch."
URL = "https://example.org/articles/twitching#causes"


def answer(kind: str = "answer", **changes: Any) -> dict[str, Any]:
    """An `answer` by the contract."""
    passage = {
        "id": "twitching#causes-0",
        "text": ANSWER_TEXT,
        "title": "Twitching",
        "section": "Causes",
        "url": URL,
        "reviewed": "",
        "score": 0.8,
    }
    return {
        "v": 1,
        "kind": kind,
        "id": "0011",
        "passages": [passage] if kind == "answer" else [],
        "table": None,
        "suggestions": [],
        "disclaimer": DISCLAIMER,
        "confidence": 0.8,
        **changes,
    }


def answer_text(first: str = ANSWER_TEXT, title: str = "Twitching", url: str = URL) -> str:
    place = f"Source: {title} › Causes – {url}"
    return f"{first}\n{place}\nNo clinician has reviewed this article yet.\n{DISCLAIMER}"
