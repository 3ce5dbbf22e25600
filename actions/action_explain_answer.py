"""Says why the last answer was given."""

from __future__ import annotations

from actions.health_action import HealthAction, Reply, Turn

__all__ = ["ActionExplainAnswer"]


class ActionExplainAnswer(HealthAction):
    """Says why the last answer was given, or that there was none."""

    def name(self) -> str:
        """Return the name in the domain."""
        return "action_explain_answer"

    def reply(self, turn: Turn) -> Reply:
        """Ask the assistant."""
        return Reply(turn.services.assistant().explain(turn.context))
