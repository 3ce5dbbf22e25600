"""Messages in Slack: where they are answered, each once, and what is not answered."""

from __future__ import annotations

import asyncio
import json

import pytest
from channel_server import slow_alarms, slow_look_ups
from rasa.core.channels.channel import UserMessage
from slack_api import BOT, shown
from slack_people import People, now
from slack_server import Bot, quiet
from web_scripts import reply
from web_server import echo, say

from addons.channels._first_contact import AUTOMATED
from addons.channels._slack_replies import FIRST_CONTACT
from healthqa.answer import DISCLAIMER


def test_direct_message_is_answered_in_the_timeline(bot: Bot, people: People) -> None:
    (message,) = people.say("can low B12 cause twitching?")
    assert shown(message) == "heard: can low B12 cause twitching?"
    assert (message["channel"], message["thread_ts"]) == (people.direct, None)
    assert bot.agent.heard[0].sender_id == f"slack:{people.direct}"
    assert bot.agent.heard[0].input_channel == "slack"


@pytest.mark.parametrize("reason", ["http_timeout", "http_error"])
def test_repeated_event_is_answered_once(bot: Bot, people: People, reason: str) -> None:
    event = people.message("what is myelin?")
    before = len(bot.api.messages)
    for number in range(4):
        retry = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason} if number else {}
        assert people.deliver(event, f"Ev{event['ts']}", headers=retry).status_code == 200
    people.next(before)
    quiet()
    assert bot.heard == ["what is myelin?"]
    assert len(bot.api.messages) == before + 1


