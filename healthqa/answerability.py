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

from healthqa.encoder import Encoder, file_sha256
from healthqa.errors import AnswerabilityError
from healthqa.safety import finder_of
from healthqa.safety.classifier import AlarmClassifier, without_closing_marks
from healthqa.settings import Settings

__all__ = [
    "CARD_FILE",
    "FORMAT",
    "VECTORS_FILE",
    "Answerability",
    "Card",
    "ReadsMessages",
    "joint_vectors",
    "load_learned",
    "read_card",
]

logger = logging.getLogger(__name__)

CARD_FILE = "answerability.json"
VECTORS_FILE = "answerability.npz"
FORMAT = 1


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
    :param sha256: hash of the vectors' file.
    """

    examples: str
    encoder: str
    reader: str
    gamma: float
    bias: float
    sha256: str
    format: int = FORMAT


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
        encoder: Encoder,
        reader: ReadsMessages,
    ) -> None:
        self._card = card
        self._support = support
        self._lengths = (support**2).sum(axis=1)
        self._weights = weights
        self._encoder = encoder
        self._reader = reader

    @classmethod
    def load(cls, folder: Path, encoder: Encoder, reader: ReadsMessages) -> Answerability:
        """Read what `healthqa train-answerability` wrote.

        :raises AnswerabilityError: when it is missing, damaged, or was fitted with other models than those in use.
        """
        card = read_card(folder)
        if (card.encoder, card.reader) != (encoder.fingerprint, reader.fingerprint):
            raise AnswerabilityError(f"{folder} was fitted with other models than those in use. Run `make index`.")
        path = folder / VECTORS_FILE
        try:
            if file_sha256(path) != card.sha256:
                raise AnswerabilityError(f"{path} is not the file that was fitted (damaged?). Run `make index`.")
            with np.load(path) as found:
                return cls(card, found["support"].astype(np.float32), found["weights"], encoder, reader)
        except (OSError, ValueError, KeyError) as error:
            raise AnswerabilityError(f"{path} cannot be read ({error}). Run `make index`.") from error

    def score(self, text: str) -> float:
        """Return on which side a question lies, mostly -2 to 2: about 1 like the answered, -1 like the refused."""
        vector = joint_vectors([text], self._encoder, self._reader)[0]
        distances = self._lengths + float((vector**2).sum()) - 2.0 * (self._support @ vector)
        kernel = np.exp(-self._card.gamma * np.maximum(distances, 0.0))
        return float(kernel @ self._weights) + self._card.bias


def load_learned(settings: Settings, encoder: Encoder) -> Answerability | None:
    """Return what was learned for the index in use; None where there is nothing, or, logged, nothing usable."""
    reader = finder_of(settings).classifier
    if not settings.answerability_dir.exists() or not isinstance(reader, AlarmClassifier):
        return None
    try:
        return Answerability.load(settings.answerability_dir, encoder, reader)
    except AnswerabilityError as error:
        logger.error("More questions than usual will be answered or refused wrongly: %s", error)
        return None


def read_card(folder: Path) -> Card:
    """Read `answerability.json`.

    :raises AnswerabilityError: when it is missing, cannot be read or has another format.
    """
    path = folder / CARD_FILE
    try:
        card = Card(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise AnswerabilityError(f"{path} cannot be read ({type(error).__name__}). Run `make index`.") from error
    if card.format != FORMAT:
        raise AnswerabilityError(f"{path} was written by another version. Run `make index`.")
    return card


def joint_vectors(texts: Sequence[str], encoder: Encoder, reader: ReadsMessages) -> NDArray[np.float32]:
    """Return the retrieval encoder's vectors beside the alarm classifier's, shape `(len(texts), d1 + d2)`.

    The first knows what is asked about, the second in which way: together they tell the two apart better.
    """
    read = reader.vectors([without_closing_marks(text) for text in texts])
    return np.hstack([encoder.encode(list(texts)), read]).astype(np.float32)
