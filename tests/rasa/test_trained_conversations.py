"""Conversations with the trained model, the real store and the real actions; only the HTTP hop is left out."""

from __future__ import annotations

import asyncio
import copy
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.exceptions import ModelNotFound
from rasa.shared.exceptions import RasaException
from rasa.utils.endpoints import EndpointConfig
from rasa_sdk.executor import ActionExecutor
from structlog.testing import capture_logs

import actions.services
from actions.services import Services
from addons.stores import ForgettingSQLiteTrackerStore
from healthqa.answer import DISCLAIMER
from healthqa.settings import Settings
from scripts.training import latest_model

pytestmark = pytest.mark.slow

NOTICE_START = "This is an automated assistant"


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


@pytest.fixture(scope="module")
def running(
    trained_project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Agent, InProcessActions, ForgettingSQLiteTrackerStore]]:
    data = tmp_path_factory.mktemp("var")
    patch = pytest.MonkeyPatch()
    patch.setenv("HEALTHQA_DATA", str(data))
    patch.setattr(actions.services, "_shared", Services(Settings.from_env()))
    executor = ActionExecutor()
    executor.register_package("actions")
    endpoint = InProcessActions(executor)
    store = ForgettingSQLiteTrackerStore()
    model = trained_project / "models" / latest_model(trained_project / "models")
    try:
        agent = Agent.load(
            model,
            generator=EndpointConfig(type="addons.nlg.HealthNlg"),
            tracker_store=store,
            action_endpoint=endpoint,
        )
    except ModelNotFound as error:
        pytest.fail(str(error))
    yield agent, endpoint, store
    patch.undo()


@pytest.fixture()
def conversation(
    running: tuple[Agent, InProcessActions, ForgettingSQLiteTrackerStore], request: pytest.FixtureRequest
) -> Iterator[Conversation]:
    agent, endpoint, _ = running
    endpoint.ran.clear()
    yield Conversation(agent, endpoint, request.node.name)
    endpoint.down = False


def text_on_disk(store: ForgettingSQLiteTrackerStore) -> bytes:
    return b"".join(path.read_bytes() for path in store.file.path.parent.iterdir())


def test_two_questions_are_answered_with_source_and_disclaimer(conversation: Conversation) -> None:
    first = conversation.say("can low B12 cause twitching?")
    assert conversation.endpoint.ran == ["action_answer_question"]
    assert first["text"].startswith(NOTICE_START)
    assert "\nSource: " in first["text"] and first["text"].endswith(DISCLAIMER)
    second = conversation.say("how is it diagnosed?")
    assert NOTICE_START not in second["text"]
    assert "\nSource: " in second["text"] and second["text"].endswith(DISCLAIMER)
    assert "blood" in second["text"].lower()


def test_emergency_in_the_middle_of_a_dialogue_comes_first(conversation: Conversation) -> None:
    conversation.say("can low B12 cause twitching?")
    conversation.endpoint.ran.clear()
    alarm = conversation.say("is it the b12? i have crushing chest pain and can't breathe")
    assert conversation.endpoint.ran == [], "the alarm needs no action server"
    assert "call" in alarm["text"].splitlines()[0].lower() and alarm["text"].endswith(DISCLAIMER)
    assert "Source:" not in alarm["text"]


@pytest.mark.parametrize("text", ["I have crushing chest pain and can't breathe", "I want to kill myself"])
def test_alarm_comes_with_action_server_and_store_gone(conversation: Conversation, text: str) -> None:
    conversation.endpoint.down = True
    store = conversation.agent.tracker_store._tracker_store
    original = store.file
    store.file = type(original)(Path("/proc/nowhere/conversations.db"))
    try:
        alarm = conversation.say(text)
    finally:
        store.file = original
    assert "call" in alarm["text"].lower() and alarm["text"].endswith(DISCLAIMER)


def test_action_server_down_gets_a_sentence_with_the_disclaimer(conversation: Conversation) -> None:
    conversation.endpoint.down = True
    message = conversation.say("can low B12 cause twitching?")
    assert message["text"].startswith(NOTICE_START) and message["text"].endswith(DISCLAIMER)
    assert "went wrong" in message["text"]
    conversation.endpoint.down = False
    assert "\nSource: " in conversation.say("can low B12 cause twitching?")["text"]


