"""Threads and mentions in Slack: a conversation each, begun by a mention, ended by deletion."""

from __future__ import annotations

import asyncio

import pytest
from slack_api import shown
from slack_people import People
from slack_server import Bot, quiet
from web_scripts import crash
from web_server import echo

from addons.reader_data import StoreUnavailable


def test_thread_of_a_direct_message_is_a_conversation_of_its_own(bot: Bot, people: People) -> None:
    (message,) = people.say("why?", thread_ts="1763999999.000001")
    assert message["thread_ts"] == "1763999999.000001"
    assert bot.agent.heard[0].sender_id == f"slack:{people.direct}:1763999999.000001"


def test_mention_is_answered_in_its_thread_and_the_thread_goes_on(bot: Bot, people: People) -> None:
    event = people.mention("what is myelin?")
    (first,) = people.ask(event)
    assert first["thread_ts"] == event["ts"]
    (second,) = people.ask(people.message("and why?", people.channel, thread_ts=event["ts"]))
    assert second["thread_ts"] == event["ts"]
    assert bot.heard == ["what is myelin?", "and why?"]
    assert {message.sender_id for message in bot.agent.heard} == {f"slack:{people.channel}:{event['ts']}"}


def test_thread_is_left_alone_after_its_conversation_was_deleted(bot: Bot, people: People) -> None:
    event = people.mention("what is myelin?")
    people.ask(event)
    people.ask(people.message("go on", people.channel, thread_ts=event["ts"]))
    asyncio.run(bot.agent.store.forget(f"slack:{people.channel}:{event['ts']}"))
    people.deliver(people.message("and why?", people.channel, thread_ts=event["ts"]))
    quiet()
    assert bot.heard == ["what is myelin?", "go on"]
    people.ask(people.mention("hello again", thread_ts=event["ts"]))
    people.ask(people.message("really?", people.channel, thread_ts=event["ts"]))
    assert bot.heard[2:] == ["hello again", "really?"]


def test_thread_goes_on_while_the_store_cannot_be_read(
    bot: Bot, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = people.mention("what is myelin?")
    people.ask(event)

    async def broken(*_: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(bot.agent.store, "summary", broken)
    (second,) = people.ask(people.message("and why?", people.channel, thread_ts=event["ts"]))
    assert shown(second).endswith("heard: and why?")


def test_thread_goes_on_after_a_turn_that_failed(bot: Bot, people: People) -> None:
    bot.agent.script = crash
    event = people.mention("what is myelin?")
    people.ask(event)
    bot.agent.script = echo
    (second,) = people.ask(people.message("and now?", people.channel, thread_ts=event["ts"]))
    assert shown(second) == "heard: and now?"


def test_thread_goes_on_after_a_restart(bot: Bot, people: People) -> None:
    """What the memory of a new process does not hold stands in the store."""
    event = people.mention("what is myelin?")
    people.ask(event)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("addons.channels._remembered.Remembered.__contains__", lambda *_: False)
        (second,) = people.ask(people.message("and why?", people.channel, thread_ts=event["ts"]))
    assert shown(second) == "heard: and why?"


@pytest.mark.parametrize("mention_first", [True, False], ids=["mention first", "message first"])
def test_mention_that_arrives_as_two_events_is_answered_once(bot: Bot, people: People, mention_first: bool) -> None:
    mention = people.mention("what is myelin?")
    message = people.message(mention["text"], people.channel, ts=mention["ts"])
    before = len(bot.api.messages)
    for event in (mention, message) if mention_first else (message, mention):
        assert people.deliver(event).status_code == 200
    people.next(before)
    quiet()
    assert bot.heard == ["what is myelin?"]
    assert len(bot.api.messages) == before + 1


def test_people_among_themselves_are_left_alone(bot: Bot, people: People) -> None:
    event = people.mention("what is myelin?")
    people.ask(event)
    bot.agent.heard.clear()
    for other in (
        people.message("lunch?", people.channel),
        people.message("I think so", people.channel, thread_ts="1763000000.000001"),
        people.message("<@U777> what do you think?", people.channel, thread_ts=event["ts"]),
    ):
        people.deliver(other)
    quiet()
    assert bot.heard == []


def test_mention_alone_asks_for_help(bot: Bot, people: People) -> None:
    people.ask(people.mention(""))
    assert bot.heard == ["help"]
