"""Keeps what a reader says about an answer."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import SlotSet

from actions.health_action import HealthAction, Reply, Turn
from healthqa.conversations import Feedback

__all__ = ["ActionSaveFeedback"]

_ASKED = "utter_ask_feedback_comment"
# Events between that question and now: listening, the reader's message, featurization, slots.
_LOOK_BACK = 8


class ActionSaveFeedback(HealthAction):
    """Stores rating, comment and the ids of the shown passages; the question only together with a comment.

    It lies beside the conversation under the reader's id, so that "forget me" deletes it too.
    """

    def name(self) -> str:
        """Return the name in the domain."""
        return "action_save_feedback"

    def reply(self, turn: Turn) -> Reply:
        """Store it and say thank you. What follows our question for a comment is one, praise or not."""
        asked = any(_uttered(event) == _ASKED for event in turn.tracker.events[-_LOOK_BACK:])
        praise = turn.context.intent == "give_praise" and not asked
        feedback = Feedback(
            rating="good" if praise else "bad",
            comment="" if praise else turn.text,
            question="" if praise else turn.context.last_question,
            passages=" ".join(turn.context.last_passages),
        )
        turn.services.conversations.add_feedback(turn.sender_id, feedback)
        thanks = turn.services.fixed("smalltalk", "utter_feedback_thanks", key=turn.sender_id)
        return Reply(thanks, [SlotSet("last_reason", None)])


def _uttered(event: dict[str, Any]) -> str | None:
    return (event.get("metadata") or {}).get("utter_action") if event.get("event") == "bot" else None
