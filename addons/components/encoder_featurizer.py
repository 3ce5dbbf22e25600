"""Sentence vectors of the exported encoder as Rasa features."""

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

from addons.components.resources import encoder_at, files_fingerprint, folder_setting, log_once
from healthqa.errors import HealthQAError

__all__ = ["EncoderFeaturizer"]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class EncoderFeaturizer(DenseFeaturizer, GraphComponent):
    """Encodes each text to one sentence vector `(1, d)`, scaled.

    While training a missing encoder is an error. While serving it is logged once and the message stays without
    features: the alarm and the fixed texts must come through all the same.
    """

    def __init__(self, config: dict[str, Any], name: str) -> None:
        super().__init__(name, config)
        self._scale = float(config["scale"])
        if self._scale <= 0:
            raise ValueError("EncoderFeaturizer: `scale` must be above 0.")

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the config; `encoder`: folder, empty for that of the settings; `scale`: length of the vectors."""
        return {**DenseFeaturizer.get_default_config(), "encoder": "", "scale": 1.0}

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
    ) -> EncoderFeaturizer:
        """Make the component; the encoder is loaded now if it can be, so that the first reader does not wait."""
        component = cls(config, execution_context.node_name)
        component._encode(["warm up"])
        return component

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Rasa's abstract method; it is never called for a config.yml, so `__init__` checks."""

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Train again when another encoder was exported."""
        return files_fingerprint(folder_setting(config, "encoder", "encoder_dir") / "encoder.json")

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add features to the examples.

        :raises EncoderError: when there is no usable encoder.
        """
        encoder_at(folder_setting(self._config, "encoder", "encoder_dir"))
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the sentence vector to each message that has a text."""
        filled = [m for m in messages if isinstance(m.get(TEXT), str) and m.get(TEXT).strip()]
        # "Thanks!" means what "thanks" means; a question mark stays.
        texts = [m.get(TEXT).rstrip("!. ") or m.get(TEXT) for m in filled]
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
        """Return vectors `(n, d)`, or None when the encoder cannot be used."""
        try:
            return encoder_at(folder_setting(self._config, "encoder", "encoder_dir")).encode(texts)
        except Exception as error:  # noqa: BLE001 - an encoder that breaks in any way must not silence the alarm
            log_once(type(self).__name__, f"no features, the assistant understands little: {_say(error)}")
            return None


def _say(error: Exception) -> str:
    """Return the error without what a reader typed: only our own errors carry a text that is fit to be logged."""
    return str(error) if isinstance(error, HealthQAError) else type(error).__name__
