"""Updates as Telegram sends them: acknowledged at once, each once, in any order, with any nonsense, in groups."""

from __future__ import annotations

import asyncio
import time

import pytest
from channel_server import slow_alarms, slow_look_ups
from rasa.core.channels.channel import UserMessage
from telegram_api import BOT
from telegram_people import People, entities
from telegram_server import Bot
from web_server import echo, say

STRANGE = [
    {"channel_post": {"message_id": 1, "date": 1, "chat": {"id": -1, "type": "channel"}, "text": "news"}},
    {"edited_channel_post": {"message_id": 1, "date": 1, "chat": {"id": -1, "type": "channel"}, "text": "news"}},
    {"my_chat_member": {"chat": {"id": 5, "type": "private"}, "date": 1, "new_chat_member": {"status": "kicked"}}},
    {"inline_query": {"id": "1", "query": "b12", "offset": ""}},
    {"poll": {"id": "1"}},
    {"message": {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "new_chat_title": "x"}},
    {"edited_message": {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "location": {"latitude": 1}}},
    {"message": None},
    {"message": "hello"},
    {"message": {"chat": 5, "text": "x"}},
    {"message": {"message_id": 1, "chat": {"id": "x", "type": "private"}, "text": "x"}},
    {"message": {"message_id": 1, "chat": {"id": 5, "type": "private"}, "text": ["x"], "entities": "none"}},
    {
        "message": {
            "message_id": 1,
            "chat": {"id": 5, "type": "private"},
            "text": "x",
            "entities": [{"type": "mention"}],
        }
    },
    {"callback_query": {"id": "1", "data": "x"}},
    {"callback_query": {"id": "1", "inline_message_id": "1", "data": "x"}},
    {"callback_query": {"id": "1", "message": {"chat": {"id": 5, "type": "private"}, "message_id": 1, "date": 0}}},
    {"something_new": {"a": 1}},
]


@pytest.mark.parametrize("update", STRANGE, ids=lambda update: f"{list(update)[0]}")
def test_update_that_says_nothing_is_acknowledged(people: People, update: dict[str, object]) -> None:
    people.silence({"update_id": time.monotonic_ns(), **update})


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{}", b"hello", b'{"update_id": "x"}', b"\xff\xfe", b"[" * 99_999, b'"x"', b"1e999"]
)
def test_body_that_is_no_update_is_acknowledged(bot: Bot, body: bytes) -> None:
    assert bot.api.deliver(None, data=body).status_code == 200


def test_body_of_any_size_is_not_taken(bot: Bot, people: People) -> None:
    update = people.message("x" * 300_000)
    assert bot.api.deliver(update).status_code == 200
    people.silence()


@pytest.mark.parametrize("given", [None, "", "wrong", "\u00e4"])
def test_forged_update_is_refused(bot: Bot, people: People, given: str | None) -> None:
    headers = {} if given is None else {"X-Telegram-Bot-Api-Secret-Token": given.encode()}
    response = bot.api.deliver(people.message("let me in"), headers=headers)
    assert response.status_code == 403
    people.silence()


@pytest.mark.parametrize("path", ["set_webhook", "webhook", ""])
def test_nothing_else_is_served(bot: Bot, path: str) -> None:
    import requests

    calls = len(bot.api.made("setWebhook"))
    address = bot.api.webhook["url"].removesuffix("webhook") + path
    assert requests.get(address, timeout=10).status_code in (404, 405)
    assert len(bot.api.made("setWebhook")) == calls


def test_update_is_acknowledged_before_it_is_answered(bot: Bot, people: People) -> None:
    async def slow(message: UserMessage) -> None:
        await asyncio.sleep(0.8)
        await echo(message)

    bot.agent.script = slow
    update = people.message("take your time")
    begin = time.monotonic()
    people.deliver(update)
    assert time.monotonic() - begin < 0.5
    people.deliver(update)
    bot.api.wait(lambda: people.seen()[-1]["text"] == "heard: take your time")
    assert [message.text for message in bot.agent.heard] == ["take your time"]


def test_update_is_answered_once_however_often_it_comes(bot: Bot, people: People) -> None:
    update = people.message("once")
    people.replies(update)
    people.silence(update, update)
    assert [message.text for message in bot.agent.heard].count("once") == 1


def test_updates_out_of_order_are_all_answered(bot: Bot, people: People) -> None:
    updates = [people.message(f"number {number}") for number in range(3)]
    for update in (updates[2], updates[0], updates[2], updates[1]):
        people.replies(update, count=0)
    bot.api.wait(lambda: len(people.seen()) == 4)
    assert sorted(message["text"] for message in people.seen()[1:]) == [
        f"heard: number {number}" for number in range(3)
    ]


def test_answers_come_in_the_order_of_the_questions(bot: Bot, people: People) -> None:
    async def first_is_slow(message: UserMessage) -> None:
        await asyncio.sleep(0.4 if message.text == "first" else 0)
        await echo(message)

    bot.agent.script = first_is_slow
    updates = [people.message("first"), people.message("second")]
    for update in updates:
        people.deliver(update)
    bot.api.wait(lambda: len(people.seen()) == 3)
    first, second = people.seen()[1:]
    assert (first["text"], second["text"]) == ("heard: first", "heard: second")
    # What is answered is not plain where a question has come in between.
    assert first["reply_to"] == updates[0]["message"]["message_id"]


