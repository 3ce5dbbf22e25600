"""Fakes for tests: an encoder that needs no model and is fast, deterministic and good enough to rank by words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["FakeEncoder"]


class FakeEncoder:
    """Hashed bag of words, L2-normalised; it remembers what it was asked to encode in `seen`."""

    name = "fake"

    def __init__(self, dimension: int = 64, fingerprint: str = "fake-1") -> None:
        self.dimension = dimension
        self.fingerprint = fingerprint
        self.seen: list[str] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return `(n, dimension)` unit rows; a text without words gets the first unit vector."""
        self.seen.extend(texts)
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                digest = hashlib.blake2b(word.encode(), digest_size=8).digest()
                place = int.from_bytes(digest[:4], "big") % self.dimension
                rows[row, place] += 1.0 if digest[4] % 2 else -1.0
            if not rows[row].any():
                rows[row, 0] = 1.0
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)
