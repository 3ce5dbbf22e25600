"""Answers a question from the articles."""

from __future__ import annotations

from actions.health_action import HealthAction, Reply, Turn, remember

__all__ = ["ActionAnswerQuestion"]


class ActionAnswerQuestion(HealthAction):
    """Shows the passage that answers, offers questions, or says that it does not know."""

    def name(self) -> str:
        """Return the name in the domain."""
        return "action_answer_question"

    def reply(self, turn: Turn) -> Reply:
        """Ask the assistant."""
        answer = turn.services.assistant().reply(turn.text, turn.context)
        return Reply(answer, remember(answer, turn.context))
