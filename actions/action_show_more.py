"""Shows the next passage for the last question."""

from __future__ import annotations

from actions.health_action import HealthAction, Reply, Turn, remember

__all__ = ["ActionShowMore"]


class ActionShowMore(HealthAction):
    """Shows what comes next in the articles, or says that this was all."""

    def name(self) -> str:
        """Return the name in the domain."""
        return "action_show_more"

    def reply(self, turn: Turn) -> Reply:
        """Ask the assistant; the passages shown so far are kept, so that none comes twice."""
        answer = turn.services.assistant().more(turn.context)
        shown = [*turn.context.last_passages, *(hit.passage.id for hit in answer.passages)]
        events = [
            event for event in remember(answer, turn.context) if event["name"] in ("last_passages", "last_reason")
        ]
        for event in events:
            if event["name"] == "last_passages":
                event["value"] = list(dict.fromkeys(shown))
        return Reply(answer, events)
