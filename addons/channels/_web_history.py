"""What was said in a conversation, as the `web` channel shows it again after a reload."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from rasa.shared.core.events import BotUttered, Event, UserUttered

from addons.channels._replies import BotMessage, message_of_event
from addons.channels._turns import TurnRunner
from addons.channels._web_output import WIRE_VERSION, message_event

__all__ = ["TURNS_LIMIT", "StoredAnswer", "find_answer", "history", "iso_time"]

TURNS_LIMIT = 100
_RATINGS = {"good": "up", "bad": "down"}


@dataclass
class _Turn:
    """One message of the reader and what followed it."""

    id: str
    timestamp: float
    text: str
    said: list[BotMessage] = field(default_factory=list)


@dataclass(frozen=True)
class StoredAnswer:
    """An answer of a conversation and the reader's words before it."""

    answer: Mapping[str, Any]
    question: str


def history(events: Iterable[Event], ratings: Mapping[str, str], runner: TurnRunner) -> dict[str, Any]:
    """Return `History` of openapi.yaml.

    :param events: all events of the conversation.
    :param ratings: `good` or `bad` by answer id.
    :param runner: knows what the reader was shown of what the assistant said.
    """
    # What was tried again under the same id stands where it was answered.
    by_id: dict[str, _Turn] = {}
    for turn in _turns(events):
        by_id.pop(turn.id, None)
        by_id[turn.id] = turn
    latest = list(by_id.values())[-TURNS_LIMIT:]
    shown = [(turn, runner.shown(turn.said)) for turn in latest]
    return {
        "v": WIRE_VERSION,
        "turns": [
            {
                "id": turn.id,
                "time": iso_time(turn.timestamp),
                "text": turn.text,
                "events": [message_event(message) for message in result.messages],
            }
            for turn, result in shown
            if not result.failed
        ],
        "complete": len(latest) == len(by_id),
        "feedback": {answer: _RATINGS[rating] for answer, rating in ratings.items() if rating in _RATINGS},
    }


def find_answer(events: Iterable[Event], answer_id: str) -> StoredAnswer | None:
    """Return the answer with that id, if it was given in this conversation."""
    for turn in _turns(events):
        for message in turn.said:
            if message.answer and message.answer.get("id") == answer_id:
                return StoredAnswer(message.answer, turn.text)
    return None


def iso_time(timestamp: float) -> str:
    """Return seconds since 1970 as `2026-11-21T09:30:00Z`."""
    return datetime.fromtimestamp(timestamp, timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


def _turns(events: Iterable[Event]) -> Iterable[_Turn]:
    turn: _Turn | None = None
    for event in events:
        if isinstance(event, UserUttered) and event.text:
            if turn:
                yield turn
            turn = _Turn(str(event.message_id or ""), float(event.timestamp), event.text)
        elif isinstance(event, BotUttered) and turn:
            message = message_of_event(event)
            turn.said += [message] if message else []
    if turn:
        yield turn
