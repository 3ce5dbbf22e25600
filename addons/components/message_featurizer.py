"""What the alarm classifier makes of a message, as Rasa features.

It learned to tell the intents apart too (docs/adr/0007-one-model-for-alarms-and-intents.md): its vectors know the
wording of readers better than those of the retrieval encoder, and the guard reads the message anyway.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from addons.components.resources import files_fingerprint, folder_setting, log_once, reader_at
from healthqa.errors import HealthQAError
from healthqa.safety.classifier import CARD_FILE, without_closing_marks

__all__ = ["MessageFeaturizer"]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class MessageFeaturizer(DenseFeaturizer, GraphComponent):
    """Turns each text into one vector `(1, d)`, scaled.

    While training a missing model is an error. While serving it is logged once and the message stays without
    features: the alarm and the fixed texts must come through all the same.
    """

    def __init__(self, config: dict[str, Any], name: str) -> None:
        super().__init__(name, config)
        self._scale = float(config["scale"])
        if self._scale <= 0:
            raise ValueError("MessageFeaturizer: `scale` must be above 0.")

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the config; `model`: folder, empty for that of the settings; `scale`: length of the vectors."""
        return {**DenseFeaturizer.get_default_config(), "model": "", "scale": 1.0}

    @classmethod
    def required_components(cls) -> list[type]:
        """Return what must come before: a tokenizer."""
        return [Tokenizer]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> MessageFeaturizer:
        """Make the component; the model is loaded now if it can be, so that the first reader does not wait."""
        component = cls(config, execution_context.node_name)
        component._encode(["warm up"])
        return component

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Rasa's abstract method; it is never called for a config.yml, so `__init__` checks."""

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Train again when another model was trained."""
        return files_fingerprint(folder_setting(config, "model", "alarm_model_dir") / CARD_FILE)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add features to the examples.

        :raises AlarmModelError: when there is no usable model.
        """
        reader_at(folder_setting(self._config, "model", "alarm_model_dir"))
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the vector to each message that has a text."""
        filled = [m for m in messages if isinstance(m.get(TEXT), str) and m.get(TEXT).strip()]
        texts = [without_closing_marks(m.get(TEXT)) for m in filled]
        vectors = self._encode(texts) if filled else None
        if vectors is None:
            return messages
        for message, vector in zip(filled, vectors, strict=True):
            message.add_features(
                Features(
                    vector.reshape(1, -1) * self._scale,
                    FEATURE_TYPE_SENTENCE,
                    TEXT,
                    self._config[FEATURIZER_CLASS_ALIAS],
                )
            )
        return messages

    def _encode(self, texts: list[str]) -> NDArray[np.float32] | None:
        """Return vectors `(n, d)`, or None when the model cannot be used."""
        try:
            return reader_at(folder_setting(self._config, "model", "alarm_model_dir")).vectors(texts)
        except Exception as error:  # noqa: BLE001 - a model that breaks in any way must not silence the alarm
            log_once(type(self).__name__, f"no features, the assistant understands little: {_say(error)}")
            return None


def _say(error: Exception) -> str:
    """Return the error without what a reader typed: only our own errors carry a text that is fit to be logged."""
    return str(error) if isinstance(error, HealthQAError) else type(error).__name__
