"""From replies to outcomes: what each reply was, and whether it was right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from evaluation.askers import Asker, Reply
from evaluation.dialogues import Dialogue
from evaluation.keys import states
from evaluation.questions import Question
from evaluation.replies import Reading, default_texts, read_reply
from evaluation.smalltalk import TALKING_RESPONSES, FittingReplies
from healthqa.types import Context

__all__ = ["Outcome", "ask_dialogues", "ask_questions"]

# A refusal shows no passage. To offer questions is neither an answer nor a refusal; an alarm or a failure is none.
_REFUSING = frozenset({"refuse", "clarify", "smalltalk"})
_TALKING = frozenset({"smalltalk", "clarify", "provenance"})


@dataclass(frozen=True)
class Outcome:
    """One judged reply.

    :param label: register, kind, or `opening` and `follow-up` in a dialogue.
    :param expect: what had to come: facts, `refuse`, `smalltalk`, `emergency` or `crisis`.
    :param context: the conversation so far, where it is known.
    """

    group: str
    label: str
    text: str
    expect: str
    right: bool
    reading: Reading
    reply: str = ""
    context: Context | None = None

    @property
    def kind(self) -> str:
        """What the reply was."""
        return self.reading.kind

    @property
    def words(self) -> int:
        """Words of the articles that the reader has to read; sources and disclaimer do not count."""
        return len(self.reading.shown.split())


def ask_questions(asker: Asker, questions: Iterable[Question]) -> list[Outcome]:
    """Put each question in a conversation of its own and judge the reply; small talk only where it is answered."""
    outcomes = []
    for question in questions:
        if question.group == "smalltalk" and not asker.talks:
            continue
        asker.start()
        reply = asker.ask(question.text)
        reading = read_reply(reply.messages, default_texts())
        if question.group == "smalltalk":
            right = _fitting_replies().fits(question.kind, question.text, reading)
        else:
            right = _is_right(reading, "refuse" if not question.need else "", [question.need] if question.need else [])
        expect = question.fact or ("smalltalk" if question.group == "smalltalk" else "refuse")
        outcomes.append(_outcome(question.group, question.kind, question.text, expect, right, reading, reply))
    return outcomes


def ask_dialogues(asker: Asker, dialogues: Iterable[Dialogue]) -> list[Outcome]:
    """Play each dialogue; the first turn counts as `opening`, the others as `follow-up`."""
    outcomes = []
    for dialogue in dialogues:
        asker.start()
        for number, turn in enumerate(dialogue.turns):
            reply = asker.ask(turn.text)
            if turn.expect == ("smalltalk",) and not asker.talks:
                continue
            reading = read_reply(reply.messages, default_texts())
            right = _is_right(reading, "" if turn.needs else turn.expect[0], turn.needs)
            label, expect = "opening" if number == 0 else "follow-up", " or ".join(turn.expect)
            outcomes.append(_outcome("dialogue", label, turn.text, expect, right, reading, reply))
    return outcomes


def _is_right(reading: Reading, expect: str, needs: Sequence[tuple[str, ...]]) -> bool:
    if needs:
        return reading.kind == "answer" and any(states(reading.shown, need) for need in needs)
    if expect == "refuse":
        return reading.kind in _REFUSING
    if expect == "smalltalk":
        return reading.kind in _TALKING or set(reading.responses) & TALKING_RESPONSES != set()
    return reading.kind == expect


def _outcome(group: str, label: str, text: str, expect: str, right: bool, reading: Reading, reply: Reply) -> Outcome:  # noqa: FBT001
    return Outcome(group, label, text, expect, right, reading, reply.text, reply.context)


@lru_cache(maxsize=1)
def _fitting_replies() -> FittingReplies:
    return FittingReplies.load(default_texts().kinds)
