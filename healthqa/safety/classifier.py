"""How likely a message is an emergency or a crisis: a transformer, fine-tuned on `knowledge/alarms`.

It learned the intents beside (docs/adr/0007-one-model-for-alarms-and-intents.md), so the vector from which it tells the
alarms is also what NLU tells the intents from. Run time only: onnxruntime and tokenizers;
`healthqa.safety.training` makes the model (`healthqa train-alarms`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from healthqa.encoder import file_sha256, load_session, load_tokenizer
from healthqa.errors import AlarmModelError
from healthqa.safety.examples import KINDS
from healthqa.safety.readable import Reader

__all__ = [
    "AlarmCard",
    "AlarmClassifier",
    "AlarmScore",
    "pieces_of",
    "read_alarm_card",
    "without_closing_marks",
]

CARD_FILE = "alarms.json"
MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
WORDS_FILE = "words.txt"
FORMAT = 4
# A message is read whole: on its sentences one by one the model raises three times as many false alarms at the same
# recall (docs/adr/0005-alarm-classifier.md). Only what is longer than the model can read is cut, at sentence ends.
PIECE_WORDS = 80
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
# Nobody needs more pieces than this, and one message must not hold up the server.
MOST_PIECES = 24
_BATCH = 32


@dataclass(frozen=True)
class AlarmCard:
    """What `alarms.json` says about a trained model.

    :param examples: SHA-256 of the examples it learned from.
    :param base_sha256: hash of the weights that the training began with.
    :param max_length: tokens of a text that are read, the special ones included.
    :param files: SHA-256 of each file beside the card.
    """

    examples: str
    base_sha256: str
    max_length: int
    format: int = FORMAT
    kinds: tuple[str, ...] = KINDS
    files: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the card as the text of `alarms.json`."""
        return json.dumps(asdict(self), indent=2) + "\n"


@dataclass(frozen=True)
class AlarmScore:
    """The likelier kind of alarm and the chance of an alarm at all, 0.0-1.0; `piece` is what it was found in."""

    kind: Literal["emergency", "crisis"]
    chance: float
    piece: str


def read_alarm_card(folder: Path) -> AlarmCard:
    """Read `alarms.json`.

    :raises AlarmModelError: if the folder holds no card, or one that cannot be read.
    """
    path = folder / CARD_FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        card = AlarmCard(**{**values, "kinds": tuple(values["kinds"])})
    except FileNotFoundError:
        raise AlarmModelError(f"There is no alarm classifier in {folder}. Run `make alarms`.") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise AlarmModelError(f"{path} cannot be read ({error}). {_again(folder)}") from error
    if card.format != FORMAT or card.kinds != KINDS:
        raise AlarmModelError(f"{path} was written by another version. {_again(folder)}")
    return card


class AlarmClassifier:
    """The trained model on the CPU. Safe to use from several threads; 3 ms for a short message."""

    def __init__(self, card: AlarmCard, session: Any, tokenizer: Any, reader: Reader) -> None:  # noqa: ANN401
        self._card = card
        self._reader = reader
        self._session = session
        self._tokenizer = tokenizer
        self._inputs = [entry.name for entry in session.get_inputs()]
        self._width = int(session.get_outputs()[1].shape[1])
        # In memory only and for few messages: long enough for the components of one turn to share the work.
        self._read_one = lru_cache(maxsize=16)(lambda text: self._run([text]))

    @classmethod
    def load(cls, folder: Path, threads: int = 1) -> AlarmClassifier:
        """Load what `healthqa train-alarms` wrote.

        :raises AlarmModelError: if a file is missing or damaged.
        """
        card = read_alarm_card(folder)
        for name in (MODEL_FILE, TOKENIZER_FILE, WORDS_FILE):
            path = folder / name
            if not path.is_file() or file_sha256(path) != card.files.get(name):
                raise AlarmModelError(f"{path} is missing or not the file that was trained. {_again(folder)}")
        try:
            session = load_session(folder / MODEL_FILE, threads)
            reader = Reader((folder / WORDS_FILE).read_text(encoding="utf-8").split())
            return cls(card, session, load_tokenizer(folder / TOKENIZER_FILE, card.max_length), reader)
        except Exception as error:  # onnxruntime and tokenizers raise types of their own, not derived from one base
            raise AlarmModelError(
                f"The alarm classifier in {folder} does not load ({error}). {_again(folder)}"
            ) from error

    @property
    def fingerprint(self) -> str:
        """Identifies the weights."""
        return self._card.files[MODEL_FILE]

    def score(self, text: str) -> AlarmScore:
        """Return the highest chance of an alarm among the message's pieces; most messages are one."""
        pieces = pieces_of(text)
        chances = self.chances(pieces)
        best = int(chances[:, 1:].sum(axis=1).argmax())
        kind = cast('Literal["emergency", "crisis"]', KINDS[1 + int(chances[best, 1:].argmax())])
        return AlarmScore(kind, float(chances[best, 1:].sum()), pieces[best])

    def chances(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the chance of each kind, shape `(len(texts), 3)` in the order of `KINDS`; rows sum to 1."""
        logits = self._read(texts)[0].astype(np.float64)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return cast("NDArray[np.float64]", powers / powers.sum(axis=1, keepdims=True))

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return what the model makes of each text, L2-normalised, shape `(len(texts), d)`."""
        if len(texts) == 1:
            vectors = self._read(texts)[1]
        else:
            order = sorted(range(len(texts)), key=lambda row: len(texts[row]))  # of like length: little is padded
            vectors = np.zeros((len(texts), self._width), dtype=np.float32)
            for start in range(0, len(order), _BATCH):
                rows = order[start : start + _BATCH]
                vectors[rows] = self._read([texts[row] for row in rows])[1]
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return cast("NDArray[np.float32]", vectors / np.maximum(lengths, 1e-12))

    def _read(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return logits and vectors. Guard and featurizer of one turn ask for the same text: it is read once."""
        if len(texts) != 1:
            return self._run([self._reader.read(text) for text in texts])
        return self._read_one(self._reader.read(texts[0]))

    def _run(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        tokens = [self._tokenizer.encode(text).ids for text in texts]
        ids = np.zeros((len(tokens), max(len(row) for row in tokens)), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, found in enumerate(tokens):
            ids[row, : len(found)] = found
            mask[row, : len(found)] = 1
        feed = {"input_ids": ids, "attention_mask": mask}
        logits, vectors = self._session.run(["logits", "vector"], {name: feed[name] for name in self._inputs})
        return logits, vectors


def without_closing_marks(text: str) -> str:
    """Return the text without "!" and "." at its end: "Thanks!" means what "thanks" means; a question mark stays."""
    return text.rstrip("!. ") or text


def pieces_of(text: str) -> tuple[str, ...]:
    """Return the message, or pieces of at most 80 words of a longer one, cut at sentence ends where there are any."""
    pieces: list[list[str]] = [[]]
    for sentence in _SENTENCE_END.split(text):
        words = sentence.split()
        if len(pieces[-1]) + len(words) > PIECE_WORDS and pieces[-1]:
            pieces.append([])
        while len(words) > PIECE_WORDS:
            pieces[-1:] = [words[:PIECE_WORDS], []]
            words = words[PIECE_WORDS:]
        pieces[-1] += words
    found = tuple(" ".join(piece) for piece in pieces if piece) or (text,)
    # Both ends of an endless message: what is pressing stands at its beginning or its end.
    half = MOST_PIECES // 2
    return found if len(found) <= MOST_PIECES else (*found[:half], *found[-half:])


def _again(folder: Path) -> str:
    return f"Delete {folder} and run `make alarms`."
