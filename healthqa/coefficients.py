"""What each feature of the evidence counts: logistic regressions, one for each kind of question."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = [
    "COEFFICIENTS",
    "EXCHANGED_LEANING_COEFFICIENTS",
    "JUDGED_COEFFICIENTS",
    "JUDGED_LEANING_COEFFICIENTS",
    "LEANING_COEFFICIENTS",
    "coefficients_of",
]

# Over `evidence.features_of`, fitted by benchmarks/evidence.py on the dev part of evaluation/sets and on
# further questions of its own, with the default index and with one of plain copies of the articles:
# docs/adr/0003-retrieval.md.
COEFFICIENTS: Mapping[str, float] = {
    "bias": -9.6,
    "dense": 22.1,
    "beside": -10.9,
    "coverage": 3.5,
    "uncovered_share": -5.6,
    "drift": -2.9,
    # The words of a follow-up are few, and its subject was answered before.
    "follows": 2.5,
    # Without anticipated questions the same question is less near to the passage that answers it.
    "plain": 6.3,
    # Not fitted: the set has no intents, and quantities are refused by near_misses.yml before.
    "quantity": -1.0,
    # Less than before (-2.5): the intents are told more surely now (docs/adr/0007-one-model-for-alarms-and-intents.md).
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


def coefficients_of(features: Mapping[str, float]) -> Mapping[str, float]:
    """Return what the features count: otherwise for questions that lean on the last one, and where much was learned."""
    learned = "answerability" in features
    if learned and "exchange" in features:
        return EXCHANGED_LEANING_COEFFICIENTS
    if "own" in features:
        return JUDGED_LEANING_COEFFICIENTS if learned else LEANING_COEFFICIENTS
    return JUDGED_COEFFICIENTS if learned else COEFFICIENTS
