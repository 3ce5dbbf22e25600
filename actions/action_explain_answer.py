"""Says why: the reason that the articles give, or the reason for the last answer."""

from __future__ import annotations

import re
from dataclasses import replace

from actions.action_talk import hidden_question
from actions.health_action import HealthAction, Reply, Turn, remember

__all__ = ["ActionExplainAnswer"]

# Said after a passage, this asks for the medical reason; "why did you show me that" asks about the assistant.
_BARE_WHY = re.compile(
    r"(?:(?:but|and|ok|so|yes)\W+)?(?:why|y|how come|why so|why is (?:that|it|this)|y tho)", re.IGNORECASE
)


class ActionExplainAnswer(HealthAction):
    """Answers a bare "why?" from the articles; otherwise says why the last answer was given, or that there was none."""

    def name(self) -> str:
        """Return the name in the domain."""
        return "action_explain_answer"

    def reply(self, turn: Turn) -> Reply:
        """Ask the assistant."""
        assistant = turn.services.assistant()
        if _BARE_WHY.fullmatch(turn.text.strip(" ?!.")) and _answered_last(turn):
            answer = assistant.reply(turn.text, replace(turn.context, intent="ask_mechanism"))
            if answer.passages:
                return Reply(answer, remember(answer, turn.context))
        return hidden_question(turn) or Reply(assistant.explain(turn.context))


def _answered_last(turn: Turn) -> bool:
    """Tell whether the last thing the reader saw was a passage: after a refusal, "why?" is about the refusal."""
    for event in reversed(turn.tracker.events or []):
        if event.get("event") == "bot":
            sent = (event.get("metadata") or {}).get("answer") or {}
            return bool(sent.get("kind") == "answer")
    return False
