"""Does the search find the right passage? Measured on the core: a channel's reply names only what was shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluation.keys import states
from evaluation.questions import Question
from healthqa.assistant import Assistant
from healthqa.types import Passage

__all__ = ["Recall", "measure_recall", "right_passages_by_key"]

CUTOFF = 10


@dataclass(frozen=True)
class Recall:
    """Where the first right passage of each question stood.

    :param ranks: 1 for the first hit; 0 where it was not among the first ten, or nothing was searched.
    """

    ranks: tuple[int, ...]

    @property
    def total(self) -> int:
        """Number of questions."""
        return len(self.ranks)

    def found(self, k: int) -> int:
        """Return how many questions have a right passage among their first k hits."""
        return sum(0 < rank <= k for rank in self.ranks)

    @property
    def mrr(self) -> float:
        """Mean reciprocal rank within the first ten hits."""
        return sum(1 / rank for rank in self.ranks if rank) / max(1, self.total)


def measure_recall(assistant: Assistant, questions: Sequence[Question], right: Mapping[str, Sequence[str]]) -> Recall:
    """Search for each question that has a fact.

    A question that a rule refuses before anything is searched counts as not found: its reader sees no passage.

    :param right: fact -> ids of the passages that state it.
    """
    ranks = []
    for question in questions:
        if question.group == "in_scope":
            examination = assistant.examine(question.text)
            ids = [hit.passage.id for hit in (*examination.hits, *examination.further)][:CUTOFF]
            wanted = right.get(question.fact, ())
            ranks.append(next((place for place, found in enumerate(ids, start=1) if found in wanted), 0))
    return Recall(tuple(ranks))


def right_passages_by_key(facts: Mapping[str, Sequence[str]], passages: Sequence[Passage]) -> dict[str, list[str]]:
    """Return fact -> passages that match its patterns; for other articles than those that were read for the keys."""
    return {fact: [p.id for p in passages if states(p.text, need)] for fact, need in facts.items()}
