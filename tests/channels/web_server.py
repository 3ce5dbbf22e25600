"""The `web` channel on a free port with a scripted bot instead of Rasa."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import requests
from rasa.core.channels.channel import UserMessage, register
from sanic import Sanic

from addons.channels._web_settings import WebSettings
from addons.channels.web import WebInput
from healthqa.answer import DISCLAIMER
from healthqa.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
Script = Callable[[UserMessage], Awaitable[None]]


async def say(message: UserMessage, text: str, **extra: Any) -> None:
    """Send a bot message the way Rasa does."""
    await message.output_channel.send_response(message.sender_id, {"text": text, **extra})


async def echo(message: UserMessage) -> None:
    await say(message, f"heard: {message.text}", metadata={"kind": "smalltalk"})


@dataclass
class FakeAgent:
    """What the channel uses of Rasa's agent; keeps every message that reached it."""

    script: Script = echo
    heard: list[UserMessage] = field(default_factory=list)
    ready: bool = True
    action_url: str | None = None

    @property
    def action_endpoint(self) -> Any:
        return SimpleNamespace(url=self.action_url)

    def is_ready(self) -> bool:
        return self.ready

    async def handle_message(self, message: UserMessage) -> None:
        self.heard.append(message)
        await self.script(message)


@dataclass
class Served:
    """A served channel."""

    address: str
    agent: FakeAgent

    def post(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        return requests.post(f"{self.address}{path}", json=body, timeout=20, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(f"{self.address}{path}", timeout=20, **options)

    def token(self) -> str:
        return self.post("session", {}).json()["token"]

    def send(self, text: str, token: str = "", message_id: str = "") -> list[dict[str, Any]]:
        body = {"token": token or self.token(), "id": message_id or uuid.uuid4().hex, "text": text}
        response = self.post("messages", body)
        assert response.status_code == 200, response.text
        return events(response)


def events(response: requests.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in response.content.decode().splitlines()]


def settings(folder: Path, **overrides: Any) -> Settings:
    """Settings for which everything but the given overrides is the repository's own."""
    return Settings.from_env({"HEALTHQA_ROOT": str(ROOT)}, index_dir=folder / "index", **overrides)


class Server:
    """Serves a channel in a thread of its own with Rasa's own registration."""

    def __init__(self, agent: FakeAgent, core: Settings, cors: str | None = None, **credentials: Any) -> None:
        self._agent = agent
        self._channel = WebInput(WebSettings.from_credentials(credentials), core)
        self._cors = cors
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))

    def __enter__(self) -> Served:
        self._thread.start()
        assert self._started.wait(30)
        return Served(f"http://127.0.0.1:{self._socket.getsockname()[1]}/webhooks/web/", self._agent)

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        # Sanic rewrites its own methods at the start; without this it cannot start a second app in one process.
        Sanic.test_mode = True
        app = Sanic(f"test-{uuid.uuid4().hex}", configure_logging=False)
        if self._cors:
            from rasa.server import configure_cors

            configure_cors(app, self._cors)
        app.ctx.agent = self._agent
        register([self._channel], app, "/webhooks/")
        self._loop.run_until_complete(self._start(app))
        self._started.set()
        self._loop.run_forever()

    async def _start(self, app: Sanic) -> None:
        server = await app.create_server(sock=self._socket, return_asyncio_server=True, access_log=False)
        assert server is not None
        await server.startup()
        await server.before_start()
        await server.after_start()


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
