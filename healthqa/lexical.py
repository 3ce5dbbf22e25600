"""BM25 over lexicon tokens, and how much of a question a passage covers."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import bm25s
import numpy as np
from numpy.typing import NDArray

__all__ = ["LexicalIndex"]

logging.getLogger("bm25s").setLevel(logging.ERROR)

_K1, _B = 1.2, 0.6


class LexicalIndex:
    """The tokens of every passage.

    :param documents: tokens of each passage, in the order of the index.
    """

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        self.tokens = [frozenset(tokens) for tokens in documents]
        self.vocabulary: frozenset[str] = frozenset().union(*self.tokens)
        counts = Counter(token for tokens in self.tokens for token in tokens)
        total = len(documents)
        # BM25's inverse document frequency, in the variant that never gets negative.
        self._idf = {token: math.log(1.0 + (total - count + 0.5) / (count + 0.5)) for token, count in counts.items()}
        self._rarest = math.log(1.0 + total)
        self._bm25 = _bm25_of(documents)

    def idf(self, token: str) -> float:
        """Return the weight of a token: the rarer, the heavier; of an unknown one the greatest."""
        return self._idf.get(token, self._rarest)

    def scores(self, tokens: Sequence[str]) -> NDArray[np.float32]:
        """Return BM25 of every passage as a share of what a passage could reach at most, `(n,)`.

        Unknown tokens count in that bound: a question half of which nobody wrote about is half answered at best.
        """
        asked = list(dict.fromkeys(tokens))
        known = [token for token in asked if token in self._idf]
        if not known or self._bm25 is None:
            return np.zeros(len(self.tokens), dtype=np.float32)
        bound = max(sum(self.idf(token) for token in asked), 1e-6)
        found = np.asarray(self._bm25.get_scores(known), dtype=np.float32) / np.float32(bound)
        return np.clip(found, 0.0, 1.0)

    def coverage(self, ordinal: int, tokens: Sequence[str], also: frozenset[str] = frozenset()) -> float:
        """Return the idf-weighted share of the tokens that the passage, or `also`, contains."""
        asked = set(tokens)
        total = sum(self.idf(token) for token in asked)
        if not total:
            return 0.0
        return sum(self.idf(token) for token in asked & (self.tokens[ordinal] | also)) / total


def _bm25_of(documents: Sequence[Sequence[str]]) -> Any:  # noqa: ANN401  bm25s has no types
    if not any(documents):
        return None
    index = bm25s.BM25(method="lucene", k1=_K1, b=_B)
    index.index([list(tokens) for tokens in documents], show_progress=False)
    return index
