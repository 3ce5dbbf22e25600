"""The base of all actions: nothing that goes wrong here leaves a reader without a text and the disclaimer."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, final

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.services import Services, shared_services
from healthqa.answer import answer_to_json, compose_fixed, with_notice
from healthqa.followup import remembered
from healthqa.types import Answer, Context

__all__ = ["HealthAction", "Reply", "Turn", "remember"]

logger = logging.getLogger(__name__)

TERMINAL = "cmdline"
MENU_TITLE = "You can also ask:"


@dataclass(frozen=True)
class Turn:
    """What an action may know: the reader's words, where the conversation stands, and whose it is."""

    text: str
    context: Context
    sender_id: str
    services: Services
    tracker: Tracker


@dataclass(frozen=True)
class Reply:
    """What an action gives back: the answer, and events for Rasa."""

    answer: Answer
    events: list[dict[str, Any]] = field(default_factory=list)


class HealthAction(Action, ABC):
    """Subclasses give a name and `reply`; `run` is final, so no action can forget alarm, notice or disclaimer."""

    def __init__(self, services: Services | None = None) -> None:
        # The SDK makes every action before it listens: what is loaded here is ready when /health answers.
        self._services = services or shared_services()

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 - Python's signature
        super().__init_subclass__(**kwargs)
        if "run" in cls.__dict__:
            raise TypeError(f"{cls.__name__} must not override `run`: write `reply` instead.")

    @abstractmethod
    def reply(self, turn: Turn) -> Reply:
        """Return the reply. Runs in a thread of its own, and may raise anything."""

    @final
    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Send one complete message; at least one event goes back, or Rasa takes the action for failed."""
        result = await asyncio.to_thread(self._safe_reply, tracker)
        answer = self._with_notice(_medical(result.answer), tracker)
        buttons = [{"title": title, "payload": title} for title in answer.suggestions]
        if buttons and tracker.get_latest_input_channel() == TERMINAL:
            # The menu of `rasa shell` cuts each line of its own text: the answer goes first, whole.
            dispatcher.utter_message(text=answer.text, answer=answer_to_json(answer))
            dispatcher.utter_message(text=MENU_TITLE, buttons=buttons)
        else:
            dispatcher.utter_message(text=answer.text, buttons=buttons, answer=answer_to_json(answer))
        return result.events or [SlotSet("last_reason", answer.reason or None)]

    def _safe_reply(self, tracker: Tracker) -> Reply:
        try:
            turn = self._turn(tracker)
            alarm = self._alarm(turn.text)
            return self.reply(turn) if alarm is None else Reply(alarm)
        except Exception as error:  # noqa: BLE001 - a reader must get a sentence whatever happened
            # The type only: a message or a traceback may hold what the reader wrote.
            logger.error("%s failed: %s", self.name(), type(error).__name__)
            return Reply(self._services.error())

    def _alarm(self, text: str) -> Answer | None:
        try:
            return self._services.alarm(text)
        except Exception as error:  # noqa: BLE001 - NLU looked already; without this second look the turn goes on
            logger.error("The second look for emergencies failed: %s", type(error).__name__)
            return None

    def _with_notice(self, answer: Answer, tracker: Tracker) -> Answer:
        if not says_nothing_yet(tracker):
            return answer
        try:
            return with_notice(answer, self._services.text("utter_notice"))
        except Exception as error:  # noqa: BLE001 - the texts are broken, which `error` has logged already
            logger.error("The notice cannot be read: %s", type(error).__name__)
            return with_notice(answer, "This is an automated assistant, not a doctor.")

    def _turn(self, tracker: Tracker) -> Turn:
        message = tracker.latest_message or {}
        intent = message.get("intent") or {}
        context = Context(
            intent=intent.get("name") or "",
            intent_confidence=float(intent.get("confidence") or 0.0),
            topic=tracker.slots.get("topic") or "",
            last_question=tracker.slots.get("last_question") or "",
            last_passages=tuple(tracker.slots.get("last_passages") or ()),
            first_message=says_nothing_yet(tracker),
        )
        return Turn(message.get("text") or "", context, tracker.sender_id, self._services, tracker)


def remember(answer: Answer, context: Context) -> list[dict[str, Any]]:
    """Return the events that let the next turn follow up on this one; what it leaves alone stays as it was."""
    why = SlotSet("last_reason", answer.reason or None)
    after = remembered(context, answer)
    if after is context:
        return [why]
    return [
        SlotSet("topic", after.topic or None),
        SlotSet("last_question", after.last_question or None),
        SlotSet("last_passages", list(after.last_passages)),
        why,
    ]


def says_nothing_yet(tracker: Tracker) -> bool:
    """Say whether the assistant has been silent since the session began."""
    for event in reversed(tracker.events or []):
        if event.get("event") == "bot":
            return False
        if event.get("event") == "session_started":
            return True
    return True


def _medical(answer: Answer) -> Answer:
    """Return the answer; one that lost its disclaimer on the way gets it back."""
    if answer.kind == "smalltalk" or (answer.disclaimer and answer.disclaimer in answer.text):
        return answer
    complete = compose_fixed("refuse", answer.text)
    return Answer(**{**answer.__dict__, "text": complete.text, "disclaimer": complete.disclaimer})
