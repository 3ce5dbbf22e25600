"""Names where a person answers."""

from __future__ import annotations

from actions.health_action import HealthAction, Reply, Turn

__all__ = ["ActionHandoff"]


class ActionHandoff(HealthAction):
    """Gives the configured link or address, or says that there is none."""

    def name(self) -> str:
        """Return the name in the domain."""
        return "action_handoff"

    def reply(self, turn: Turn) -> Reply:
        """Read the setting."""
        place = turn.services.settings.handoff
        if not place:
            return Reply(turn.services.fixed("refuse", "utter_no_handoff"))
        return Reply(turn.services.fixed("refuse", "utter_handoff", handoff=place))
