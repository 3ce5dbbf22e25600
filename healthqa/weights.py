"""What each part counts in a hit's score. The parts all lie within 0 and 1, and so does the score: more is cut off."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ADDRESSED", "ADDRESSED_SHARES", "EXCHANGE", "FOLLOW_UP", "FOLLOW_UP_WEIGHTS", "WEIGHTS", "weights_of"]

# Found on evaluation/dev_smoke.jsonl and the dev part of evaluation/sets: docs/adr/0003-retrieval.md.
WEIGHTS: Mapping[str, float] = {
    "dense": 0.77,
    "lexical": 0.1,
    "topic": 0.05,
    "intent": 0.03,
    "form": 0.05,
}
# Of a question that leans on the last one: the shares of the reader's own words, of the question made stand-alone, and
# of the words with the whole last question behind them. Found on 1,134 follow-ups: docs/adr/0006-follow-ups.md.
FOLLOW_UP = (0.5, 0.08, 0.42)
FOLLOW_UP_WEIGHTS: Mapping[str, float] = {
    "dense": 0.77,
    # BM25 of the words with the last question behind them.
    "lexical": 0.2,
    "intent": 0.03,
    "form": 0.05,
    # Often the next sentence of what was shown is what is asked for.
    "shown": 0.01,
}
# Beside all these together, which count about 1: for which passage the question is, by what was learned. Of a question
# that leans on the last one: the shares of the own words, and of them with the last question behind them. Found
# on 314 questions and 1,112 follow-ups: docs/adr/0009-learned-ranking.md.
ADDRESSED = 0.4
ADDRESSED_SHARES = (0.6, 0.4)
# Beside these, for a question that leans on the last one: for which passage it is after such a question, by what was
# learned from exchanges. Found on 1,597 follow-ups: docs/adr/0010-exchanges.md.
EXCHANGE = 0.8


def weights_of(*, leans: bool, learned: bool, exchanged: bool = False) -> Mapping[str, float]:
    """Return the weights for a question that leans on the last one or not.

    :param learned: addressees were learned from questions; :param exchanged: and from exchanges too.
    """
    weights = FOLLOW_UP_WEIGHTS if leans else WEIGHTS
    beside = {"addressed": ADDRESSED} if learned else {}
    if learned and leans and exchanged:
        beside["exchange"] = EXCHANGE
    total = 1.0 + sum(beside.values())
    return {name: weight / total for name, weight in {**weights, **beside}.items()}
