"""How a question lies between those that the articles answer and those they do not.

A support vector machine over the anticipated questions and the refused ones: one question like it says little ("which
fish have B12?" lies beside "which fish has the most B12?"), the weighted word of all near ones says much. Fitted by
`healthqa.answerability_training`; why and how much it helps: docs/adr/0008-answerability.md.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from healthqa.addressing import Addressing, Kernel
from healthqa.encoder import Encoder, file_sha256
from healthqa.errors import AnswerabilityError
from healthqa.safety import finder_of
from healthqa.safety.classifier import AlarmClassifier, without_closing_marks
from healthqa.settings import Settings

__all__ = [
    "ADDRESSES_FILE",
    "CARD_FILE",
    "EXCHANGES_FILE",
    "FORMAT",
    "VECTORS_FILE",
    "Answerability",
    "Card",
    "JointVectors",
    "Learned",
    "ReadsMessages",
    "joint_vectors",
    "learned_stamp",
    "load_learned",
    "read_card",
]

logger = logging.getLogger(__name__)

CARD_FILE = "answerability.json"
VECTORS_FILE = "answerability.npz"
ADDRESSES_FILE = "addressing.npz"
EXCHANGES_FILE = "exchanges.npz"
FORMAT = 3


class ReadsMessages(Protocol):
    """What is needed of the alarm classifier."""

    @property
    def fingerprint(self) -> str:
        """Identifies the weights."""

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return L2-normalised vectors, shape `(len(texts), d)`."""


@dataclass(frozen=True)
class Card:
    """What `answerability.json` says.

    :param examples: hash of the questions it was fitted on, and of how.
    :param encoder: fingerprint of the retrieval encoder; :param reader: of the alarm classifier.
    :param gamma: width of the kernel `exp(-gamma * distance ** 2)`; :param bias: what is added to the weighted sum.
    :param passages: ids of the passages that questions were anticipated for.
    :param exchanged: ids of the passages that answer in exchanges; empty where there are too few.
    :param files: SHA-256 of each file beside the card.
    """

    examples: str
    encoder: str
    reader: str
    gamma: float
    bias: float
    passages: tuple[str, ...]
    exchanged: tuple[str, ...]
    files: dict[str, str]
    format: int = FORMAT


@dataclass(frozen=True)
class JointVectors:
    """Reads questions with both models."""

    encoder: Encoder
    reader: ReadsMessages

    def of(self, text: str) -> NDArray[np.float32]:
        """Return the joint vector of one question, shape `(d,)`."""
        vector: NDArray[np.float32] = joint_vectors([text], self.encoder, self.reader)[0]
        return vector


class Answerability:
    """The fitted machine. Safe to use from several threads.

    :param support: questions on which the boundary rests, as joint vectors `(n, d)`.
    :param weights: of each of them `(n,)`; above 0: the articles answer it.
    """

    def __init__(
        self,
        card: Card,
        support: NDArray[np.float32],
        weights: NDArray[np.float32],
        vectors: JointVectors,
    ) -> None:
        self._kernel = Kernel(support, card.gamma)
        self._bias = card.bias
        self._weights = weights
        self._vectors = vectors

    def score(self, text: str) -> float:
        """Return on which side a question lies, mostly -2 to 2: about 1 like the answered, -1 like the refused."""
        near = self._kernel.to(self._vectors.of(text)[None, :])[0]
        return float(near @ self._weights) + self._bias


@dataclass(frozen=True)
class Learned:
    """What was learned from the anticipated and the refused questions, and from exchanges.

    :param answerability: whether the articles answer a question; :param addressing: which passage it is for.
    :param exchanges: which passage a follow-up is for; None where there are too few exchanges.
    :param vectors: what all judge from.
    """

    answerability: Answerability
    addressing: Addressing
    exchanges: Addressing | None
    vectors: JointVectors

    @classmethod
    def load(cls, folder: Path, encoder: Encoder, reader: ReadsMessages) -> Learned:
        """Read what `healthqa train-answerability` wrote.

        :raises AnswerabilityError: when it is missing, damaged, or was fitted with other models than those in use.
        """
        card = read_card(folder)
        if (card.encoder, card.reader) != (encoder.fingerprint, reader.fingerprint):
            raise AnswerabilityError(f"{folder} was fitted with other models than those in use. Run `make index`.")
        vectors = JointVectors(encoder, reader)
        boundary = _arrays(folder / VECTORS_FILE, card)
        try:
            support = boundary["support"].astype(np.float32)
            return cls(
                Answerability(card, support, boundary["weights"], vectors),
                _addressing(folder / ADDRESSES_FILE, card, card.passages),
                _addressing(folder / EXCHANGES_FILE, card, card.exchanged) if card.exchanged else None,
                vectors,
            )
        except KeyError as error:
            raise AnswerabilityError(f"{folder} cannot be read (no {error}). Run `make index`.") from error


def load_learned(settings: Settings, encoder: Encoder) -> Learned | None:
    """Return what was learned for the index in use; None where there is nothing, or, logged, nothing usable."""
    if not settings.answerability_dir.exists():
        return None
    reader = finder_of(settings).classifier
    if not isinstance(reader, AlarmClassifier):
        return None
    try:
        return Learned.load(settings.answerability_dir, encoder, reader)
    except AnswerabilityError as error:
        logger.error("More questions than usual will be answered or refused wrongly: %s", error)
        return None


def learned_stamp(settings: Settings) -> int:
    """Return what changes whenever something else was learned: nanoseconds; 0 where there is nothing."""
    try:
        return (settings.answerability_dir / CARD_FILE).stat().st_mtime_ns
    except OSError:
        return 0


def read_card(folder: Path) -> Card:
    """Read `answerability.json`.

    :raises AnswerabilityError: when it is missing, cannot be read or has another format.
    """
    path = folder / CARD_FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        lists = {name: tuple(values.get(name, ())) for name in ("passages", "exchanged")}
        card = Card(**{**values, **lists})
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise AnswerabilityError(f"{path} cannot be read ({type(error).__name__}). Run `make index`.") from error
    if card.format != FORMAT:
        raise AnswerabilityError(f"{path} was written by another version. Run `make index`.")
    return card


def _addressing(path: Path, card: Card, passages: tuple[str, ...]) -> Addressing:
    arrays = _arrays(path, card)
    return Addressing(passages, arrays["questions"].astype(np.float32), arrays["weights"], card.gamma)


def _arrays(path: Path, card: Card) -> dict[str, NDArray[np.float32]]:
    try:
        if file_sha256(path) != card.files.get(path.name):
            raise AnswerabilityError(f"{path} is not the file that was fitted (damaged?). Run `make index`.")
        with np.load(path) as found:
            return {name: found[name] for name in found.files}
    except (OSError, ValueError) as error:
        raise AnswerabilityError(f"{path} cannot be read ({error}). Run `make index`.") from error


def joint_vectors(texts: Sequence[str], encoder: Encoder, reader: ReadsMessages) -> NDArray[np.float32]:
    """Return the retrieval encoder's vectors beside the alarm classifier's, shape `(len(texts), d1 + d2)`.

    The first knows what is asked about, the second in which way: together they tell the two apart better.
    """
    read = reader.vectors([without_closing_marks(text) for text in texts])
    return np.hstack([encoder.encode(list(texts)), read]).astype(np.float32)
