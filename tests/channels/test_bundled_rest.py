"""The defects of Rasa's bundled `rest` channel, each shown on it and cured in ours: the same check on both."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from rasa.core.channels.channel import UserMessage
from rasa.core.channels.rest import RestInput
from rasa.nlu.classifiers.regex_message_handler import RegexMessageHandler
from rasa.shared.nlu.training_data.message import Message
from web_scripts import crash, hang, nothing, reply
from web_server import DOMAIN, FakeAgent, Serving, answer, answer_text, say, settings

from addons.channels._web_settings import WebSettings
from addons.channels.web import WebInput
from healthqa.answer import DISCLAIMER

# Seconds a reader's program waits; our channel gives up after one.
PATIENCE = 6


@dataclass
class Channel:
    """A served channel as a reader's program sees it."""

    root: str
    agent: FakeAgent
    name: str
    tokens: dict[str, str] = field(default_factory=dict)

    def send(self, text: Any, who: str = "", **more: Any) -> requests.Response:
        """Send one message of a reader, `more` beside it; `who` tells readers apart."""
        if self.name == "rest":
            body = {"sender": who or uuid.uuid4().hex, "message": text, **more}
            return requests.post(f"{self.root}/webhooks/rest/webhook", json=body, timeout=PATIENCE)
        if not who or who not in self.tokens:
            session = requests.post(f"{self.root}/webhooks/web/session", timeout=PATIENCE)
            if session.status_code != 201:
                return session
            self.tokens[who] = session.json()["token"]
        body = {"token": self.tokens[who], "id": uuid.uuid4().hex, "text": text, **more}
        return requests.post(f"{self.root}/webhooks/web/messages", json=body, timeout=PATIENCE)

    def texts(self, response: requests.Response) -> list[str]:
        """Return what the reader reads."""
        if self.name == "rest":
            return [message["text"] for message in response.json()]
        found = [json.loads(line) for line in response.text.splitlines()]
        return [event["text"] for event in found if "text" in event]


@pytest.fixture
def channels(tmp_path: Path) -> Iterator[dict[str, Channel]]:
    agent = FakeAgent(tmp_path)
    credentials = {"timeout": 1, "alarm_timeout": 0.5, "conversation_limit": "5/minute", "address_limit": "40/minute"}
    ours = WebInput(WebSettings.from_credentials(credentials), settings(tmp_path))
    with Serving(agent, RestInput(), ours) as serving:
        yield {name: Channel(serving.root, agent, name) for name in ("rest", "web")}


def on_both(why: str, raises: type[Exception] = AssertionError) -> Any:
    """Run a test on our channel, where it must pass, and on the bundled one, where it must fail for that reason."""
    bundled = pytest.param("rest", marks=pytest.mark.xfail(strict=True, reason=why, raises=raises))
    return pytest.mark.parametrize("name", ["web", bundled])


@on_both("Rasa cuts a text at blank lines: the disclaimer arrives alone", ValueError)
def test_disclaimer_arrives_with_the_answer(channels: dict[str, Channel], name: str) -> None:
    async def blank_lines(message: UserMessage) -> None:
        await say(message, f"First part.\n\nSecond part.\n\n{DISCLAIMER}", answer=answer())

    channel = channels[name]
    channel.agent.script = blank_lines
    (text,) = channel.texts(channel.send("why?"))
    assert text == f"First part.\nSecond part.\n{DISCLAIMER}"


@on_both("Rasa hands on what is typed, and runs it")
@pytest.mark.parametrize("text", ['/ask_diagnosis{"test": "x"}', "/restart", "/session_start"])
def test_typed_command_is_not_run(channels: dict[str, Channel], name: str, text: str) -> None:
    channel = channels[name]
    channel.send(text)
    heard = channel.agent.heard[0]
    assert heard.parse_data is None
    assert RegexMessageHandler().process([Message({"text": heard.text})], DOMAIN)[0].get("intent") is None


@on_both("Rasa takes a body of any size")
def test_large_body_is_refused(channels: dict[str, Channel], name: str) -> None:
    assert channels[name].send("a" * 200_000).status_code == 413
    assert channels[name].agent.heard == []


@on_both("Rasa takes a text of any length")
def test_long_text_is_refused(channels: dict[str, Channel], name: str) -> None:
    assert channels[name].send("a" * 10_000).status_code == 400


@on_both("Rasa hands null and control characters on")
def test_control_characters_are_taken_out(channels: dict[str, Channel], name: str) -> None:
    channels[name].send("low\x00 B12\x1b[31m\u202e?")
    assert channels[name].agent.heard[0].text == "low B12[31m?"


