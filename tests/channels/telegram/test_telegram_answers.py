"""What a reader sees in Telegram: whole answers, links, buttons, commands, and what it says at first."""

from __future__ import annotations

import asyncio

import pytest
from rasa.core.channels.channel import UserMessage
from telegram_people import People, units
from telegram_server import Bot
from web_scripts import crash, reply
from web_server import ANSWER_TEXT, URL, answer, answer_text, say

from addons.channels._first_contact import AUTOMATED
from addons.channels._sentences import WORDS_ONLY
from addons.channels._telegram_replies import FIRST_CONTACT
from healthqa.answer import DISCLAIMER


def test_answer_is_one_message_with_linked_source_and_disclaimer(bot: Bot, people: People) -> None:
    bot.agent.script = reply
    (sent,) = people.replies(people.message("does low b12 make muscles twitch"))
    place = "Source: Twitching › Causes"
    assert sent["text"] == f"{ANSWER_TEXT}\n{place}\nNo clinician has reviewed this article yet.\n{DISCLAIMER}"
    assert sent["links"] == [URL]


def test_source_that_no_phone_can_open_is_shown_as_text(bot: Bot, people: People) -> None:
    async def local(message: UserMessage) -> None:
        await say(message, answer_text(url="http://127.0.0.1:5005/a#b"), answer=answer())

    bot.agent.script = local
    sent = people.say("twitching")
    assert "http://127.0.0.1:5005/a#b" in sent["text"]
    assert sent["links"] == []


@pytest.mark.parametrize("text", ["<b>bold</b> & <a href='https://x.example'>x</a>", "2 < 3 & 4 > 1", "&lt;i&gt;", "<"])
def test_markup_is_shown_as_it_was_written(people: People, text: str) -> None:
    sent = people.say(text)
    assert sent["text"] == f"heard: {text}"
    assert sent["links"] == []


def test_blank_line_does_not_split_a_message(bot: Bot, people: People) -> None:
    async def paragraphs(message: UserMessage) -> None:
        await say(message, f"One.\n\nTwo.\n\n{DISCLAIMER}", answer=answer("refuse"))

    bot.agent.script = paragraphs
    assert people.say("x")["text"] == f"One.\nTwo.\n{DISCLAIMER}"


def test_long_answer_is_cut_at_sentence_ends(bot: Bot, people: People) -> None:
    sentences = [f"Muscles 💪 twitch, e.g. at night, for reason number {number}." for number in range(200)]

    async def long(message: UserMessage) -> None:
        await say(message, answer_text(" ".join(sentences)), answer=answer())

    bot.agent.script = long
    first, *middle, last = people.replies(people.message("all of it"), count=4)
    note, shown = first["text"].split("\n", 1)
    assert note.startswith("Part 1 of 4.")
    assert "not medical advice" in note
    for part in (first, *middle, last):
        assert units(part["text"]) <= 4096
    assert all(part["text"].endswith(".") and DISCLAIMER not in part["text"] for part in (first, *middle))
    body, *tail = last["text"].split("\n")
    assert tail == ["Source: Twitching › Causes", "No clinician has reviewed this article yet.", DISCLAIMER]
    assert " ".join([shown, *(part["text"] for part in middle), body]) == " ".join(sentences)


@pytest.mark.parametrize("word", ["x" * 9000, "😀" * 5000, "a😀" * 4000], ids=["letters", "pairs", "odd places"])
def test_text_without_any_gap_is_cut_too(bot: Bot, people: People, word: str) -> None:
    async def endless(message: UserMessage) -> None:
        await say(message, f"{word}\n{DISCLAIMER}", answer=answer("refuse"))

    bot.agent.script = endless
    first = len(people.seen())
    people.deliver(people.message("x"))
    bot.api.wait(lambda: DISCLAIMER in people.seen()[-1]["text"])
    parts = [part["text"] for part in people.seen()[first:]]
    assert max(map(units, parts)) <= 4096
    assert "".join(parts).split("\n", 1)[1] == f"{word}\n{DISCLAIMER}"


@pytest.mark.parametrize("text", ["/restart", "/greet", '/inform{"topic": "x"}', "/session_start", " /x", "/b12 dose?"])
def test_other_slashes_are_plain_text(bot: Bot, people: People, text: str) -> None:
    people.say(text)
    assert bot.agent.heard[-1].text == text.strip().lstrip("/")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/start", "hello"),
        ("/start page12", "hello"),
        ("/START", "hello"),
        ("/help", "help"),
        ("/help@AskB12Bot", "help"),
        ("/forget@askb12bot", "forget me"),
        ("/help I am dizzy and pale", "help I am dizzy and pale"),
    ],
)
def test_command_becomes_the_words_that_the_assistant_knows(bot: Bot, people: People, command: str, words: str) -> None:
    people.say(command)
    assert bot.agent.heard[-1].text == words


