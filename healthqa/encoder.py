"""Text -> unit vectors. At run time onnxruntime and tokenizers are enough; `encoder_export` needs torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from healthqa.errors import EncoderError

__all__ = [
    "CARD_FILE",
    "Encoder",
    "EncoderCard",
    "OnnxEncoder",
    "clean_text",
    "file_sha256",
    "load_session",
    "load_tokenizer",
    "read_card",
]

CARD_FILE = "encoder.json"
MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
FORMAT = 1
BATCH_SIZE = 32
# Tokens beyond `max_length` are cut anyway; this keeps a megabyte of pasted text from being tokenised first.
MAX_CHARACTERS = 20_000


class Encoder(Protocol):
    """What the index and the retriever need of an encoder.

    `fingerprint` changes whenever the same text would get another vector.
    """

    @property
    def name(self) -> str:
        """The model's name, for people."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    @property
    def fingerprint(self) -> str:
        """Hash of everything a vector depends on."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one L2-normalised row per text, shape `(len(texts), dimension)`."""


@dataclass(frozen=True)
class EncoderCard:
    """What `encoder.json` says about an exported encoder.

    :param name: the model's name.
    :param dimension: length of a vector.
    :param max_length: tokens of a text that are read, the special ones included.
    :param pooling: how token vectors become one; it is part of the graph and stands here for people.
    :param normalize: vectors have length 1.
    :param sha256: hash of the weights the export was made from.
    :param fingerprint: hash of everything a vector depends on.
    :param files: SHA-256 of each file beside the card.
    """

    name: str
    dimension: int
    max_length: int
    pooling: str
    normalize: bool
    sha256: str
    fingerprint: str
    format: int = FORMAT
    files: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the card as the text of `encoder.json`."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def read_card(folder: Path) -> EncoderCard:
    """Read `encoder.json` of an exported encoder.

    :raises EncoderError: if the folder holds no card, or one that cannot be read.
    """
    path = folder / CARD_FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        card = EncoderCard(**values)
    except FileNotFoundError:
        raise EncoderError(f"There is no exported encoder in {folder}. Run `make index`, which exports it.") from None
    except (OSError, ValueError, TypeError) as error:
        raise EncoderError(f"{path} cannot be read ({error}). {_AGAIN.format(folder=folder)}") from error
    if card.format != FORMAT:
        raise EncoderError(f"{path} has format {card.format}, this version reads {FORMAT}. Run `make index`.")
    return card


_AGAIN = "Delete {folder} and run `make index`."


# So many texts are one question's; more are an index's.
FEW = 16


class OnnxEncoder:
    """An exported sentence-transformers model on the CPU. Safe to use from several threads."""

    def __init__(self, card: EncoderCard, session: Any, tokenizer: Any) -> None:  # noqa: ANN401
        self._card = card
        self._session = session
        self._tokenizer = tokenizer
        self._inputs = {entry.name for entry in session.get_inputs()}
        # A question is looked at from several sides, each of which asks for the same few texts. In memory only.
        self._encode_one = lru_cache(maxsize=64)(lambda text: self._encode_batch([self._tokenizer.encode(text).ids])[0])

    @classmethod
    def load(cls, folder: Path, threads: int = 1) -> OnnxEncoder:
        """Load the encoder that `encoder_export` wrote.

        :param threads: threads of one encoding; one keeps latency flat when many people ask at once.
        :raises EncoderError: if a file is missing or is not the exported one.
        """
        folder = Path(folder)
        card = read_card(folder)
        for name in (MODEL_FILE, TOKENIZER_FILE):
            _check_file(folder / name, card.files.get(name, ""))
        try:
            session = load_session(folder / MODEL_FILE, threads)
            return cls(card, session, load_tokenizer(folder / TOKENIZER_FILE, card.max_length))
        except Exception as error:  # onnxruntime and tokenizers raise types of their own, not derived from one base
            raise EncoderError(f"The encoder in {folder} does not load ({error}). {_again(folder)}") from error

    @property
    def name(self) -> str:
        """The model's name."""
        return self._card.name

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._card.dimension

    @property
    def fingerprint(self) -> str:
        """Hash of weights, tokenizer and length limit."""
        return self._card.fingerprint

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one L2-normalised row per text, in the order of the texts, shape `(n, d)`."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        if len(texts) <= FEW:
            for row, text in enumerate(texts):
                vectors[row] = self._encode_one(clean_text(text))
            return vectors
        tokens = [self._tokenizer.encode(clean_text(text)).ids for text in texts]
        # Texts of similar length share a batch, so that little is padded.
        order = sorted(range(len(texts)), key=lambda row: len(tokens[row]))
        for start in range(0, len(order), BATCH_SIZE):
            rows = order[start : start + BATCH_SIZE]
            vectors[rows] = self._encode_batch([tokens[row] for row in rows])
        return vectors

    def _encode_batch(self, batch: list[list[int]]) -> NDArray[np.float32]:
        width = max(len(ids) for ids in batch)
        ids = np.zeros((len(batch), width), dtype=np.int64)
        mask = np.zeros((len(batch), width), dtype=np.int64)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        output = self._session.run(None, {name: feed[name] for name in self._inputs})[0]
        lengths = np.linalg.norm(output, axis=1, keepdims=True)
        return cast("NDArray[np.float32]", (output / np.maximum(lengths, 1e-12)).astype(np.float32))


def _check_file(path: Path, expected: str) -> None:
    try:
        found = file_sha256(path)
    except OSError as error:
        raise EncoderError(f"{path} cannot be read ({error.strerror}). {_again(path.parent)}") from error
    if found != expected:
        raise EncoderError(f"{path} is not the file that was exported (damaged?). {_again(path.parent)}")


def _again(folder: Path) -> str:
    return _AGAIN.format(folder=folder)


def load_session(path: Path, threads: int) -> Any:  # noqa: ANN401 - onnxruntime is untyped
    """Return an onnxruntime session on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def load_tokenizer(path: Path, max_length: int) -> Any:  # noqa: ANN401 - tokenizers is untyped
    """Return the tokenizer of an exported model; it cuts off what is longer than `max_length` tokens."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=max_length)
    return tokenizer


def clean_text(text: str) -> str:
    """Return what a tokenizer can take: of bounded length, without broken characters."""
    # A lone surrogate (half an emoji in a broken message) cannot be passed to the tokenizer.
    return text[:MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8").strip()
