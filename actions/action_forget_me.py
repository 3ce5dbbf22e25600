"""Deletes the conversation."""

from __future__ import annotations

from rasa_sdk.events import SlotSet

from actions.health_action import HealthAction, Reply, Turn

__all__ = ["ActionForgetMe"]


class ActionForgetMe(HealthAction):
    """Deletes what is stored before it says so; the slot makes the tracker store drop this turn too."""

    def name(self) -> str:
        """Return the name in the domain."""
        return "action_forget_me"

    def reply(self, turn: Turn) -> Reply:
        """Delete the reader's rows; a failure becomes the error text, not a false promise."""
        turn.services.conversations.delete(turn.sender_id)
        return Reply(turn.services.fixed("smalltalk", "utter_forgotten"), [SlotSet("forget_requested", True)])
