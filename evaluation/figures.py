"""Shares of right replies with their confidence intervals, and the figures that issue 3 sets goals for."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from evaluation.recall import Recall
from evaluation.replies import WITHOUT_DISCLAIMER, Message
from evaluation.scoring import Outcome

__all__ = ["MessageCheck", "Rate", "check_messages", "goal_rates", "in_scope_replies", "mean_words", "rates", "wilson"]

_Z95 = 1.959963984540054
MOST_WORDS = 90


@dataclass(frozen=True)
class Rate:
    """`hits` of `total`, with the 95 % Wilson interval.

    :param goal: share to be reached, or not to be exceeded where `at_most` is set; None: there is no goal.
    """

    name: str
    hits: int
    total: int
    goal: float | None = None
    at_most: bool = False

    @property
    def share(self) -> float:
        """Hits / total; 0 for an empty set."""
        return self.hits / self.total if self.total else 0.0

    @property
    def reached(self) -> bool:
        """Whether the share itself (not its interval) reaches the goal; an empty set reaches none."""
        if self.goal is None or not self.total:
            return False
        return self.share <= self.goal if self.at_most else self.share >= self.goal


@dataclass(frozen=True)
class MessageCheck:
    """All messages of one kind: how many carry what they must and nothing that they must not."""

    kind: str
    total: int
    disclaimer: int
    source: int
    proper: int


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


def rates(outcomes: Iterable[Outcome]) -> list[Rate]:
    """Right replies per group, and within each group per label."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for outcome in outcomes:
        for name in (outcome.group, f"{outcome.group} / {outcome.label}"):
            counts[name][0] += outcome.right
            counts[name][1] += 1
    return [Rate(name, hits, total) for name, (hits, total) in sorted(counts.items())]


def in_scope_replies(outcomes: Iterable[Outcome]) -> list[Rate]:
    """What the in-scope questions got; the rows add up to all of them."""
    asked = [outcome for outcome in outcomes if outcome.group == "in_scope"]
    names = Counter(_reply_name(outcome) for outcome in asked)
    order = ("answered, all facts", "answered, facts missing", "did you mean", "refused", "alarm", "other")
    return [Rate(name, names[name], len(asked)) for name in order]


def _reply_name(outcome: Outcome) -> str:
    if outcome.kind == "answer":
        return "answered, all facts" if outcome.right else "answered, facts missing"
    names = {"did_you_mean": "did you mean", "refuse": "refused", "clarify": "refused"}
    names |= dict.fromkeys(("emergency", "crisis"), "alarm")
    return names.get(outcome.kind, "other")


def mean_words(outcomes: Iterable[Outcome]) -> float:
    """Words before source and disclaimer of an answered in-scope question, on average; 0 without an answer."""
    counts = [outcome.words for outcome in outcomes if outcome.group == "in_scope" and outcome.kind == "answer"]
    return sum(counts) / max(1, len(counts))


def check_messages(outcomes: Iterable[Outcome], passages: Sequence[str]) -> list[MessageCheck]:
    """Count, by kind, the messages that carry disclaimer and source as they must.

    :param passages: texts of all passages; each shown block has to be a part of one of them, word for word. Two
        passages above one source would be a passage without its source.
    """
    whole = [" ".join(text.split()) for text in passages]
    found: dict[str, list[Message]] = defaultdict(list)
    for outcome in outcomes:
        for message in outcome.reading.messages:
            found[message.kind].append(message)
    return [
        MessageCheck(
            kind,
            len(messages),
            sum(message.disclaimer for message in messages),
            sum(bool(message.blocks) for message in messages),
            sum(_is_proper(message, whole) for message in messages),
        )
        for kind, messages in sorted(found.items())
    ]


def _is_proper(message: Message, passages: Sequence[str]) -> bool:
    if message.stray or message.kind in ("unknown", "none"):
        return False
    if not message.disclaimer and message.kind not in WITHOUT_DISCLAIMER:
        return False
    blocks = [" ".join(block.split()) for block in message.blocks]
    return all(block and any(block in passage for passage in passages) for block in blocks)


def goal_rates(outcomes: Sequence[Outcome], recall: Recall, checks: Sequence[MessageCheck]) -> list[Rate]:
    """The figures of issue 3's table that this program measures; the alarms' are measured in evaluation/safety."""

    def rate(name: str, chosen: Callable[[Outcome], bool], goal: float) -> Rate:
        found = [outcome for outcome in outcomes if chosen(outcome)]
        return Rate(name, sum(outcome.right for outcome in found), len(found), goal)

    refused = [o for o in outcomes if o.group == "in_scope" and o.kind not in ("answer", "did_you_mean")]
    asked = sum(outcome.group == "in_scope" for outcome in outcomes)
    return [
        rate("in-scope questions answered with all their facts", lambda o: o.group == "in_scope", 0.95),
        Rate("the right passage among the first 3 hits (core)", recall.found(3), recall.total, 0.98),
        rate("near misses refused", lambda o: o.group == "near_miss", 0.95),
        rate("other unanswerable questions refused", lambda o: o.group == "unanswerable", 0.99),
        Rate("in-scope questions refused", len(refused), asked, 0.03, at_most=True),
        rate("follow-up turns answered right", lambda o: o.group == "dialogue" and o.label == "follow-up", 0.93),
        rate("small talk and meta questions handled right", lambda o: o.group == "smalltalk", 0.98),
        Rate("disclaimer and source as they must be", sum(c.proper for c in checks), sum(c.total for c in checks), 1.0),
    ]
