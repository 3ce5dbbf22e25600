"""What every channel must do: same question, same passage, same source, same disclaimer, in one message with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from channel_drivers import DRIVERS, Driver
from rasa.core.channels.channel import UserMessage
from web_scripts import crash, hang, nothing, reply
from web_server import ANSWER_TEXT, URL, FakeAgent, answer, echo, say

from healthqa.answer import DISCLAIMER, NOT_REVIEWED

QUESTION = "Can low B12 make muscles twitch?"


@pytest.fixture(scope="module", params=DRIVERS, ids=lambda driver: driver.__name__)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple]:
    agent = FakeAgent()
    with request.param(agent, tmp_path_factory.mktemp("contract")) as reader:
        yield agent, reader


@pytest.fixture
def agent(served: tuple) -> FakeAgent:
    served[0].script = echo
    served[0].heard.clear()
    return served[0]


@pytest.fixture
def reader(served: tuple) -> Driver:
    return served[1]


def test_answer_stands_in_one_message_with_source_and_disclaimer(agent: FakeAgent, reader: Driver) -> None:
    agent.script = reply
    (text,) = reader.ask(QUESTION)
    assert [text.count(part) for part in (ANSWER_TEXT, URL, NOT_REVIEWED, DISCLAIMER)] == [1, 1, 1, 1]
    assert "Source: Twitching › Causes" in text
    assert [message.text for message in agent.heard] == [QUESTION]


def test_refusal_keeps_its_disclaimer_over_a_blank_line(agent: FakeAgent, reader: Driver) -> None:
    async def refuse(message: UserMessage) -> None:
        await say(message, f"I cannot say.\n\n{DISCLAIMER}", answer=answer("refuse"))

    agent.script = refuse
    (text,) = reader.ask("how much should I take?")
    assert "I cannot say." in text
    assert text.count(DISCLAIMER) == 1
    assert "Source:" not in text


def test_disclaimer_is_added_where_an_action_forgot_it(agent: FakeAgent, reader: Driver) -> None:
    async def forget(message: UserMessage) -> None:
        await say(message, "No passage here.", answer=answer("refuse"))

    agent.script = forget
    (text,) = reader.ask("anything")
    assert DISCLAIMER in text


@pytest.mark.parametrize("script", [nothing, crash, hang], ids=["silent", "broken", "slow"])
def test_failure_is_one_sentence_with_the_disclaimer(agent: FakeAgent, reader: Driver, script: object) -> None:
    agent.script = script
    (text,) = reader.ask(QUESTION)
    assert "try again" in text
    assert DISCLAIMER in text


@pytest.mark.parametrize("script", [reply, nothing, crash, hang], ids=["passage", "silent", "broken", "slow"])
@pytest.mark.parametrize(
    ("words", "first"),
    [("I have crushing chest pain and cannot breathe", "emergency"), ("I want to kill myself", "sorry")],
)
def test_alarm_comes_alone_whatever_the_assistant_does(
    agent: FakeAgent, reader: Driver, script: object, words: str, first: str
) -> None:
    agent.script = script
    (text,) = reader.ask(words)
    assert first in text.splitlines()[0].lower()
    assert DISCLAIMER in text
    assert ANSWER_TEXT not in text


@pytest.mark.parametrize("typed", ["/restart", '/forget_me{"topic": "x"}', "  /session_start"])
def test_typed_command_is_plain_text(agent: FakeAgent, reader: Driver, typed: str) -> None:
    reader.ask(typed)
    (message,) = agent.heard
    assert not message.text.startswith("/")
    assert not message.parse_data


def test_hidden_characters_do_not_reach_the_assistant(agent: FakeAgent, reader: Driver) -> None:
    reader.ask("low\u202e b\x00\u200b12")
    assert [message.text for message in agent.heard] == ["low b12"]
