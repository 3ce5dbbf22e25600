"""What is said about the assistant, unless a question for the articles hides in it."""

from __future__ import annotations

import logging

from actions.health_action import HealthAction, Reply, Turn, remember
from healthqa.errors import HealthQAError

__all__ = ["ActionTalk", "hidden_question"]

logger = logging.getLogger(__name__)

_RESPONSES = {
    "request_help": "utter_help",
    "request_provenance": "utter_about_articles",
    "challenge_doctor": "utter_challenge_doctor",
    "other_language": "utter_other_language",
}


class ActionTalk(HealthAction):
    """Says the fixed text of the intent; a question that hides in the words is answered instead."""

    def name(self) -> str:
        """Return the name in the domain."""
        return "action_talk"

    def reply(self, turn: Turn) -> Reply:
        """Look for a question first: to be told what the assistant can do is no answer to one."""
        found = hidden_question(turn)
        if found is not None:
            return found
        return Reply(turn.services.response(_RESPONSES.get(turn.context.intent, "utter_help"), key=turn.sender_id))


def hidden_question(turn: Turn) -> Reply | None:
    """Return the reply to the question that hides in the words; none where there is none or nobody can look."""
    try:
        answer = turn.services.assistant().hidden(turn.text, turn.context)
    except HealthQAError as error:
        logger.error("Nobody could look for a question: %s", type(error).__name__)
        return None
    return None if answer is None else Reply(answer, remember(answer, turn.context))
