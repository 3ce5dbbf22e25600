"""For which passage a question was asked, learned from the anticipated questions and from exchanges.

The nearest anticipated question alone is one neighbour among thousands, and "how would they know?" lies near the wrong
one. Kernel ridge regression hears all of them, each for its own passage, on the vectors of both models. A second one
hears the exchanges: what a few words ask for depends on what was asked before. Fitted by
`healthqa.answerability_training`; why and how much it helps: docs/adr/0009-learned-ranking.md and 0010.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from healthqa.types import Passage

__all__ = ["LAST_SHARE", "Addressees", "Addressing", "Kernel", "exchange_vectors"]

# How much the question before counts beside the follow-up's own words: docs/adr/0010-exchanges.md.
LAST_SHARE = 0.5


def exchange_vectors(own: NDArray[np.float32], last: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the vectors of follow-ups after their last questions, `(n, 2 * d)`, from those of both `(n, d)`."""
    return np.hstack([own, np.float32(LAST_SHARE) * last])


class Kernel:
    """How near vectors are to those that were learned from: `exp(-gamma * distance ** 2)`, 1 for the same vector.

    :param support: the vectors learned from `(n, d)`; :param gamma: how narrow.
    """

    def __init__(self, support: NDArray[np.float32], gamma: float) -> None:
        self._support = support
        self._gamma = gamma
        # Once: for every question it would cost as much as all the rest.
        self._squares = (support**2).sum(axis=1)

    def to(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the nearness of each vector `(m, d)` to each one learned from, shape `(m, n)`."""
        squares = (vectors**2).sum(axis=1)[:, None] + self._squares[None, :]
        distances = np.maximum(squares - 2.0 * (vectors @ self._support.T), 0.0)
        near: NDArray[np.float32] = np.exp(-self._gamma * distances).astype(np.float32)
        return near


class Addressing:
    """The fitted regression. Safe to use from several threads.

    :param passages: ids of the passages that were asked for, `p` of them.
    :param questions: vectors of what was learned from `(n, d)`: `answerability.joint_vectors` of the anticipated
        questions, or `exchange_vectors`.
    :param weights: of each for each passage `(n, p)`.
    :param gamma: width of the kernel.
    """

    def __init__(
        self,
        passages: Sequence[str],
        questions: NDArray[np.float32],
        weights: NDArray[np.float32],
        gamma: float,
    ) -> None:
        self.passages = tuple(passages)
        self._kernel = Kernel(questions, gamma)
        self._weights = weights

    def shares(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return for each of `passages` how surely a question is for it, 0 (not) to 1, from its vector `(d,)`."""
        found = self._kernel.to(vector[None, :])[0] @ self._weights
        shares: NDArray[np.float32] = np.clip(found, 0.0, 1.0)
        return shares


class Addressees:
    """What `Addressing` says, for the passages of one index.

    :param passages: of the index, in its order. Of articles for which nothing was asked nothing was learned: their
        passages are held to be as likely as the likeliest.
    """

    def __init__(self, addressing: Addressing, passages: Sequence[Passage]) -> None:
        self._addressing = addressing
        columns = {key: column for column, key in enumerate(addressing.passages)}
        asked = {key.split("#")[0] for key in addressing.passages}
        self._columns = np.array([columns.get(passage.id, -1) for passage in passages], dtype=np.int64)
        self._unknown = np.array([passage.article_slug not in asked for passage in passages], dtype=bool)

    def shares(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return for every passage how surely a question is for it, 0 (not) to 1, from its vector `(d,)`."""
        found = self._addressing.shares(vector)
        # A passage of an article with questions, but without one of its own, is for nobody who was anticipated.
        shares = np.where(self._columns >= 0, found[self._columns], np.float32(0.0))
        shares[self._unknown] = found.max(initial=0.0)
        return shares.astype(np.float32)
