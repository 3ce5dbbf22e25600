"""Refuses what the articles do not answer, by type."""

from __future__ import annotations

import logging

from actions.health_action import HealthAction, Reply, Turn, remember
from healthqa.errors import HealthQAError

__all__ = ["ActionRefuseQuestion"]

logger = logging.getLogger(__name__)

# Needed although the assistant knows them too: a refusal must not need index and encoder.
_RESPONSES = {
    "request_dose": "utter_refuse_dose",
    "request_price": "utter_refuse_price",
    "request_drug_interaction": "utter_refuse_drug_interaction",
    "request_other_vitamin": "utter_refuse_other_vitamin",
    "request_lab_reading": "utter_refuse_lab_reading",
    "request_personal_diagnosis": "utter_refuse_personal_diagnosis",
    "request_pregnancy_child_advice": "utter_refuse_pregnancy_child",
    "request_animal_advice": "utter_refuse_animal",
    "other_health_topic": "utter_refuse_other_topic",
    "out_of_scope": "utter_refuse_out_of_scope",
}


class ActionRefuseQuestion(HealthAction):
    """Says what is not there, who can help, and what can be answered."""

    def name(self) -> str:
        """Return the name in the domain."""
        return "action_refuse_question"

    def reply(self, turn: Turn) -> Reply:
        """Let the assistant decide, for the intent may be wrong; refuse by the intent's type when it cannot."""
        try:
            answer = turn.services.assistant().reply(turn.text, turn.context)
        except HealthQAError as error:
            logger.error("Refusing by intent alone: %s", type(error).__name__)
            response = _RESPONSES.get(turn.context.intent, "utter_refuse_out_of_scope")
            answer = turn.services.fixed("refuse", response, key=turn.sender_id)
        return Reply(answer, remember(answer, turn.context))
