"""Names the sources of the last answer."""

from __future__ import annotations

from actions.action_talk import hidden_question
from actions.health_action import HealthAction, Reply, Turn

__all__ = ["ActionShowSources"]


class ActionShowSources(HealthAction):
    """Names the sources of the last answer, or that there was none."""

    def name(self) -> str:
        """Return the name in the domain."""
        return "action_show_sources"

    def reply(self, turn: Turn) -> Reply:
        """Ask the assistant."""
        return hidden_question(turn) or Reply(turn.services.assistant().sources(turn.context))
