"""Says what is stored about the reader."""

from __future__ import annotations

from datetime import datetime, timezone

from actions.health_action import HealthAction, Reply, Turn

__all__ = ["ActionShowStoredData"]


class ActionShowStoredData(HealthAction):
    """Counts the reader's messages, those of this turn and of earlier sessions included."""

    def name(self) -> str:
        """Return the name in the domain."""
        return "action_show_stored_data"

    def reply(self, turn: Turn) -> Reply:
        """Count what the file holds; this turn's message is not in it yet."""
        stored = turn.services.conversations.summary(turn.sender_id)
        now = datetime.now(timezone.utc)
        since = datetime.fromtimestamp(stored.since, timezone.utc) if stored.since else now
        when = f"{since.day} {since:%B %Y, %H:%M} UTC"
        return Reply(turn.services.fixed("smalltalk", "utter_stored_data", count=str(stored.messages + 1), since=when))
