"""Intents from sentence vectors by logistic regression (docs/adr/0002-intent-classifier.md)."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.linear_model import LogisticRegression

from addons.components.resources import log_once

__all__ = ["EMPTY_MESSAGE", "IntentModel", "SentenceIntentClassifier"]

logger = logging.getLogger(__name__)

EMPTY_MESSAGE = "empty_message"
_FORMAT = 1


@dataclass(frozen=True)
class IntentModel:
    """The trained model as plain arrays: nothing in the model archive is executed when it is loaded.

    :param classes: intent names, `c` of them.
    :param coefficients: `(c, d)`.
    :param intercepts: `(c,)`.
    """

    classes: tuple[str, ...]
    coefficients: NDArray[np.float64]
    intercepts: NDArray[np.float64]

    @classmethod
    def fit(
        cls,
        vectors: NDArray[np.float32],
        intents: list[str],
        inverse_strength: float,
        *,
        balanced: bool = False,
    ) -> IntentModel:
        """Train on `(n, d)` vectors and their intents; there must be at least two different ones."""
        weights = "balanced" if balanced else None
        model = LogisticRegression(C=inverse_strength, max_iter=1000, class_weight=weights, random_state=42)
        model.fit(vectors, intents)
        coefficients, intercepts = model.coef_, model.intercept_
        if len(model.classes_) == 2:  # scikit-learn keeps one row for two classes
            coefficients = np.vstack([-coefficients, coefficients])
            intercepts = np.concatenate([-intercepts, intercepts])
        return cls(tuple(map(str, model.classes_)), coefficients, intercepts)

    def confidences(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return `(m, c)` chances that sum to one in each row, for `(m, d)` vectors."""
        logits = vectors @ self.coefficients.T + self.intercepts
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        chances: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
        return chances

    def save(self, folder: Path) -> None:
        """Write the arrays and the names."""
        names = {"format": _FORMAT, "classes": list(self.classes)}
        (folder / "intents.json").write_text(json.dumps(names), encoding="utf-8")
        np.savez(
            folder / "intents.npz",
            coefficients=self.coefficients.astype(np.float32),
            intercepts=self.intercepts.astype(np.float32),
        )

    @classmethod
    def read(cls, folder: Path) -> IntentModel:
        """Read what `save` wrote.

        :raises ValueError: when it is of another format.
        """
        names = json.loads((folder / "intents.json").read_text(encoding="utf-8"))
        if names.get("format") != _FORMAT:
            raise ValueError("The intent model has another format: train again.")
        with np.load(folder / "intents.npz", allow_pickle=False) as arrays:
            return cls(
                tuple(names["classes"]),
                arrays["coefficients"].astype(np.float64),
                arrays["intercepts"].astype(np.float64),
            )


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class SentenceIntentClassifier(IntentClassifier, GraphComponent):
    """Predicts the intent from the sentence features; without features it says so with confidence 0."""

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, model: IntentModel | None = None
    ) -> None:
        self._config = {**self.get_default_config(), **config}
        self._model_storage = model_storage
        self._resource = resource
        self._model = model

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the config.

        `C`: inverse strength of the regularisation; `balanced`: all intents weigh the same, however many examples they
        have; `ranking_length`: intents in the ranking, 0 for all.
        """
        return {"C": 1.0, "balanced": False, "ranking_length": 10}

    @classmethod
    def required_components(cls) -> list[type]:
        """Return what must come before: a featurizer."""
        return [Featurizer]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceIntentClassifier:
        """Make an untrained classifier."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,  # noqa: ANN401 - Rasa's signature
    ) -> SentenceIntentClassifier:
        """Load the trained classifier; an untrained one if the archive holds none, which is logged."""
        try:
            with model_storage.read_from(resource) as folder:
                return cls(config, model_storage, resource, IntentModel.read(folder))
        except (ValueError, OSError, KeyError) as error:
            log_once(cls.__name__, f"no trained intents, run `rasa train`: {error}")
            return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Train on the examples that have an intent and features, and persist the result."""
        pairs = [(self._vector(m), m.get(INTENT)) for m in training_data.intent_examples if m.get(INTENT)]
        usable = [(vector, intent) for vector, intent in pairs if vector is not None]
        if len({intent for _, intent in usable}) < 2:
            logger.warning("No intent is learnt: there are fewer than two with examples that have features.")
            return self._resource
        vectors = np.vstack([vector for vector, _ in usable])
        intents = [str(intent) for _, intent in usable]
        strength, balanced = float(self._config["C"]), bool(self._config["balanced"])
        self._model = IntentModel.fit(vectors, intents, strength, balanced=balanced)
        self.persist()
        return self._resource

    def persist(self) -> None:
        """Write the model to the storage."""
        if self._model is not None:
            with self._model_storage.write_to(self._resource) as folder:
                self._model.save(folder)

    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent and ranking of each message."""
        for message in messages:
            ranking = self._ranking(message)
            message.set(INTENT, dict(ranking[0]), add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        return messages

    def _ranking(self, message: Message) -> list[dict[str, Any]]:
        if not (message.get(TEXT) or "").strip():
            return [{"name": EMPTY_MESSAGE, "confidence": 1.0}]
        vector = self._vector(message)
        if vector is None or self._model is None or vector.shape[1] != self._model.coefficients.shape[1]:
            return [{"name": None, "confidence": 0.0}]
        confidences = self._model.confidences(vector)[0]
        order = np.argsort(-confidences)[: self._config["ranking_length"] or None]
        return [{"name": self._model.classes[i], "confidence": float(confidences[i])} for i in order]

    @staticmethod
    def _vector(message: Message) -> NDArray[np.float32] | None:
        """Return the sentence features `(1, d)`, if there are any."""
        features = message.get_dense_features(attribute=TEXT)[1]
        return None if features is None else np.asarray(features.features, dtype=np.float32).reshape(1, -1)