def test_first_reply_says_once_where_messages_go(bot: Bot) -> None:
    someone = People(bot.api)
    assert someone.say("hello")["text"] == f"{AUTOMATED}\n{FIRST_CONTACT}\nheard: hello"
    assert FIRST_CONTACT not in someone.say("again")["text"]


def test_first_contact_is_told_after_an_alarm_and_not_before(bot: Bot) -> None:
    lines = People(bot.api).say("I have crushing chest pain and cannot breathe")["text"].splitlines()
    assert "emergency" in lines[0].lower()
    assert lines[-3:] == [AUTOMATED, FIRST_CONTACT, DISCLAIMER]


def test_notice_of_the_assistant_is_not_said_twice(bot: Bot) -> None:
    async def with_notice(message: UserMessage) -> None:
        await say(message, "This is an automated assistant, not a doctor.\nHello!", metadata={"kind": "smalltalk"})

    bot.agent.script = with_notice
    text = People(bot.api).say("hello")["text"]
    assert text.startswith(FIRST_CONTACT)
    assert text.count("automated") == 1


@pytest.mark.parametrize("text", ["x" * 2001, None], ids=["too long", "picture"])
def test_first_reply_says_that_it_is_automated_also_in_a_refusal(bot: Bot, text: str | None) -> None:
    someone = People(bot.api)
    fields = {} if text else {"photo": [{"file_id": "x"}]}
    sent = someone.replies(someone.message(text, **fields))[0]["text"]
    assert sent.count("automated assistant") == 1
    assert FIRST_CONTACT in sent


def test_first_contact_is_told_once_though_nothing_is_stored(bot: Bot) -> None:
    someone = People(bot.api)
    bot.agent.script = crash
    assert FIRST_CONTACT in someone.say("one")["text"]
    assert FIRST_CONTACT not in someone.say("two")["text"]


def test_deleted_conversation_begins_anew(bot: Bot, people: People) -> None:
    people.say("something to keep")
    asyncio.run(bot.agent.store.forget(f"telegram:{people.chat['id']}"))
    assert FIRST_CONTACT in people.say("again")["text"]


def test_typing_is_shown_while_the_answer_is_looked_for(bot: Bot, people: People) -> None:
    async def slow(message: UserMessage) -> None:
        await asyncio.sleep(0.3)
        await reply(message)

    bot.agent.script = slow
    before = len(bot.api.calls)
    people.say("twitching")
    methods = [name for name, _, _ in bot.api.calls[before:]]
    assert methods.index("sendChatAction") < methods.index("sendMessage")


@pytest.mark.parametrize("kind", ["photo", "voice", "sticker", "location", "document", "poll"])
def test_what_cannot_be_read_gets_a_sentence(bot: Bot, kind: str) -> None:
    someone = People(bot.api)
    sent = someone.replies(someone.message(**{kind: {"file_id": "x"}}))[0]
    assert "text only" in sent["text"]
    assert sent["text"].endswith(DISCLAIMER)
    assert not bot.agent.heard


def test_caption_is_read_and_the_picture_is_not(bot: Bot, people: People) -> None:
    sent = people.replies(people.message(photo=[{"file_id": "x"}], caption="is this a twitch?"))[0]
    assert sent["text"] == f"{WORDS_ONLY}\nheard: is this a twitch?"


def test_edited_message_is_answered_as_a_new_one(bot: Bot, people: People) -> None:
    first = people.message("does b21 help")
    people.replies(first)
    edited = people.edit(first, text="does b12 help")
    sent = people.replies(edited)[0]
    assert sent["text"] == "heard: does b12 help"
    assert sent["reply_to"] == first["message"]["message_id"]


def test_what_a_reader_types_has_no_hidden_characters(bot: Bot, people: People) -> None:
    people.say("low\u202e b12\x00\u200b and\ncramps")
    assert bot.agent.heard[-1].text == "low b12 and cramps"


def test_too_long_a_message_is_not_handed_on(bot: Bot, people: People) -> None:
    sent = people.say("word " * 500)
    assert "2,000 characters" in sent["text"]
    assert sent["text"].endswith(DISCLAIMER)
    assert not bot.agent.heard
