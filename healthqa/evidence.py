"""Is the answer among the hits? A probability from few features, and what to do with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from healthqa.coefficients import COEFFICIENTS, coefficients_of
from healthqa.lexicon import Lexicon
from healthqa.questions import question_type
from healthqa.types import Context, Hit

__all__ = [
    "BESIDE_LEAD",
    "Decision",
    "Evidence",
    "OwnWords",
    "assess",
    "assess_leaning",
    "features_of",
    "question_type",
]

Decision = Literal["answer", "clarify", "refuse"]

# Below this share of the threshold a guess would be a bad offer.
CLARIFY_SHARE = 0.5
# With exchanges learned a follow-up's evidence is surer: of 14 dev follow-ups between both shares 12 had no answer.
LEANING_CLARIFY_SHARE = 0.8
# A refused question that is nearer than every passage by more than this decides, whatever else speaks for an answer.
# On the dev part no answered question lies above 0.00.
BESIDE_LEAD = 0.02


@dataclass(frozen=True)
class OwnWords:
    """What the reader's own words of a question show that leans on the last one.

    :param text: the words.
    :param complete: they are a question that can be understood alone.
    :param beside: cosine of the refused question nearest to them (`RefusedExamples.nearest`).
    :param beside_last: the same with the last question behind them.
    :param uncovered: those that the corpus lacks.
    :param drift: how much these lead away from the corpus.
    :param answerability: of the words, and of them with the last question behind them; None where nothing was learned.
    """

    text: str
    complete: bool = False
    beside: float = 0.0
    beside_last: float = 0.0
    uncovered: tuple[str, ...] = ()
    drift: float = 0.0
    answerability: tuple[float, float] | None = None


@dataclass(frozen=True)
class Evidence:
    """How likely the first hit answers, and why.

    :param probability: 0.0-1.0.
    :param uncovered_terms: content words of the question that no passage contains.
    :param question_type: `how_much`, `why`, `compare` ... or `other`.
    :param features: what the probability was made of.
    """

    probability: float
    uncovered_terms: tuple[str, ...]
    question_type: str
    decision: Decision
    features: Mapping[str, float] = field(default_factory=dict)


def assess(
    question: str,
    hits: Sequence[Hit],
    context: Context,
    lexicon: Lexicon,
    *,
    uncovered: Sequence[str] = (),
    drift: float = 0.0,
    beside: float = 0.0,
    follows: bool = False,
    plain: float = 0.0,
    answerability: float | None = None,
    threshold: float = 0.5,
) -> Evidence:
    """Judge the hits for a stand-alone question.

    :param uncovered: content words that the corpus lacks (`Retriever.uncovered`).
    :param drift: how much those words lead away from the corpus (`Retriever.drift`).
    :param beside: cosine of the nearest question that is refused (`RefusedExamples.nearest`).
    :param follows: the question was made stand-alone: its subject has been answered before.
    :param plain: share of the passages without anticipated questions (`Retriever.plain`).
    :param answerability: `Answerability.score`; None where nothing was learned.
    :param threshold: probability from which on the first hit is shown.
    """
    kind = question_type(question)
    features = features_of(question, hits, context, lexicon, uncovered, drift, beside, follows, plain)
    if answerability is not None:
        features["answerability"] = _bounded(answerability)
    probability = _probability(coefficients_of(features), features) if hits else 0.0
    decision: Decision = "refuse"
    # As near as it would be with anticipated questions.
    lift = COEFFICIENTS["plain"] * plain / COEFFICIENTS["dense"]
    overruled = features["beside"] - features["dense"] - lift > BESIDE_LEAD
    if hits and probability >= threshold and not overruled:
        decision = "answer"
    elif hits and probability >= threshold * CLARIFY_SHARE:
        decision = "clarify"
    return Evidence(probability, tuple(uncovered), kind, decision, features)


def assess_leaning(
    own: OwnWords,
    hits: Sequence[Hit],
    context: Context,
    lexicon: Lexicon,
    *,
    plain: float = 0.0,
    threshold: float = 0.5,
) -> Evidence:
    """Judge the hits for a question that leans on the last one (`Retriever.search` with `spoken`).

    :param plain: share of the passages without anticipated questions.
    """
    words = len(lexicon.analyse(own.text).tokens)
    features = {
        "bias": 1.0,
        "complete": float(own.complete),
        **{name: _best(hits, name) for name in ("dense", "own", "last")},
        "beside": own.beside,
        "beside_last": own.beside_last,
        "uncovered_share": min(1.0, len(own.uncovered) / max(1, words)),
        "drift": min(2.0, 10.0 * own.drift),
        "letters": sum(char.isascii() and char.isalpha() for char in own.text) / max(1, len(own.text)),
        "plain": plain,
        "refused_intent": _refused_intent(context),
    }
    if own.answerability is not None:
        features["answerability"], features["answerability_last"] = map(_bounded, own.answerability)
        parts = hits[0].parts if hits else {}
        features |= {name: parts[name] for name in ("addressed", "exchange") if name in parts}
    probability = _probability(coefficients_of(features), features) if hits else 0.0
    share = LEANING_CLARIFY_SHARE if "exchange" in features else CLARIFY_SHARE
    decision: Decision = "refuse"
    if probability >= threshold:
        decision = "answer"
    elif hits and probability >= threshold * share:
        decision = "clarify"
    return Evidence(probability, own.uncovered, question_type(own.text), decision, features)


def features_of(
    question: str,
    hits: Sequence[Hit],
    context: Context,
    lexicon: Lexicon,
    uncovered: Sequence[str],
    drift: float,
    beside: float = 0.0,
    follows: bool = False,
    plain: float = 0.0,
) -> dict[str, float]:
    """Return the numbers that the probability is made of; `drift` lies within 0 and 2, all others within 0 and 1."""
    words = lexicon.analyse(question).tokens
    return {
        "bias": 1.0,
        "dense": _best(hits, "dense"),
        "beside": beside,
        "coverage": _best(hits, "coverage"),
        "uncovered_share": min(1.0, len(uncovered) / max(1, len(words))),
        "drift": min(2.0, 10.0 * drift),
        "follows": float(follows),
        "plain": plain,
        "quantity": float(question_type(question) in ("how_much", "price")),
        "refused_intent": _refused_intent(context),
        "answered_intent": context.intent_confidence * context.intent.startswith("ask_"),
    }


def _best(hits: Sequence[Hit], part: str) -> float:
    return max((hit.parts.get(part, 0.0) for hit in hits[:3]), default=0.0)


def _bounded(answerability: float) -> float:
    return max(-2.0, min(2.0, answerability))


def _refused_intent(context: Context) -> float:
    return context.intent_confidence * (context.intent in ("other_health_topic", "out_of_scope"))


def _probability(coefficients: Mapping[str, float], features: Mapping[str, float]) -> float:
    weight = sum(coefficients[name] * value for name, value in features.items())
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, weight))))
