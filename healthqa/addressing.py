"""For which passage a question was asked, learned from the anticipated questions.

The nearest anticipated question alone is one neighbour among thousands, and "how would they know?" lies near the wrong
one. Kernel ridge regression hears all of them, each for its own passage, on the vectors of both models. Fitted by
`healthqa.answerability_training`; why and how much it helps: docs/adr/0009-learned-ranking.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from healthqa.types import Passage

__all__ = ["Addressees", "Addressing", "Kernel"]


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
    :param questions: joint vectors of the anticipated questions `(n, d)` (`answerability.joint_vectors`).
    :param weights: of each question for each passage `(n, p)`.
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

    :param vector_of: returns a question's joint vector `(d,)`.
    :param passages: of the index, in its order.
    :param asked_articles: slugs of the articles with anticipated questions. Of the passages of others nothing was
        learned: they are held to be as likely as the likeliest.
    """

    def __init__(
        self,
        addressing: Addressing,
        vector_of: Callable[[str], NDArray[np.float32]],
        passages: Sequence[Passage],
        asked_articles: Collection[str],
    ) -> None:
        self._addressing = addressing
        self._vector_of = vector_of
        columns = {key: column for column, key in enumerate(addressing.passages)}
        self._columns = np.array([columns.get(passage.id, -1) for passage in passages], dtype=np.int64)
        self._unknown = np.array([passage.article_slug not in asked_articles for passage in passages], dtype=bool)

    def shares(self, question: str) -> NDArray[np.float32]:
        """Return for every passage how surely the question is for it, 0 (not) to 1."""
        found = self._addressing.shares(self._vector_of(question))
        # A passage of an article with questions, but without one of its own, is for nobody who was anticipated.
        shares = np.where(self._columns >= 0, found[self._columns], np.float32(0.0))
        shares[self._unknown] = found.max(initial=0.0)
        return shares.astype(np.float32)
