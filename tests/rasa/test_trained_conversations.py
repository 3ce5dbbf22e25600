"""Conversations with the trained model, the real store and the real actions; only the HTTP hop is left out."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from rasa.core.agent import Agent
from structlog.testing import capture_logs

import actions.services
from actions.services import Services
from addons.stores import ForgettingSQLiteTrackerStore
from healthqa.answer import DISCLAIMER
from healthqa.settings import Settings
from tests.rasa.conversations import Conversation, InProcessActions, load_agent

pytestmark = pytest.mark.slow

NOTICE_START = "This is an automated assistant"


@pytest.fixture(scope="module")
def running(
    trained_project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Agent, InProcessActions, ForgettingSQLiteTrackerStore]]:
    data = tmp_path_factory.mktemp("var")
    patch = pytest.MonkeyPatch()
    patch.setenv("HEALTHQA_DATA", str(data))
    patch.setattr(actions.services, "_shared", Services(Settings.from_env()))
    store = ForgettingSQLiteTrackerStore()
    agent, endpoint = load_agent(trained_project, store)
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


@pytest.mark.parametrize(
    "beside",
    [
        "asdfghjkl",
        "12345 67890",
        "what's 17 times 23",
        "who are the beatles",
        "b b b b b b b b",
        "write a cover letter for a job as a barista",
        "does oat milk go bad quickly",
        "falta de b12 causa calambres?",
        "nature made or solgar for b12?",
    ],
)
def test_what_has_no_answer_gets_none_from_the_question_before(conversation: Conversation, beside: str) -> None:
    assert "\nSource: " in conversation.say("can low B12 cause twitching?")["text"]
    assert "\nSource: " not in conversation.say(beside)["text"]


@pytest.mark.parametrize(
    ("first", "then", "fact"),
    [
        ("can low b12 cause twitching?", "does it spread to the face", "face"),
        ("which foods contain b12?", "and for vegans?", "fortified"),
        ("how is b12 deficiency treated?", "how long until that works", "weeks"),
    ],
)
def test_few_words_are_answered_with_what_was_asked_before(
    conversation: Conversation, first: str, then: str, fact: str
) -> None:
    conversation.say(first)
    found = conversation.say(then)["text"]
    assert "\nSource: " in found and fact in found


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