def test_retry_of_an_event_that_never_arrived_is_answered(bot: Bot, people: People) -> None:
    retry = {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"}
    before = len(bot.api.messages)
    people.deliver(people.message("what is myelin?"), headers=retry)
    assert shown(people.next(before)[0]) == "heard: what is myelin?"


@pytest.mark.parametrize("kind", ["event", "press", "command"])
def test_acknowledged_before_it_is_answered(bot: Bot, people: People, kind: str) -> None:
    async def slowly(message: UserMessage) -> None:
        await asyncio.sleep(0.6)
        await echo(message)

    bot.agent.script = slowly
    before = len(bot.api.messages)
    if kind == "event":
        response = people.deliver(people.message("what is myelin?"))
    elif kind == "command":
        response = people.command("what is myelin?")
    else:
        offered = {"ts": now(), "thread_ts": None, "text": "x", "channel": people.direct}
        response = people.press(offered, {"type": "button", "action_id": "ask:0", "value": "what is myelin?"})
    assert (response.status_code, response.content) == (200, b"")
    assert response.elapsed.total_seconds() < 0.5
    assert len(bot.api.messages) == before
    people.next(before)


def test_messages_of_a_conversation_are_answered_in_order(
    bot: Bot, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when looking up one message, or looking for an alarm in it, takes longer than with the next one."""
    slow_alarms(monkeypatch, two=0.3, three=0.15)
    slow_look_ups(monkeypatch, bot.agent, 0.4, 0, 0.2)
    before = len(bot.api.messages)
    for word in ("one", "two", "three", "four"):
        people.deliver(people.message(word))
    sent = [shown(message) for message in people.next(before, 4)]
    assert sent == ["heard: one", "heard: two", "heard: three", "heard: four"]
    assert bot.heard == ["one", "two", "three", "four"]


@pytest.mark.parametrize(
    "change",
    [
        {"bot_id": "B1"},
        {"user": BOT},
        {"user": "USLACKBOT"},
        {"user": None},
        {"subtype": "bot_message"},
        {"subtype": "channel_join"},
        {"subtype": "message_deleted"},
        {"text": ""},
        {"type": "reaction_added"},
    ],
    ids=str,
)
def test_what_is_not_written_by_a_person_is_not_answered(bot: Bot, people: People, change: dict[str, object]) -> None:
    before = len(bot.api.messages)
    assert people.deliver({**people.message("hello"), **change}).status_code == 200
    quiet(0.3)
    assert (bot.heard, len(bot.api.messages)) == ([], before)


def changed(people: People, before: dict[str, object], **fields: object) -> dict[str, object]:
    message = {**before, "edited": {"user": people.user, "ts": "1764000500.000000"}, **fields}
    outer = people.message("", str(before["channel"]), subtype="message_changed", hidden=True)
    return {**outer, "user": None, "message": message, "previous_message": before}


def test_changed_words_are_answered_anew(bot: Bot, people: People) -> None:
    event = people.message("whta is myelin?")
    people.ask(event)
    (again,) = people.ask(changed(people, event, text="what is myelin?"))
    assert shown(again) == "heard: what is myelin?"


def test_preview_of_a_link_is_no_new_message(bot: Bot, people: People) -> None:
    event = people.message("<https://example.org> ok?")
    people.ask(event)
    people.deliver(changed(people, event, attachments=[{"id": 1}]))
    people.deliver(changed(people, {**event, "bot_id": "B1", "user": BOT}, text="other"))
    quiet(0.3)
    assert len(bot.heard) == 1


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("is B12 &lt; 150 &amp; twitching bad?", "is B12 < 150 & twitching bad?"),
        ("typed &amp;lt;", "typed &lt;"),
        ("mail <mailto:a@example.org|a@example.org> me", "mail a@example.org me"),
        ("see <https://example.org/x?a=1&amp;b=2|this page>", "see this page"),
        ("see <https://example.org/x?a=1&amp;b=2>", "see https://example.org/x?a=1&b=2"),
        ("<@U123456> has cramps", "someone has cramps"),
        ("<@U123456|ann> in <#C1|general> <!here>", "@ann in #general @here"),
        (f"<@{BOT}> hello", "hello"),
        ("null\x00 and \u202e bidi", "null and  bidi"),
        ("/restart", "restart"),
        ('/ask_dose{"x": "y"}', 'ask_dose{"x": "y"}'),
    ],
)
def test_words_arrive_as_they_were_typed(bot: Bot, people: People, sent: str, read: str) -> None:
    people.say(sent)
    assert bot.heard == [read]


def test_json_with_a_charset_is_read(bot: Bot, people: People) -> None:
    before = len(bot.api.messages)
    people.deliver(people.message("Schönen Tag"), kind="application/json; charset=utf-8")
    assert shown(people.next(before)[0]) == "heard: Schönen Tag"


def test_picture_without_words_is_refused_and_with_words_the_words_count(bot: Bot, people: People) -> None:
    (refused,) = people.say("", subtype="file_share", files=[{"id": "F1"}])
    assert "text only" in shown(refused) and shown(refused).endswith(DISCLAIMER)
    (answered,) = people.say("is this a cramp?", subtype="file_share", files=[{"id": "F1"}])
    assert shown(answered).startswith("I cannot see pictures")
    assert bot.heard == ["is this a cramp?"]


def test_first_contact_is_told_once_in_a_conversation(bot: Bot) -> None:
    someone = bot.newcomer()
    first, second = someone.say("hello") + someone.say("hello again")
    assert shown(first).splitlines() == [AUTOMATED, FIRST_CONTACT, "heard: hello"]
    assert shown(second) == "heard: hello again"
    (elsewhere,) = someone.ask(someone.mention("hello"))
    assert FIRST_CONTACT in shown(elsewhere)


def test_notice_of_the_assistant_is_not_said_twice(bot: Bot) -> None:
    async def with_notice(message: UserMessage) -> None:
        await say(message, "This is an automated assistant, not a doctor.\nHello!", metadata={"kind": "smalltalk"})

    bot.agent.script = with_notice
    (first,) = bot.newcomer().say("hello")
    assert shown(first).splitlines()[0] == FIRST_CONTACT
    assert shown(first).count("automated") == 1


def test_first_contact_is_told_again_after_the_conversation_was_deleted(bot: Bot, people: People) -> None:
    people.say("one more")
    asyncio.run(bot.agent.store.forget(f"slack:{people.direct}"))
    (message,) = people.say("hello")
    assert FIRST_CONTACT in shown(message)


def test_several_messages_of_one_turn_arrive_in_order(bot: Bot, people: People) -> None:
    async def twice(message: UserMessage) -> None:
        await reply(message)
        await say(message, "And more.", metadata={"kind": "smalltalk"})

    bot.agent.script = twice
    first, second = people.ask(people.message("cramps?"), count=2)
    assert shown(first).endswith(DISCLAIMER) and shown(second) == "And more."


def test_message_id_and_no_person_are_stored(bot: Bot, people: People) -> None:
    event = people.message("hello")
    people.ask(event)
    tracker = asyncio.run(bot.agent.store.conversation(f"slack:{people.direct}"))
    stored = json.dumps([item.as_dict() for item in tracker.events])
    assert event["ts"] in stored
    assert people.user not in stored
