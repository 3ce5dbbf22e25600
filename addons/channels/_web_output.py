"""What the assistant says, as events of the `web` channel's stream (openapi.yaml, `Event`)."""

from __future__ import annotations

import json
from typing import Any

from addons.channels._offers import public_payload
from addons.channels._replies import BotMessage, Collector
from addons.channels._turns import TurnResult
from healthqa.answer import DISCLAIMER

__all__ = ["TYPING", "WIRE_VERSION", "Event", "WebOutput", "events_of", "line", "message_event"]

WIRE_VERSION = 1
Event = dict[str, Any]

TYPING: Event = {"v": WIRE_VERSION, "event": "typing"}
_DONE: Event = {"v": WIRE_VERSION, "event": "done"}


class WebOutput(Collector):
    """Collects the messages of one turn."""

    @classmethod
    def name(cls) -> str:
        """Return the channel's name, as Rasa stores it with each message."""
        return "web"


def events_of(result: TurnResult) -> list[Event]:
    """Return the events that end a stream: the messages and `done`, or `error`."""
    if result.failed:
        text = "\n".join(message.text for message in result.messages)
        return [{"v": WIRE_VERSION, "event": "error", "text": text, "disclaimer": DISCLAIMER, "retry": True}]
    done = {**_DONE, "forgot": True} if result.forgot else _DONE
    return [*map(message_event, result.messages), done]


def message_event(message: BotMessage) -> Event:
    """Return one message of the assistant. A command behind a button becomes an id that only this channel can read."""
    return {
        "v": WIRE_VERSION,
        "event": "message",
        "text": message.text,
        "answer": dict(message.answer) if message.answer else None,
        "buttons": [{"title": button.title, "payload": public_payload(button)} for button in message.buttons],
    }


def line(event: Event) -> str:
    """Return the event as one line of the stream."""
    return json.dumps(event, ensure_ascii=False, default=str) + "\n"
