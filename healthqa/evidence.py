"""Is the answer among the hits? A probability from few features, and what to do with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from healthqa.lexicon import Lexicon
from healthqa.questions import question_type
from healthqa.types import Context, Hit

__all__ = [
    "BESIDE_LEAD",
    "COEFFICIENTS",
    "EXCHANGED_LEANING_COEFFICIENTS",
    "JUDGED_COEFFICIENTS",
    "JUDGED_LEANING_COEFFICIENTS",
    "LEANING_COEFFICIENTS",
    "Decision",
    "Evidence",
    "OwnWords",
    "assess",
    "assess_leaning",
    "coefficients_of",
    "features_of",
    "question_type",
]

Decision = Literal["answer", "clarify", "refuse"]

# Logistic regression over `features_of`, fitted by benchmarks/evidence.py on the dev part of evaluation/sets and on
# further questions of its own, with the default index and with one of plain copies of the articles:
# docs/adr/0003-retrieval.md.
COEFFICIENTS: Mapping[str, float] = {
    "bias": -9.6,
    "dense": 22.1,
    "beside": -10.9,
    "coverage": 3.5,
    "uncovered_share": -5.6,
    "drift": -2.9,
    "follows": 2.5,
    # Without anticipated questions the same question is less near to the passage that answers it.
    "plain": 6.3,
    # Not fitted: the set has no intents, and near_misses.yml refuses quantities before.
    "quantity": -1.0,
    # Less than before (-2.5): intents are told more surely now (docs/adr/0007-one-model-for-alarms-and-intents.md).
    "refused_intent": -1.5,
    "answered_intent": 0.3,
}
# The same for a question that leans on the last one, fitted by benchmarks/follow_ups.py: docs/adr/0006-follow-ups.md.
LEANING_COEFFICIENTS: Mapping[str, float] = {
    # Both moved from the fit (-4.5, -0.5): few words are refused wrongly as often as they are answered wrongly, whole
    # questions are looked at more strictly.
    "bias": -4.1,
    "complete": -1.1,
    "dense": 5.2,
    "own": 4.7,
    "last": 7.3,
    "beside": -7.1,
    "beside_last": -6.2,
    "uncovered_share": -2.8,
    "drift": -0.9,
    "letters": 2.8,
    # As above.
    "plain": 4.5,
    "refused_intent": -1.5,
}
# The same two where `healthqa.answerability` has learned from anticipated and refused questions. Fitted likewise:
# docs/adr/0008-answerability.md. Moved from the fit: bias (-12.2), drift (-6.9); they refused odd spellings.
JUDGED_COEFFICIENTS: Mapping[str, float] = {
    **COEFFICIENTS,
    "bias": -11.4,
    "dense": 13.3,
    "beside": -0.5,
    "coverage": 2.0,
    "uncovered_share": -2.4,
    "drift": -4.0,
    # Where something was learned, few passages are without questions, and it was not fitted anew.
    "plain": 5.6,
    "answerability": 4.2,
}
JUDGED_LEANING_COEFFICIENTS: Mapping[str, float] = {
    **LEANING_COEFFICIENTS,
    # Moved from the fit (-1.5): of few words that have an answer more were refused wrongly than others answered.
    "bias": -1.3,
    "complete": 0.3,
    "dense": 9.3,
    "own": -0.3,
    "last": 3.3,
    "beside": -4.5,
    "beside_last": -5.4,
    "uncovered_share": -3.3,
    "drift": 0.3,
    "letters": -1.0,
    "answerability": 0.8,
    "answerability_last": 0.4,
    # How surely the question is for the first hit (`healthqa.addressing`): docs/adr/0009-learned-ranking.md.
    "addressed": 5.3,
}
# The same for questions that lean on the last one where exchanges were learned too: docs/adr/0010-exchanges.md.
EXCHANGED_LEANING_COEFFICIENTS: Mapping[str, float] = {
    **JUDGED_LEANING_COEFFICIENTS,
    "bias": 0.5,
    "complete": 0.3,
    "dense": 8.1,
    "own": -0.2,
    "last": 1.5,
    "beside": -5.9,
    "beside_last": -4.2,
    "uncovered_share": -2.4,
    "drift": -0.2,
    "letters": -2.6,
    "answerability": 0.5,
    "answerability_last": 0.4,
    "addressed": 1.8,
    # How surely the first hit is for such a follow-up after such a question.
    "exchange": 9.8,
}
# Below this share of the threshold a guess would be a bad offer.
CLARIFY_SHARE = 0.5
# With exchanges learned a follow-up's evidence is surer: of 14 dev follow-ups between both shares 12 had no answer.
LEANING_CLARIFY_SHARE = 0.8
# A refused question that is nearer than every passage by more than this decides. On dev no answered one is above 0.00.
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


def coefficients_of(features: Mapping[str, float]) -> Mapping[str, float]:
    """Return what the features count: otherwise for questions that lean on the last one, and where much was learned."""
    learned = "answerability" in features
    if learned and "exchange" in features:
        return EXCHANGED_LEANING_COEFFICIENTS
    if "own" in features:
        return JUDGED_LEANING_COEFFICIENTS if learned else LEANING_COEFFICIENTS
    return JUDGED_COEFFICIENTS if learned else COEFFICIENTS


def _best(hits: Sequence[Hit], part: str) -> float:
    return max((hit.parts.get(part, 0.0) for hit in hits[:3]), default=0.0)


def _bounded(answerability: float) -> float:
    return max(-2.0, min(2.0, answerability))


def _refused_intent(context: Context) -> float:
    return context.intent_confidence * (context.intent in ("other_health_topic", "out_of_scope"))


def _probability(coefficients: Mapping[str, float], features: Mapping[str, float]) -> float:
    weight = sum(coefficients[name] * value for name, value in features.items())
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, weight))))
