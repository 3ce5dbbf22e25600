"""Buttons in Telegram: ids, presses that are answered once, keyboards that go away, commands of Rasa."""

from __future__ import annotations

import asyncio
import time

import pytest
from rasa.core.channels.channel import UserMessage
from telegram_api import Refused, flood
from telegram_people import People
from telegram_server import Bot
from web_scripts import crash, reply
from web_server import ANSWER_TEXT, answer, answer_text, say

from addons.channels._telegram_replies import Replies
from healthqa.answer import DISCLAIMER

QUESTIONS = ["How is a B12 deficiency diagnosed, and which tests & examinations are there for me?", "Why?"]


async def offer(message: UserMessage) -> None:
    buttons = [{"title": question, "payload": question} for question in QUESTIONS]
    await say(message, answer_text(), answer=answer(), buttons=buttons)


def test_buttons_stand_one_in_a_row_and_vanish_after_use(bot: Bot, people: People) -> None:
    bot.agent.script = offer
    sent = people.say("twitching")
    rows = sent["markup"]["inline_keyboard"]
    assert [[key["text"] for key in row] for row in rows] == [[question] for question in QUESTIONS]
    bot.agent.script = reply
    pressed = people.press(sent, 0)
    (replied,) = people.replies(pressed)
    assert bot.agent.heard[-1].text == QUESTIONS[0]
    assert replied["text"].startswith(f"▸ {QUESTIONS[0]}\n{ANSWER_TEXT}")
    bot.api.wait(lambda: sent["markup"] == {})
    assert pressed["callback_query"]["id"] not in bot.api.queries


def test_press_is_answered_before_the_turn(bot: Bot, people: People) -> None:
    bot.agent.script = offer
    sent = people.say("twitching")

    async def slow(message: UserMessage) -> None:
        await asyncio.sleep(0.5)
        await reply(message)

    bot.agent.script = slow
    people.deliver(people.press(sent, 1))
    bot.api.wait(lambda: not bot.api.queries, 0.4)


def test_second_press_on_one_keyboard_is_no_second_turn(bot: Bot, people: People) -> None:
    bot.agent.script = offer
    sent = people.say("twitching")
    bot.agent.script = reply
    first, second = people.press(sent, 0), people.press(sent, 0)
    people.deliver(first)
    people.deliver(second)
    bot.api.wait(lambda: not bot.api.queries and sent["markup"] == {})
    assert [message.text for message in bot.agent.heard].count(QUESTIONS[0]) == 1


def test_keyboard_stays_when_the_turn_failed(bot: Bot, people: People) -> None:
    bot.agent.script = offer
    sent = people.say("twitching")
    bot.agent.script = crash
    assert DISCLAIMER in people.replies(people.press(sent, 0))[0]["text"]
    assert sent["markup"]
    bot.agent.script = reply
    assert ANSWER_TEXT in people.replies(people.press(sent, 0))[0]["text"]


def test_keyboard_works_again_after_a_mistake_in_the_channel_itself(bot: Bot, people: People) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError

    bot.agent.script = offer
    sent = people.say("twitching")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Replies, "_turn", broken)
        people.replies(people.press(sent, 0))
    bot.agent.script = reply
    assert ANSWER_TEXT in people.replies(people.press(sent, 0))[0]["text"]


def test_press_is_answered_and_keyboard_removed_after_the_pause_that_telegram_asks_for(
    bot: Bot, people: People
) -> None:
    bot.agent.script = offer
    sent = people.say("twitching")
    bot.agent.script = reply
    bot.api.planned["answerCallbackQuery"] = [flood(1)]
    bot.api.planned["editMessageReplyMarkup"] = [flood(1)]
    begin = time.monotonic()
    people.replies(people.press(sent, 0))
    assert time.monotonic() - begin < 0.9, "the answer waits for neither"
    people.say("and then?")
    assert time.monotonic() - begin < 0.9, "nor does the next message"
    bot.api.wait(lambda: not bot.api.queries and sent["markup"] == {})


def test_command_of_rasa_runs_only_from_an_offered_button(bot: Bot, people: People) -> None:
    async def command(message: UserMessage) -> None:
        await say(message, "Sure?", answer=answer("smalltalk"), buttons=[{"title": "Go", "payload": "/greet"}])

    bot.agent.script = command
    sent = people.say("restart please")
    bot.agent.script = reply
    key = sent["markup"]["inline_keyboard"][0][0]["callback_data"]
    bot.agent.heard.clear()
    stranger = People(bot.api)
    stranger.say("hi")
    assert ANSWER_TEXT not in stranger.replies(stranger.press(sent, 0))[0]["text"]
    assert [message.text for message in bot.agent.heard] == ["hi"]
    people.replies(people.press(sent, 0))
    assert bot.agent.heard[-1].parse_data["intent"]["name"] == "greet"
    people.say(key.replace("button:", "/button:"))
    assert not bot.agent.heard[-1].parse_data


def test_message_in_which_telegram_finds_fault_is_sent_as_plain_text(bot: Bot, people: People) -> None:
    bot.agent.script = offer
    bot.api.planned["sendMessage"] = [Refused(400, "Bad Request: can't parse entities: bad")]
    sent = people.say("twitching")
    assert sent["text"] == answer_text()
    assert sent["markup"] == {}
