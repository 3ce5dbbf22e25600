"""From replies to figures: what each reply was, whether it was right, and rates with confidence intervals."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import yaml

from evaluation.askers import Asker, Reply
from evaluation.questions import Dialogue, Question
from healthqa.answer import DISCLAIMER, NOT_REVIEWED, SOURCE_PREFIX
from healthqa.settings import Settings

__all__ = ["Outcome", "Rate", "ask_dialogues", "ask_questions", "rates", "reply_kind", "shown_text", "wilson"]

_Z95 = 1.959963984540054


@dataclass(frozen=True)
class Outcome:
    """One judged reply. `kind` is what the reply was; `words` counts the shown passages only."""

    group: str
    label: str
    text: str
    expect: str
    kind: str
    right: bool
    disclaimer: bool
    words: int
    reply: str


@dataclass(frozen=True)
class Rate:
    """`hits` of `total`, with the 95 % Wilson interval."""

    name: str
    hits: int
    total: int

    @property
    def share(self) -> float:
        """Hits / total; 0 for an empty set."""
        return self.hits / self.total if self.total else 0.0


def wilson(hits: int, total: int) -> tuple[float, float]:
    """95 % score interval of a share (Wilson 1927).

    :raises ValueError: for an empty set.
    """
    if total <= 0:
        raise ValueError("A share of nothing has no interval.")
    share, z2 = hits / total, _Z95**2
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = _Z95 * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2)) / (1 + z2 / total)
    return max(0.0, centre - half), min(1.0, centre + half)


def shown_text(reply: str) -> str:
    """The passages of a reply: the lines before each source line, without sources, notice and disclaimer."""
    lines = reply.split("\n")
    sources = [number for number, line in enumerate(lines) if line.startswith(SOURCE_PREFIX)]
    if not sources:
        return ""
    kept = (line for line in lines[: sources[-1]] if not line.startswith((SOURCE_PREFIX, *_notices())))
    return "\n".join(line for line in kept if line != NOT_REVIEWED)


@lru_cache(maxsize=1)
def _notices() -> tuple[str, ...]:
    """First lines of the automated notice, which stands before the first reply of a conversation."""
    texts = yaml.safe_load(Settings.from_env().responses_path.read_text(encoding="utf-8"))
    return tuple(variant["text"].strip().split("\n")[0] for variant in texts["responses"]["utter_notice"])


def reply_kind(reply: Reply) -> str:
    """What the reader sees: `answer`, `other` (refusal, clarification, alarm, small talk) or `none`."""
    if reply.messages == 0:
        return "none"
    return "answer" if shown_text(reply.text) else "other"


def ask_questions(asker: Asker, questions: Iterable[Question]) -> list[Outcome]:
    """Put each question in a conversation of its own and judge the reply."""
    outcomes = []
    for question in questions:
        asker.start()
        reply = asker.ask(question.text)
        outcomes.append(_judge(question.group, question.kind, question.text, question.fact, question.need, reply))
    return outcomes


def ask_dialogues(asker: Asker, dialogues: Iterable[Dialogue]) -> list[Outcome]:
    """Play each dialogue; the first turn counts as `dialogue opening`, the others as `follow-up`."""
    outcomes = []
    for dialogue in dialogues:
        asker.start()
        for number, turn in enumerate(dialogue.turns):
            label = "opening" if number == 0 else "follow-up"
            outcomes.append(_judge("dialogue", label, turn.text, turn.expect, turn.need, asker.ask(turn.text)))
    return outcomes


def _judge(group: str, label: str, text: str, expect: str, need: tuple[str, ...], reply: Reply) -> Outcome:
    kind, shown = reply_kind(reply), shown_text(reply.text)
    if need:
        right = kind == "answer" and all(re.search(pattern, shown, re.IGNORECASE) for pattern in need)
    elif expect == "emergency":
        right = kind == "other" and bool(re.search(r"\bcall\b", reply.text.split("\n")[0], re.IGNORECASE))
    elif expect == "crisis":
        right = kind == "other" and bool(re.search(r"\bnot alone\b.*\bcall\b", reply.text, re.IGNORECASE | re.DOTALL))
    else:
        right = kind == "other"
    return Outcome(group, label, text, expect, kind, right, DISCLAIMER in reply.text, len(shown.split()), reply.text)


def rates(outcomes: Iterable[Outcome]) -> list[Rate]:
    """Right replies per group, and within each group per label."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for outcome in outcomes:
        for name in (outcome.group, f"{outcome.group} / {outcome.label}"):
            counts[name][0] += outcome.right
            counts[name][1] += 1
    return [Rate(name, hits, total) for name, (hits, total) in sorted(counts.items())]
