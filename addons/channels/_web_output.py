"""Collects what the assistant says in one turn as `message` events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rasa.core.channels.channel import OutputChannel

from healthqa.answer import DISCLAIMER

__all__ = ["ALARM_KINDS", "WIRE_VERSION", "WebOutput", "message_event"]

WIRE_VERSION = 1
ALARM_KINDS = frozenset({"emergency", "crisis"})


class WebOutput(OutputChannel):
    """Takes each bot message whole; Rasa's own channels cut it at blank lines and the disclaimer arrives alone."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    @classmethod
    def name(cls) -> str:
        """Return the channel's name, as Rasa stores it with each message."""
        return "web"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep one bot message as one event."""
        answer = message.get("answer")
        text = _whole_text(message)
        if not text:
            return
        metadata = message.get("metadata")
        kind = metadata.get("kind") if isinstance(metadata, Mapping) else None
        self.events.append(
            message_event(
                text,
                answer if isinstance(answer, Mapping) else None,
                [*(message.get("buttons") or ()), *(message.get("quick_replies") or ())],
                str(kind or ""),
            )
        )

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:  # noqa: ANN401
        """Keep a text that code of a third party sends directly."""
        await self.send_response(recipient_id, {"text": text, **kwargs})

    @property
    def alarmed(self) -> bool:
        """Whether one of the messages is an alarm."""
        return any((event["answer"] or {}).get("kind") in ALARM_KINDS for event in self.events)


def message_event(
    text: str, answer: Mapping[str, Any] | None, buttons: Iterable[Any] = (), kind: str = ""
) -> dict[str, Any]:
    """Return a `message` event; whatever is not small talk carries the disclaimer in its text.

    :param kind: the response's `metadata.kind`, used where a message has no `answer`.
    """
    said = str((answer or {}).get("kind") or kind)
    if said != "smalltalk" and DISCLAIMER not in text:
        text = f"{text}\n{DISCLAIMER}"
    return {
        "v": WIRE_VERSION,
        "event": "message",
        "text": text,
        "answer": dict(answer) if answer else None,
        "buttons": [button for button in map(_button, buttons) if button],
    }


def _button(button: object) -> dict[str, str] | None:
    if not isinstance(button, Mapping) or not button.get("title"):
        return None
    title = str(button["title"])
    payload = str(button.get("payload") or title)
    # A payload that is a command would be neutralised on its way back: send the words on the button.
    return {"title": title, "payload": title if payload.lstrip().startswith("/") else payload}


def _whole_text(message: Mapping[str, Any]) -> str:
    """Return the text of a bot message and the addresses of its pictures and attachments, each on its line."""
    parts = [message.get("text"), message.get("image"), message.get("attachment")]
    lines = (line.strip() for part in parts if isinstance(part, str) for line in part.splitlines())
    return "\n".join(line for line in lines if line)
