"""What is wrong with Rasa's own Slack channel: each defect that ours does not have, seen with the same requests.

The counterpart of each test stands in the other modules of this folder. Where a later Rasa mends a defect, its test
fails and can go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from channel_server import ChannelServer
from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.core.channels.slack import SlackBot, SlackInput
from slack_api import TOKEN, SlackApi, buttons
from slack_people import SECRET, People
from slack_sdk.web.async_client import AsyncWebClient
from slack_server import quick, quiet
from web_server import FakeAgent

from healthqa.answer import DISCLAIMER

# Rasa looks once a second whether a conversation is free for the next message.
RASAS_LOCK = 1.7


async def listen(message: UserMessage) -> None:
    """Hear, and say nothing: Rasa's channel would send it to Slack itself."""


def rasas(**credentials: Any) -> InputChannel:
    return SlackInput.from_credentials({"slack_token": TOKEN, "slack_signing_secret": SECRET, **credentials})


@pytest.fixture(scope="module")
def bundled() -> Iterator[tuple[FakeAgent, People]]:
    agent = FakeAgent()
    agent.script = listen
    channel = rasas(use_threads=True, conversation_granularity="thread")
    with SlackApi() as api, ChannelServer(agent, channel) as server:
        yield agent, People(api, server.root)


@pytest.fixture
def heard(bundled: tuple[FakeAgent, People]) -> Callable[[], list[str]]:
    agent, _ = bundled
    agent.heard.clear()

    def texts() -> list[str]:
        quiet(RASAS_LOCK)
        return [message.text for message in agent.heard]

    return texts


@pytest.fixture
def people(bundled: tuple[FakeAgent, People]) -> People:
    return bundled[1]


def test_event_that_is_repeated_after_an_error_is_handled_twice(people: People, heard: Callable[[], list[str]]) -> None:
    event = people.message("hello")
    people.deliver(event, "Ev1")
    people.deliver(event, "Ev1", headers={"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_error"})
    assert heard() == ["hello", "hello"]


def test_json_with_a_charset_is_ignored(people: People, heard: Callable[[], list[str]]) -> None:
    people.deliver(people.message("hello"), kind="application/json; charset=utf-8")
    assert heard() == []


def test_command_is_an_error(people: People) -> None:
    assert people.command("hello").status_code == 500


@pytest.mark.parametrize("sent", ["a &lt; b &amp; c", "<mailto:a@example.org|a@example.org>"])
def test_words_arrive_in_slacks_own_writing(people: People, heard: Callable[[], list[str]], sent: str) -> None:
    people.deliver(people.message(sent))
    assert heard() == [sent]


def test_reply_in_the_thread_of_a_mention_is_dropped(people: People, heard: Callable[[], list[str]]) -> None:
    event = people.mention("what is myelin?")
    people.deliver(event)
    people.deliver(people.message("and why?", people.channel, thread_ts=event["ts"]))
    assert len(heard()) == 1


def test_mention_in_the_channel_it_serves_is_answered_twice() -> None:
    agent = FakeAgent()
    agent.script = listen
    with SlackApi() as api:
        someone = People(api, "")
        with ChannelServer(agent, rasas(slack_channel=someone.channel)) as server:
            someone.webhook = f"{server.root}/webhooks/slack/webhook"
            mention = someone.mention("what is myelin?")
            someone.deliver(mention)
            someone.deliver(someone.message(mention["text"], someone.channel, ts=mention["ts"]))
            quiet(RASAS_LOCK)
    assert len(agent.heard) == 2


def test_command_of_rasa_reaches_rasa(people: People, heard: Callable[[], list[str]]) -> None:
    people.deliver(people.message("/restart\x00"))
    assert heard() == ["/restart\x00"]


def test_press_carries_any_command_to_rasa(people: People, heard: Callable[[], list[str]]) -> None:
    message = {"ts": "1764000000.000001", "thread_ts": None, "text": "x", "channel": people.direct}
    people.press(message, {"type": "button", "action_id": "a", "value": "/restart"})
    assert heard() == ["/restart"]


def test_failure_is_silence(people: People, bundled: tuple[FakeAgent, People]) -> None:
    agent, _ = bundled

    async def crash(message: UserMessage) -> None:
        raise RuntimeError

    agent.script = crash
    try:
        people.deliver(people.message("hello"))
        quiet(RASAS_LOCK)
    finally:
        agent.script = listen
    assert people.api.messages == []


def sent_by_rasa(monkeypatch: pytest.MonkeyPatch, **message: Any) -> list[dict[str, Any]]:
    quick(monkeypatch)
    with SlackApi() as api:
        output = SlackBot(TOKEN, "C1")
        output.client = AsyncWebClient(TOKEN, base_url=api.api_url)
        asyncio.run(output.send_response("C1", message))
        return api.messages


def test_disclaimer_arrives_apart_from_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(sent_by_rasa(monkeypatch, text=f"Low B12 can do that.\n\n{DISCLAIMER}")) == 2


def test_more_than_five_buttons_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    offers = [{"title": f"q{number}", "payload": f"q{number}"} for number in range(6)]
    with pytest.warns(UserWarning, match="up to 5 buttons"):
        (message,) = sent_by_rasa(monkeypatch, text="Which one?", buttons=offers)
    assert not message["blocks"] or not buttons(message)


def test_long_text_with_a_button_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    from slack_sdk.errors import SlackApiError

    with pytest.raises(SlackApiError, match="invalid_blocks"):
        sent_by_rasa(monkeypatch, text="x" * 3001, buttons=[{"title": "q", "payload": "q"}])
