"""Fixtures of the tests that import Rasa: a small lexicon folder, a fake encoder, storage for components."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")

import numpy as np
import pytest
from numpy.typing import NDArray
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource

from addons.components import resources

ROOT = Path(__file__).resolve().parents[2]


class FakeEncoder:
    """Hashes words to directions: texts with the same words are near each other."""

    name = "fake"
    dimension = 64
    fingerprint = "fake"

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Stand in for the model that reads messages, too."""
        return self.encode(texts)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                seed = int.from_bytes(word.encode()[:8].ljust(8, b"\0"), "little") % (2**32)
                vectors[row] += np.random.default_rng(seed).normal(size=self.dimension).astype(np.float32)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


@pytest.fixture()
def model_storage(tmp_path: Path) -> LocalModelStorage:
    folder = tmp_path / "model_storage"
    folder.mkdir()
    return LocalModelStorage.create(folder)


@pytest.fixture()
def execution_context() -> ExecutionContext:
    return ExecutionContext(GraphSchema({}), node_name="component_under_test")


@pytest.fixture()
def resource() -> Resource:
    return Resource("component_under_test")


@pytest.fixture()
def fake_encoder(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEncoder]:
    encoder = FakeEncoder()
    from addons.components import message_featurizer

    monkeypatch.setattr(message_featurizer, "reader_at", lambda folder: encoder)
    resources.log_once.cache_clear()
    yield encoder
    resources.log_once.cache_clear()
