"""What the assistant says, in the form that all channels render: whole messages, each with its disclaimer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rasa.core.channels.channel import OutputChannel
from rasa.shared.core.events import BotUttered

from healthqa.answer import DISCLAIMER

__all__ = ["ALARM_KINDS", "BotMessage", "Button", "Collector", "message_of", "message_of_event"]

ALARM_KINDS = frozenset({"emergency", "crisis"})


@dataclass(frozen=True)
class Button:
    """What the assistant offers as a next step.

    :param title: words on the button.
    :param payload: what it sends: words, or a command of Rasa (`/intent{...}`). Only our own code may see a command:
        `_offers` turns it into an id for the outside.
    """

    title: str
    payload: str


@dataclass(frozen=True)
class BotMessage:
    """One message of the assistant.

    :param text: complete by itself, disclaimer and sources included, single line breaks.
    :param answer: the same in parts (docs/architecture.md, contract `answer`), where an action or response gave it.
    """

    text: str
    answer: Mapping[str, Any] | None = None
    buttons: tuple[Button, ...] = ()

    @property
    def is_alarm(self) -> bool:
        """Whether it tells the reader to call for help."""
        return (self.answer or {}).get("kind") in ALARM_KINDS


class Collector(OutputChannel):
    """Takes each bot message whole; Rasa's own channels cut it at blank lines and the disclaimer arrives alone.

    A channel subclasses it with a `name` of its own and renders `messages` when the turn is over.
    """

    def __init__(self) -> None:
        self.messages: list[BotMessage] = []

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep one bot message."""
        said = message_of(message)
        if said is not None:
            self.messages.append(said)

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:  # noqa: ANN401
        """Keep a text that code of a third party sends directly."""
        await self.send_response(recipient_id, {"text": text, **kwargs})


def message_of(message: Mapping[str, Any]) -> BotMessage | None:
    """Return a message of Rasa's in our form; `None` when it says nothing.

    Whatever is not small talk carries the disclaimer in its text, also where an action forgot it.
    """
    text = _whole_text(message)
    if not text:
        return None
    given = message.get("answer")
    answer = dict(given) if isinstance(given, Mapping) else None
    offered = [*(message.get("buttons") or ()), *(message.get("quick_replies") or ())]
    said = BotMessage(text, answer, tuple(button for button in map(_button, offered) if button))
    if _kind(message, answer) != "smalltalk" and DISCLAIMER not in text:
        said = replace(said, text=f"{text}\n{DISCLAIMER}")
    return said


def message_of_event(event: BotUttered) -> BotMessage | None:
    """Return a stored message as it was when it was sent."""
    return message_of({**(event.metadata or {}), **(event.data or {}), "text": event.text})


def _kind(message: Mapping[str, Any], answer: Mapping[str, Any] | None) -> str:
    metadata = message.get("metadata")
    named = metadata.get("kind") if isinstance(metadata, Mapping) else None
    return str((answer or {}).get("kind") or named or "")


def _button(button: object) -> Button | None:
    if not isinstance(button, Mapping) or not button.get("title"):
        return None
    title = str(button["title"])
    return Button(title, str(button.get("payload") or title))


def _whole_text(message: Mapping[str, Any]) -> str:
    """Return the text of a bot message and the addresses of its pictures and attachments, each on its line."""
    # Rasa stores a picture as an attachment too: each part once.
    parts = dict.fromkeys(message.get(name) for name in ("text", "image", "attachment"))
    lines = (line.strip() for part in parts if isinstance(part, str) for line in part.splitlines())
    return "\n".join(line for line in lines if line)