def test_answers_keep_their_order_when_looking_for_an_alarm_takes_longer_with_the_first(
    bot: Bot, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_alarms(monkeypatch, one=0.4, two=0.2)
    slow_look_ups(monkeypatch, bot.agent, 0.4, 0, 0.2)
    for word in ("one", "two", "three"):
        people.deliver(people.message(word))
    bot.api.wait(lambda: len(people.seen()) == 4)
    assert [message["text"] for message in people.seen()[1:]] == ["heard: one", "heard: two", "heard: three"]
    assert [message.text for message in bot.agent.heard] == ["one", "two", "three"]


def test_group_is_answered_only_when_the_bot_is_meant(bot: Bot, people: People) -> None:
    to_bot = {"message_id": 9, "date": 1, "chat": people.group, "from": BOT, "text": "hi"}
    meant = {
        "@AskB12Bot does it hurt?": {},
        "does it hurt, @askb12bot": {},
        "🤕🤕 @AskB12Bot ow": {},
        "and why?": {"reply_to_message": to_bot},
        "/help": {},
        "/help@AskB12Bot": {},
    }
    heard = ["does it hurt?", "does it hurt,", "🤕🤕  ow", "and why?", "help", "help"]
    for text, fields in meant.items():
        update = people.message(text, group=True, **fields)
        (sent,) = people.replies(update)
        assert sent["reply_to"] == update["message"]["message_id"]
        assert sent["chat"] == people.group["id"]
    assert [message.text for message in bot.agent.heard] == heard
    assert {message.sender_id for message in bot.agent.heard} == {f"telegram:{people.group['id']}"}


def test_group_talk_among_people_is_left_alone(people: People) -> None:
    other = {"message_id": 9, "date": 1, "chat": people.group, "from": {"id": 1, "is_bot": False}}
    topic = {**other, "from": BOT, "forum_topic_created": {"name": "x", "icon_color": 1}}
    people.silence(
        people.message("does it hurt?", group=True),
        people.message("@AskB12BotFan does it hurt?", group=True),
        people.message("write to me@AskB12Bot.example", group=True),
        people.message("/help@OtherBot", group=True),
        people.message("/restart", group=True),
        people.message("I agree", group=True, reply_to_message=other),
        people.message("first", group=True, reply_to_message=topic),
        people.message(group=True, photo=[{"file_id": "x"}]),
        people.message(group=True, new_chat_members=[BOT]),
        people.message("@AskB12Bot hi", group=True, **{"from": {"id": 77, "is_bot": True, "first_name": "Other"}}),
    )


def test_person_without_a_username_is_named_by_number(bot: Bot, people: People) -> None:
    entity = {"type": "text_mention", "offset": 0, "length": 3, "user": BOT}
    people.replies(people.message("B12 does it hurt?", group=True, entities=[entity]))
    assert bot.agent.heard[-1].text == "does it hurt?"


def test_hidden_administrator_is_a_person(bot: Bot, people: People) -> None:
    hidden = {"from": {"id": 1087968824, "is_bot": True, "first_name": "Group"}, "sender_chat": people.group}
    people.replies(people.message("@AskB12Bot hi", group=True, **hidden))
    assert bot.agent.heard[-1].text == "hi"


def test_topic_of_a_group_is_a_conversation_of_its_own(bot: Bot, people: People) -> None:
    sent = people.replies(people.message("/help", group=True, is_topic_message=True, message_thread_id=17))[0]
    assert sent["topic"] == "17"
    assert bot.agent.heard[-1].sender_id == f"telegram:{people.group['id']}:17"
    # Outside topics the number is that of a chain of replies.
    people.say("/help", group=True, message_thread_id=17)
    assert bot.agent.heard[-1].sender_id == f"telegram:{people.group['id']}"


def test_button_in_a_group_needs_no_mention(bot: Bot, people: People) -> None:
    async def store(message: UserMessage) -> None:
        await say(message, "Sure?", buttons=[{"title": "Yes", "payload": "Yes"}])

    bot.agent.script = store
    sent = people.say("/forget", group=True)
    bot.agent.script = echo
    pressed = people.press(sent, 0)
    pressed["callback_query"]["message"]["chat"] = people.group
    people.replies(pressed)
    assert bot.agent.heard[-1].text == "Yes"


def test_button_of_a_message_that_telegram_no_longer_shows(bot: Bot, people: People) -> None:
    old = {"chat": people.chat, "message_id": 3, "date": 0}
    update = {"update_id": time.monotonic_ns(), "callback_query": {"id": "q", "data": f"button:{'0' * 20}"}}
    update["callback_query"]["message"] = old
    assert "heard" not in people.replies(update)[0]["text"]


def test_entities_of_the_tests_are_counted_as_telegram_does() -> None:
    assert entities("🤕 @AskB12Bot") == [{"type": "mention", "offset": 3, "length": 10}]
