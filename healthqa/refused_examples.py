"""How near a question is to one that the articles do not answer (the examples of `near_misses.yml`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from healthqa.near_misses import NearMiss

if TYPE_CHECKING:
    from healthqa.encoder import Encoder

__all__ = ["RefusedExamples"]


class RefusedExamples:
    """The vectors of the examples; made once, 3 ms each.

    :param examples: questions, each with its kind.
    """

    def __init__(self, encoder: Encoder, examples: Sequence[tuple[str, NearMiss]]) -> None:
        self._encoder = encoder
        self._kinds = tuple(kind for _, kind in examples)
        texts = [text for text, _ in examples]
        self._vectors = encoder.encode(texts) if texts else np.zeros((0, encoder.dimension), dtype=np.float32)

    def nearest(self, *texts: str) -> tuple[float, NearMiss | None]:
        """Return the cosine of the example nearest to any of the texts, and its kind; 0 without examples."""
        asked = list(dict.fromkeys(text for text in texts if text.strip()))
        if not asked or not self._kinds:
            return 0.0, None
        scores = (self._vectors @ self._encoder.encode(asked).T).max(axis=1)
        best = int(scores.argmax())
        return float(min(1.0, max(0.0, scores[best]))), self._kinds[best]
