"""A trained Rasa agent in this process, with the real actions; only the HTTP hop is left out."""

from __future__ import annotations

import asyncio
import copy
from pathlib import Path
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.tracker_store import TrackerStore
from rasa.exceptions import ModelNotFound
from rasa.shared.exceptions import RasaException
from rasa.utils.endpoints import EndpointConfig
from rasa_sdk.executor import ActionExecutor

from scripts.training import latest_model


class InProcessActions(EndpointConfig):
    """The action server without HTTP. `down` makes it fail as an unreachable server does."""

    def __init__(self, executor: ActionExecutor) -> None:
        super().__init__(url="http://actions.invalid/webhook", enable_selective_domain=True)
        self.executor = executor
        self.down = False
        self.ran: list[str] = []

    async def request(self, method: str = "post", **kwargs: Any) -> Any:
        if self.down:
            raise RasaException("Couldn't connect to the server")
        self.ran.append(kwargs["json"]["next_action"])
        return await self.executor.run(copy.deepcopy(kwargs["json"]))


class WholeMessages(CollectingOutputChannel):
    """Collects messages as our channels get them, `answer` included; Rasa's collector drops it."""

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        self.messages.append(dict(message))


class Conversation:
    """One reader's messages and what came back."""

    def __init__(self, agent: Agent, endpoint: InProcessActions, sender: str) -> None:
        self.agent, self.endpoint, self.sender = agent, endpoint, sender

    def say(self, text: str | None) -> dict[str, Any]:
        """Send a message and return the one that came back."""
        messages = self.send(text)
        assert len(messages) == 1, [message.get("text") for message in messages]
        return messages[0]

    def send(self, text: str | None) -> list[dict[str, Any]]:
        message = UserMessage(text, WholeMessages(), self.sender, input_channel="rest")
        return asyncio.run(self.agent.handle_message(message)) or []

    def events(self) -> list[Any]:
        tracker = asyncio.run(self.agent.tracker_store.retrieve(self.sender))
        return list(tracker.events) if tracker else []

    def last_intent(self) -> str:
        return str([event for event in self.events() if event.type_name == "user"][-1].intent["name"])


def load_agent(project: Path, store: TrackerStore) -> tuple[Agent, InProcessActions]:
    """Load the project's newest model as the server does; the environment says where the rest lies."""
    executor = ActionExecutor()
    executor.register_package("actions")
    endpoint = InProcessActions(executor)
    try:
        agent = Agent.load(
            project / "models" / latest_model(project / "models"),
            generator=EndpointConfig(type="addons.nlg.HealthNlg"),
            tracker_store=store,
            action_endpoint=endpoint,
        )
    except ModelNotFound as error:
        pytest.fail(str(error))
    return agent, endpoint
