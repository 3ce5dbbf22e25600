"""Sending: Telegram asks for pauses, fails, hangs; readers block the bot; and what stands in the log of it."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest
from channel_server import slow_look_ups, wait_for_log
from rasa.core.channels.channel import UserMessage
from telegram_api import BLOCKED, DOWN, TOKEN, BotApi, Refused, flood
from telegram_people import People
from telegram_server import Bot, TelegramServer
from web_scripts import crash, hang, nothing, reply
from web_server import ANSWER_TEXT, FakeAgent, answer, echo, say

from addons.channels._telegram_client import TelegramClient, TelegramFailure
from addons.channels._telegram_replies import Replies
from healthqa.answer import DISCLAIMER

EMERGENCY = "I have crushing chest pain and cannot breathe, is it low B12?"


def test_pause_that_telegram_asks_for_is_kept(bot: Bot, people: People) -> None:
    bot.api.planned["sendMessage"] = [flood(1), flood(1)]
    before = len(bot.api.calls)
    people.say("please")
    times = [at for name, _, at in bot.api.calls[before:] if name == "sendMessage"]
    assert len(times) == 3
    assert min(times[1] - times[0], times[2] - times[1]) >= 1


@pytest.mark.parametrize(
    "failures",
    [
        [DOWN, DOWN],
        ["<html><body>502 Bad Gateway</body></html>"],
        [Refused(500, "Internal Server Error: restart")],
        [Refused(504, "Gateway Timeout"), flood(1)],
    ],
    ids=["json", "html", "restart", "mixed"],
)
def test_failure_of_telegram_is_tried_again(bot: Bot, people: People, failures: list[object]) -> None:
    bot.api.planned["sendMessage"] = failures
    assert people.say("please")["text"] == "heard: please"


def test_time_out_is_tried_again() -> None:
    async def call(address: str) -> object:
        client = TelegramClient(TOKEN, address, pause=0.01)
        try:
            return await client.call("sendMessage", seconds=0.3, chat_id=1, text="x")
        finally:
            await client.close()

    with BotApi() as api:
        api.planned["sendMessage"] = [5, 5]
        assert asyncio.run(call(api.address))["text"] == "x"
        assert len(api.made("sendMessage")) == 3


def test_group_that_became_a_supergroup_is_followed() -> None:
    async def call(address: str) -> object:
        client = TelegramClient(TOKEN, address, pause=0.01)
        try:
            return await client.call("sendMessage", chat_id=-5, text="x")
        finally:
            await client.close()

    with BotApi() as api:
        moved = Refused(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1005)
        api.planned["sendMessage"] = [moved]
        asyncio.run(call(api.address))
        assert api.messages[0]["chat"] == -1005


@pytest.mark.parametrize(
    ("status", "reason"), [(401, "token"), (404, "token"), (403, "gone"), (400, "rejected"), (500, "unreachable")]
)
def test_error_never_holds_the_token(status: int, reason: str, caplog: pytest.LogCaptureFixture) -> None:
    async def call(address: str) -> None:
        client = TelegramClient(TOKEN, address, pause=0.01)
        try:
            await client.call("sendMessage", chat_id=1, text="my secret worry")
        finally:
            await client.close()

    descriptions = {401: "Unauthorized", 404: "Not Found", 403: "Forbidden: bot was kicked"}
    with BotApi() as api:
        told = descriptions.get(status, f"wrong: /bot{TOKEN}/sendMessage")
        api.planned["sendMessage"] = [Refused(status, told)] * 4
        with pytest.raises(TelegramFailure) as caught:
            asyncio.run(call(api.address))
    assert caught.value.reason == reason
    assert TOKEN not in str(caught.value)
    # An address at which nobody listens, and one that is none.
    for address in (api.address, "http://127.0.0.1:1", "http://[::1"):
        with pytest.raises(TelegramFailure) as caught:
            asyncio.run(call(address))
        logging.getLogger("test").error("failed", exc_info=caught.value)
    assert TOKEN not in caplog.text


def test_reader_who_blocked_the_bot_is_left_in_peace(
    bot: Bot, people: People, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bot.api.planned["sendMessage"] = [BLOCKED]
    tries = len(bot.api.made("sendMessage"))
    people.deliver(people.message("my secret worry"))
    record = wait_for_log(caplog, "cannot be reached")
    assert record.levelno == logging.INFO
    assert len(bot.api.made("sendMessage")) == tries + 1
    assert people.say("unblocked")["text"] == "heard: unblocked"


@pytest.mark.parametrize("script", [nothing, crash, hang], ids=["no message", "exception", "slow"])
def test_failure_gives_one_sentence_with_the_disclaimer(
    bot: Bot, people: People, script: object, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bot.agent.script = script
    begin = time.monotonic()
    sent = people.say("my secret worry about cramps")
    assert "try again" in sent["text"]
    assert sent["text"].endswith(DISCLAIMER)
    assert time.monotonic() - begin < 3
    bot.agent.script = reply
    assert ANSWER_TEXT in people.say("my secret worry about cramps")["text"]
    assert "secret worry" not in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("script", [nothing, crash, hang, reply], ids=["no message", "exception", "slow", "passage"])
def test_alarm_is_shown_whatever_the_assistant_does(bot: Bot, people: People, script: object) -> None:
    bot.agent.script = script
    sent = people.say(EMERGENCY)
    assert "emergency" in sent["text"].splitlines()[0].lower()
    assert sent["html"].startswith("<b>")
    assert sent["text"].endswith(DISCLAIMER)
    assert ANSWER_TEXT not in sent["text"]


def test_alarm_overtakes_a_turn_that_hangs(bot: Bot, people: People) -> None:
    bot.agent.script = hang
    people.deliver(people.message("twitching"))
    sent = people.say(EMERGENCY)
    assert "emergency" in sent["text"].splitlines()[0].lower()


def test_alarm_waits_for_no_earlier_message(bot: Bot, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    slow_look_ups(monkeypatch, bot.agent, 0.9)
    people.deliver(people.message("twitching"))
    begin = time.monotonic()
    assert "emergency" in people.say(EMERGENCY)["text"].splitlines()[0].lower()
    assert time.monotonic() - begin < 0.7
    bot.api.wait(lambda: people.seen()[-1]["text"] == "heard: twitching")


def test_alarm_overtakes_what_waits_for_telegram(bot: Bot, people: People) -> None:
    bot.api.planned["sendMessage"] = [0.9]
    people.deliver(people.message("twitching"))
    bot.api.wait(lambda: not bot.api.planned["sendMessage"])
    assert "emergency" in people.say(EMERGENCY)["text"].splitlines()[0].lower()
    bot.api.wait(lambda: people.seen()[-1]["text"] == "heard: twitching")


def test_alarm_of_the_assistant_is_passed_on(bot: Bot, people: People) -> None:
    async def alarm(message: UserMessage) -> None:
        await say(message, f"Call 999 now.\n{DISCLAIMER}", answer=answer("crisis"))

    bot.agent.script = alarm
    assert people.say("something")["text"] == f"Call 999 now.\n{DISCLAIMER}"


@pytest.mark.parametrize(
    ("words", "first"),
    [("hello", "something went wrong"), (EMERGENCY, "emergency"), ("I want to kill myself", "sorry")],
    ids=["question", "emergency", "crisis"],
)
def test_mistake_in_the_channel_itself_gives_a_sentence_or_the_alarm(
    bot: Bot, people: People, monkeypatch: pytest.MonkeyPatch, words: str, first: str
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("secret words")

    monkeypatch.setattr(Replies, "_refusal", broken)
    sent = people.say(words)
    assert first in sent["text"].splitlines()[0].lower()
    assert sent["text"].endswith(DISCLAIMER)


@pytest.mark.parametrize("limited", ["rate", "length", "queue"])
def test_alarm_is_shown_beyond_every_limit(tmp_path: object, limited: str) -> None:
    agent = FakeAgent()
    rate = "1/hour" if limited == "rate" else ""
    with BotApi() as api, TelegramServer(agent, api, tmp_path, rate_limit=rate) as server:
        people = server.on()
        people.say("hi")
        agent.script = hang if limited == "queue" else echo
        for _ in range(5 if limited == "queue" else 0):
            people.deliver(people.message("and?"))
        text = EMERGENCY + " please" * 300 if limited == "length" else EMERGENCY
        people.deliver(people.message(text))
        api.wait(lambda: any("emergency" in sent["text"].splitlines()[0].lower() for sent in people.seen()[1:]))


def test_too_many_messages_get_one_hint(tmp_path: object) -> None:
    agent = FakeAgent()
    with BotApi() as api, TelegramServer(agent, api, tmp_path, rate_limit="2/hour") as server:
        people = server.on()
        people.say("one")
        people.say("two")
        hint = people.say("three")["text"]
        assert "wait a moment" in hint
        assert hint.endswith(DISCLAIMER)
        people.deliver(people.message("four"))
        # Another chat has a limit of its own.
        People(api).say("hello")
        assert len(people.seen()) == 3
        assert [message.text for message in agent.heard] == ["one", "two", "hello"]


def test_too_many_waiting_questions_get_a_hint(bot: Bot, people: People) -> None:
    bot.agent.script = hang
    for number in range(6):
        people.deliver(people.message(f"and {number}?"))
    bot.api.wait(lambda: any("before you ask again" in sent["text"] for sent in people.seen()))


def test_store_that_cannot_be_read_does_not_stop_answers(bot: Bot, people: People, monkeypatch: object) -> None:
    from addons.reader_data import StoreUnavailable

    async def broken(*_: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(bot.agent.store, "summary", broken)
    assert people.say("still there?")["text"].endswith("heard: still there?")


def test_what_readers_type_is_not_logged(bot: Bot, people: People, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    people.say("my secret worry")
    people.say("@AskB12Bot my secret worry", group=True)
    bot.api.planned["sendMessage"] = [Refused(400, "Bad Request: can't parse entities: my secret worry")]
    people.say("another secret worry")
    people.deliver({"update_id": time.monotonic_ns(), "message": {"text": "secret worry"}})
    people.say("done")
    assert "secret worry" not in caplog.text
    assert str(people.chat["id"]) not in caplog.text