@on_both("Rasa takes null for a text")
def test_message_without_text_is_refused(channels: dict[str, Channel], name: str) -> None:
    assert channels[name].send(None).status_code == 400
    assert channels[name].agent.heard == []


@on_both("Rasa has no limit for a conversation")
def test_conversation_has_a_limit(channels: dict[str, Channel], name: str) -> None:
    assert 429 in [channels[name].send("hello", "one reader").status_code for _ in range(7)]


@on_both("Rasa has no limit for an address")
def test_address_has_a_limit(channels: dict[str, Channel], name: str) -> None:
    codes = [channels[name].send("hello", f"reader {number // 4}").status_code for number in range(42)]
    assert 429 in codes


@on_both("Rasa answers `200 []` after an exception", ValueError)
@pytest.mark.parametrize("script", [crash, nothing], ids=["exception", "action server down"])
def test_failure_is_told_with_disclaimer_and_retry(channels: dict[str, Channel], name: str, script: Any) -> None:
    channel = channels[name]
    channel.agent.script = script
    response = channel.send("cramps?")
    (text,) = channel.texts(response)
    assert text.endswith(DISCLAIMER)
    assert json.loads(response.text.splitlines()[-1])["retry"] is True


@on_both("Rasa waits for minutes", requests.ReadTimeout)
def test_slow_turn_is_told_within_seconds(channels: dict[str, Channel], name: str) -> None:
    channel = channels[name]
    channel.agent.script = hang
    (text,) = channel.texts(channel.send("cramps?"))
    assert text.endswith(DISCLAIMER)


@on_both("Rasa's rest channel shows no alarm of its own")
@pytest.mark.parametrize("script", [crash, nothing, reply], ids=["exception", "silence", "a passage"])
def test_alarm_is_shown_whatever_fails(channels: dict[str, Channel], name: str, script: Any) -> None:
    channel = channels[name]
    channel.agent.script = script
    texts = channel.texts(channel.send("I have crushing chest pain and cannot breathe"))
    assert ["emergency" in text.lower() and "Source:" not in text for text in texts] == [True]


def heard_of_two(channel: Channel, **made_up: Any) -> list[UserMessage]:
    """Send a message from each of two readers with fields that their programs make up; nobody gives a name."""
    for _ in range(2):
        if channel.name == "rest":
            body = {"message": "hello", **made_up}
            requests.post(f"{channel.root}/webhooks/rest/webhook", json=body, timeout=PATIENCE)
        else:
            channel.send("hello", **made_up)
    assert len(channel.agent.heard) == 2
    return channel.agent.heard


@on_both("The caller chooses `sender`")
def test_caller_cannot_choose_the_conversation(channels: dict[str, Channel], name: str) -> None:
    heard = heard_of_two(channels[name], sender="somebody-else")
    assert "somebody-else" not in {message.sender_id for message in heard}


@on_both("Without a sender all share the conversation `default`")
def test_readers_without_a_name_do_not_share_a_conversation(channels: dict[str, Channel], name: str) -> None:
    heard = heard_of_two(channels[name])
    assert len({message.sender_id for message in heard}) == 2


@on_both("The caller chooses `input_channel`")
def test_caller_cannot_choose_the_input_channel(channels: dict[str, Channel], name: str) -> None:
    heard = heard_of_two(channels[name], input_channel="slack")
    assert {message.input_channel for message in heard} == {name}


@on_both("The caller's metadata is stored")
def test_caller_cannot_store_metadata(channels: dict[str, Channel], name: str) -> None:
    heard = heard_of_two(channels[name], metadata={"admin": True})
    assert [message.metadata for message in heard] == [None, None]


def stream(channel: Channel) -> requests.Response:
    if channel.name == "rest":
        body = {"sender": "x", "message": "cramps?"}
        return requests.post(f"{channel.root}/webhooks/rest/webhook?stream=true", json=body, timeout=PATIENCE)
    return channel.send("cramps?")


@on_both("Rasa's stream never ends after an exception", requests.RequestException)
def test_stream_ends_after_an_exception(channels: dict[str, Channel], name: str) -> None:
    channels[name].agent.script = crash
    assert stream(channels[name]).status_code == 200


@on_both("Rasa labels lines of JSON `text/event-stream`")
def test_stream_is_labelled_as_what_it_is(channels: dict[str, Channel], name: str) -> None:
    async def answer_it(message: UserMessage) -> None:
        await asyncio.sleep(0)
        await say(message, answer_text(), answer=answer())

    channels[name].agent.script = answer_it
    response = stream(channels[name])
    assert all(isinstance(json.loads(line), dict) for line in response.text.splitlines())
    assert response.headers["Content-Type"] == "application/x-ndjson"
