"""What is wrong with Rasa's own Telegram channel, each as a check that a channel without the defect passes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import requests
from rasa.core.channels.channel import UserMessage
from telegram_api import BotApi
from telegram_people import People
from web_scripts import crash, hang, nothing
from web_server import FakeAgent, answer, answer_text, echo, say

from healthqa.answer import DISCLAIMER


class World:
    """A bot on either channel; `deliver` brings an update as Telegram does."""

    def __init__(self, api: BotApi, agent: FakeAgent, url: str) -> None:
        self.api, self.agent, self.url = api, agent, url
        self.people = People(api)

    def deliver(self, update: Any, **headers: str) -> int:
        secret = {"X-Telegram-Bot-Api-Secret-Token": self.api.webhook.get("secret_token", "")}
        return requests.post(self.url, json=update, headers={**secret, **headers}, timeout=20).status_code

    def say(self, text: str, **fields: Any) -> None:
        self.deliver(self.people.message(text, **fields))

    def shown(self, count: int = 1, seconds: float = 3) -> list[dict[str, Any]]:
        """What has arrived once there is that much of it, or time is over."""
        end = time.monotonic() + seconds
        while len(self.people.seen()) < count and time.monotonic() < end:
            time.sleep(0.02)
        return self.people.seen()

    def heard(self, seconds: float = 0.5) -> list[str]:
        time.sleep(seconds)
        return [message.text for message in self.agent.heard]


def update_that_says_nothing(world: World) -> None:
    post = {"message_id": 1, "date": 1, "chat": {"id": -1, "type": "channel"}, "text": "news"}
    assert world.deliver({"update_id": time.monotonic_ns(), "channel_post": post}) == 200


def member_update(world: World) -> None:
    member = {"chat": {"id": 5, "type": "private"}, "date": 1}
    assert world.deliver({"update_id": time.monotonic_ns(), "my_chat_member": member}) == 200


def edited_caption(world: World) -> None:
    update = world.people.message(photo=[{"file_id": "x"}], caption="is this a twitch?")
    assert world.deliver(world.people.edit(update)) == 200
    assert world.heard() == ["is this a twitch?"]


def forged_update(world: World) -> None:
    assert world.deliver(world.people.message("x"), **{"X-Telegram-Bot-Api-Secret-Token": "forged"}) == 403


def open_set_webhook(world: World) -> None:
    calls = len(world.api.made("setWebhook"))
    requests.get(world.url.replace("/webhook", "/set_webhook").replace("/set_webhooks", "/webhooks"), timeout=10)
    assert len(world.api.made("setWebhook")) == calls


def call_for_each_update(world: World) -> None:
    calls = len(world.api.made("getMe"))
    world.say("hello")
    world.shown()
    assert len(world.api.made("getMe")) == calls


def acknowledged_first(world: World) -> None:
    async def slow(message: UserMessage) -> None:
        await asyncio.sleep(0.7)
        await echo(message)

    world.agent.script = slow
    begin = time.monotonic()
    world.say("hello")
    assert time.monotonic() - begin < 0.5
    world.shown()


def repeated_update(world: World) -> None:
    update = world.people.message("once")
    for _ in range(2):
        world.deliver(update)
    assert world.heard() == ["once"]


def long_text(world: World) -> None:
    async def long(message: UserMessage) -> None:
        await say(message, answer_text("Muscles twitch. " * 400), answer=answer())

    world.agent.script = long
    world.say("all")
    assert len(world.shown(2)) == 2


def blank_line(world: World) -> None:
    async def paragraphs(message: UserMessage) -> None:
        await say(message, f"Refused.\n\n{DISCLAIMER}", answer=answer("refuse"))

    world.agent.script = paragraphs
    world.say("x")
    assert all(DISCLAIMER in sent["text"] for sent in world.shown())


def typing(world: World) -> None:
    calls = len(world.api.made("sendChatAction"))
    world.say("hello")
    world.shown()
    assert len(world.api.made("sendChatAction")) > calls


async def _offer(message: UserMessage) -> None:
    questions = ["How is a deficiency of vitamin B12 diagnosed, and by whom, and where?", "Why?"]
    await say(message, "Which?", answer=answer("smalltalk"), buttons=[{"title": q, "payload": q} for q in questions])


def button_payload_over_64_bytes(world: World) -> None:
    world.agent.script = _offer
    world.say("x")
    assert world.shown()[0]["markup"]


def buttons_in_one_row(world: World) -> None:
    async def offer(message: UserMessage) -> None:
        buttons = [{"title": word, "payload": word} for word in ("Yes", "No")]
        await say(message, "Which?", answer=answer("smalltalk"), buttons=buttons)

    world.agent.script = offer
    world.say("x")
    rows = world.shown()[0]["markup"]["inline_keyboard"]
    assert [len(row) for row in rows] == [1, 1]


def press_is_answered(world: World) -> None:
    async def offer(message: UserMessage) -> None:
        await say(message, "Which?", answer=answer("smalltalk"), buttons=[{"title": "Yes", "payload": "Yes"}])

    world.agent.script = offer
    world.say("x")
    sent = world.shown()[0]
    world.agent.script = echo
    world.deliver(world.people.press(sent, 0))
    world.shown(2)
    time.sleep(0.3)
    assert not world.api.queries
    assert not sent["markup"]


def command_with_name(world: World) -> None:
    world.say("/help@AskB12Bot")
    assert world.heard() == ["help"]


def restart_is_one_message(world: World) -> None:
    world.say("/restart")
    assert len(world.heard()) == 1


def typed_command(world: World) -> None:
    world.say('/forget_me{"topic": "x"}')
    assert not any(text.startswith("/") for text in world.heard())


def control_characters(world: World) -> None:
    world.say("b\x00\u202e12")
    assert world.heard() == ["b12"]


def group_talk(world: World) -> None:
    world.say("are you coming tonight?", group=True)
    assert not world.heard()


def failing_assistant(world: World) -> None:
    world.agent.script = crash
    world.say("twitching")
    assert world.shown()[0]["text"].endswith(DISCLAIMER)


def silent_assistant(world: World) -> None:
    world.agent.script = nothing
    world.say("twitching")
    assert world.shown()[0]["text"].endswith(DISCLAIMER)


def slow_assistant(world: World) -> None:
    world.agent.script = hang
    update = world.people.message("twitching")
    try:
        requests.post(world.url, json=update, headers=_secret(world), timeout=3)
    except requests.Timeout:
        pass
    assert world.shown()[0]["text"].endswith(DISCLAIMER)


def body_of_any_size(world: World) -> None:
    world.say("x" * 300_000)
    assert not world.heard()


def flood_of_messages(world: World) -> None:
    for number in range(25):
        world.say(f"number {number}")
    assert len(world.heard()) < 25


def _secret(world: World) -> dict[str, str]:
    return {"X-Telegram-Bot-Api-Secret-Token": world.api.webhook.get("secret_token", "")}


DEFECTS: list[Callable[[World], None]] = [
    update_that_says_nothing,
    member_update,
    edited_caption,
    forged_update,
    open_set_webhook,
    call_for_each_update,
    acknowledged_first,
    repeated_update,
    long_text,
    blank_line,
    typing,
    button_payload_over_64_bytes,
    buttons_in_one_row,
    press_is_answered,
    command_with_name,
    restart_is_one_message,
    typed_command,
    control_characters,
    group_talk,
    failing_assistant,
    silent_assistant,
    body_of_any_size,
    slow_assistant,
]
