"""When something behind the channel or before it fails: one sentence, and an alarm all the same."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest
from channel_server import slow_look_ups
from slack_api import Refused, shown
from slack_people import People
from slack_server import Bot, SlackServer, quick, quiet
from web_scripts import crash, hang, nothing, reply
from web_server import FakeAgent, answer, echo, say

from addons.channels import _slack_replies as replies
from addons.channels._first_contact import AUTOMATED
from addons.channels._sentences import BUSY, TOO_LONG, TOO_MANY
from addons.channels._slack_replies import FIRST_CONTACT
from healthqa.answer import DISCLAIMER

EMERGENCY = "I have crushing chest pain and cannot breathe, is it low B12?"
CRISIS = "I want to kill myself"
SCRIPTS = pytest.mark.parametrize(
    "script", [nothing, crash, hang, reply], ids=["no message", "crash", "slow", "passage"]
)


@pytest.mark.parametrize("script", [nothing, crash, hang], ids=["no message", "exception", "slow"])
def test_failure_gives_one_sentence_with_the_disclaimer(
    bot: Bot, people: People, script: object, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bot.agent.script = script
    begin = time.monotonic()
    (message,) = people.say("my secret worry about cramps")
    assert time.monotonic() - begin < 4
    assert "try again" in shown(message) and shown(message).endswith(DISCLAIMER)
    assert "secret worry" not in caplog.text
    bot.agent.script = reply
    (again,) = people.say("my secret worry about cramps")
    assert shown(again).startswith("Low vitamin B12")


@SCRIPTS
def test_alarm_in_a_direct_message(bot: Bot, people: People, script: object) -> None:
    bot.agent.script = script
    (message,) = people.say(EMERGENCY)
    quiet(0.2)
    assert (message["channel"], message["user"]) == (people.direct, "")
    assert "emergency" in shown(message).splitlines()[0].lower()
    assert message["blocks"][0]["text"]["text"].startswith("*")
    assert shown(message).endswith(DISCLAIMER) and message["text"].endswith(DISCLAIMER)


@SCRIPTS
@pytest.mark.parametrize("words", [EMERGENCY, CRISIS], ids=["emergency", "crisis"])
def test_alarm_in_a_channel_is_for_the_writer_alone(bot: Bot, people: People, words: str, script: object) -> None:
    bot.agent.script = script
    before = len(bot.api.messages)
    (message,) = people.ask(people.mention(words))
    quiet(0.2)
    assert len(bot.api.messages) == before + 1
    assert (message["channel"], message["user"]) == (people.channel, people.user)
    # Nobody has replied yet: in the thread it would be shown to nobody.
    assert message["thread_ts"] is None and message["seen"]


def test_alarm_in_a_thread_is_shown_in_the_thread(bot: Bot, people: People) -> None:
    event = people.mention("what is myelin?")
    people.ask(event)
    (message,) = people.ask(people.message(CRISIS, people.channel, thread_ts=event["ts"]))
    assert (message["user"], message["thread_ts"], message["seen"]) == (people.user, event["ts"], True)


def test_alarm_that_cannot_be_shown_there_comes_as_a_direct_message(bot: Bot, people: People) -> None:
    people.user = f"U{people.direct}blocked"
    before = len(bot.api.messages)
    people.deliver(people.mention(CRISIS))
    (message,) = people.next(before)
    assert (message["channel"], message["user"]) == (people.user, "")


def test_alarm_whose_blocks_are_refused_comes_as_text(bot: Bot, people: People) -> None:
    bot.api.planned["chat.postEphemeral"] = [Refused("invalid_blocks")]
    (message,) = people.ask(people.mention(CRISIS))
    assert message["blocks"] is None and message["user"] == people.user
    assert message["text"].endswith(DISCLAIMER)


def test_alarm_of_a_command_is_private(bot: Bot, people: People) -> None:
    before = len(bot.api.messages)
    people.command(CRISIS)
    assert people.next(before)[0]["user"] == people.user


def test_alarm_of_the_assistant_itself_is_private_too(bot: Bot, people: People) -> None:
    async def alarm(message: object) -> None:
        await say(message, f"Call 999 now.\n{DISCLAIMER}", answer=answer("emergency"))

    bot.agent.script = alarm
    (message,) = people.ask(people.mention("some words"))
    assert message["user"] == people.user
    assert shown(message).splitlines() == ["*Call 999 now.*", AUTOMATED, FIRST_CONTACT, DISCLAIMER]


def test_alarm_overtakes_what_waits_for_slack(bot: Bot, people: People) -> None:
    bot.api.planned["chat.postMessage"] = [0.9]
    before = len(bot.api.messages)
    people.deliver(people.message("hello"))
    quiet(0.2)
    people.deliver(people.message(EMERGENCY))
    assert "emergency" in shown(people.next(before)[0]).lower()
    people.next(before, 2)


def test_alarm_waits_for_no_earlier_message(bot: Bot, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    slow_look_ups(monkeypatch, bot.agent, 0.9)
    before = len(bot.api.messages)
    people.deliver(people.message("hello"))
    begin = time.monotonic()
    (message,) = people.say(EMERGENCY)
    assert "emergency" in shown(message).lower()
    assert time.monotonic() - begin < 0.7
    people.next(before, 2)


def test_alarm_without_an_agent(bot: Bot, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("addons.channels.slack._Service._agent", lambda _self: None)
    bot.agent.script = crash
    (message,) = people.say(EMERGENCY)
    assert "emergency" in shown(message).lower()


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, served: SlackServer) -> object:
    folder = tmp_path_factory.mktemp("strict")
    with pytest.MonkeyPatch.context() as patch:
        quick(patch)
        with SlackServer(
            FakeAgent(), served.api, folder, conversation_limit="3/minute", user_limit="5/minute"
        ) as server:
            yield server


@pytest.fixture
def hurried(strict: SlackServer, bot: Bot) -> People:
    """Somebody who writes to the channel with low limits."""
    strict.agent.script = echo
    return strict.person()


def test_too_many_messages_are_told_once_and_then_passed_over(hurried: People) -> None:
    for number in range(3):
        hurried.say(f"question {number}")
    (hint,) = hurried.say("one more")
    assert shown(hint) == f"{TOO_MANY}\n{DISCLAIMER}"
    before = len(hurried.api.messages)
    hurried.deliver(hurried.message("and more"))
    quiet()
    assert len(hurried.api.messages) == before


def test_new_threads_do_not_lift_the_limit_of_a_person(hurried: People) -> None:
    for _ in range(5):
        hurried.ask(hurried.mention("hello"))
    (hint,) = hurried.ask(hurried.mention("hello"))
    assert TOO_MANY in shown(hint)


def test_alarm_passes_every_limit(hurried: People) -> None:
    for number in range(4):
        hurried.say(f"question {number}")
    for _ in range(3):
        (message,) = hurried.say(EMERGENCY)
        assert "emergency" in shown(message).lower()


def test_too_long_a_message_is_told_so_and_still_searched_for_alarms(bot: Bot, people: People) -> None:
    (message,) = people.say("cramps " * 400)
    assert shown(message) == f"{TOO_LONG}\n{DISCLAIMER}"
    (message,) = people.say("cramps " * 400 + EMERGENCY)
    assert "emergency" in shown(message).lower()


def test_too_many_waiting_messages_are_told_so(bot: Bot, people: People) -> None:
    async def slowly(message: object) -> None:
        await asyncio.sleep(0.15)
        await echo(message)  # type: ignore[arg-type]

    bot.agent.script = slowly
    before = len(bot.api.messages)
    for number in range(6):
        people.deliver(people.message(f"question {number}"))
    people.next(before, 5)
    quiet(0.3)
    texts = [shown(message) for message in bot.api.messages[before:]]
    assert texts.count(f"{BUSY}\n{DISCLAIMER}") == 1
    assert len([text for text in texts if text.startswith("heard:")]) == 4


def test_mistake_in_the_channel_itself_gives_a_sentence(
    bot: Bot, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("secret words")

    monkeypatch.setattr(replies.Replies, "_refusal", broken)
    (message,) = people.say("hello")
    assert "try again" in shown(message) and shown(message).endswith(DISCLAIMER)


def test_alarm_is_shown_after_a_mistake_in_the_channel_itself(
    bot: Bot, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("secret words")

    monkeypatch.setattr(replies.Replies, "_refusal", broken)
    (message,) = people.ask(people.mention(CRISIS))
    assert message["user"] == people.user
    assert "not alone" in shown(message).lower() or "crisis" in shown(message).lower()