@pytest.mark.parametrize("text", ["", "   ", None])
def test_empty_message_gets_a_sentence(conversation: Conversation, text: str | None) -> None:
    message = conversation.say(text)
    assert conversation.last_intent() == "empty_message"
    assert message["text"].endswith(DISCLAIMER)
    assert conversation.say("hello")["text"]


@pytest.mark.parametrize("command", ["/restart", "/session_start", "/forget_me", '/greet{"topic": "x"}', "/back", "/"])
def test_command_is_plain_text(conversation: Conversation, command: str, caplog: pytest.LogCaptureFixture) -> None:
    conversation.say("can low B12 cause twitching?")
    with caplog.at_level(logging.INFO):
        conversation.say(command)
    kinds = [event.type_name for event in conversation.events()]
    assert "restart" not in kinds and "rewind" not in kinds and kinds.count("session_started") == 1
    users = [event.text for event in conversation.events() if event.type_name == "user"]
    assert users == ["can low B12 cause twitching?", command]


def test_dose_is_refused_without_source(conversation: Conversation) -> None:
    message = conversation.say("how many micrograms of b12 should I take per day?")
    assert message["answer"]["kind"] == "refuse" and "Source:" not in message["text"]
    assert message["text"].endswith(DISCLAIMER)


def test_forget_me_with_a_yes_leaves_no_word_behind(
    conversation: Conversation, running: tuple[Agent, InProcessActions, ForgettingSQLiteTrackerStore]
) -> None:
    store = running[2]
    words = b"marimba quicksilver"
    conversation.say("can low B12 cause my marimba quicksilver twitching?")
    assert words in text_on_disk(store)
    assert "1 of your messages" not in conversation.say("what data have you stored about me?")["text"]
    confirm = conversation.say("forget me")
    assert [button["payload"] for button in confirm["buttons"]] == ["Yes, forget me", "No, keep it"]
    done = conversation.say("Yes, forget me")
    assert "deleted" in done["text"]
    assert words not in text_on_disk(store)
    assert conversation.sender.encode() not in text_on_disk(store)
    assert conversation.events() == []
    assert conversation.say("hello")["text"].startswith(NOTICE_START), "a new conversation"


def test_forget_me_with_a_no_keeps_everything(conversation: Conversation) -> None:
    conversation.say("can low B12 cause twitching?")
    conversation.say("forget me")
    conversation.say("No, keep it")
    assert len([event for event in conversation.events() if event.type_name == "user"]) == 3


def test_nothing_a_reader_types_is_logged(conversation: Conversation, caplog: pytest.LogCaptureFixture) -> None:
    word = "wolframite"
    texts = [
        f"can low B12 cause {word} twitching?",
        f"/{word}",
        f'/greet{{"{word}": "{word}"}} {word}',
        f"{word} is my name and i have crushing chest pain",
        f"how much {word} should i take",
        "tell me more",
        f"{{{word}}} %s <b>{word}</b>",
    ]
    with caplog.at_level(logging.INFO), capture_logs() as structured, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for text in texts:
            conversation.send(text)
        conversation.endpoint.down = True
        conversation.send(f"is {word} in food?")
    assert structured, "structured logs are captured at all"
    loud = [entry for entry in structured if entry["log_level"] != "debug"]
    assert word not in (caplog.text + repr(loud) + repr([str(one.message) for one in warned])).lower()


@pytest.mark.parametrize(
    "text",
    ["yes", "no", "more", "sources", "why?", "hello", "thanks", "bye", "what can you do", "are you a bot",
     "asdf qwer zxcv", "who won the world cup", "¿puedes ayudarme?", "that was useless", "great answer", "a" * 5000,
     "forget me", "talk to a human"],
)  # fmt: skip
def test_any_message_gets_exactly_one_reply(conversation: Conversation, text: str) -> None:
    first = conversation.say(text)
    assert NOTICE_START in first["text"]
    again = conversation.say(text)
    assert NOTICE_START not in again["text"]
