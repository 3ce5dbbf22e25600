"""Entities of the lexicon with their canonical values."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from addons.components.resources import files_fingerprint, folder_setting, lexicon_at, log_once
from healthqa.errors import HealthQAError
from healthqa.types import Entity

__all__ = ["LexiconEntityExtractor"]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class LexiconEntityExtractor(GraphComponent, EntityExtractorMixin):
    """Finds the lexicon's terms, whatever the spelling, and gives them their canonical value."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the config; `lexicon`: folder, empty for that of the settings."""
        return {"lexicon": ""}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LexiconEntityExtractor:
        """Make the component; the lexicon is read now if it can be, so that the first reader does not wait."""
        component = cls(config)
        component._find("warm up")
        return component

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Train again when a term changes."""
        return files_fingerprint(folder_setting(config, "lexicon", "lexicon_dir") / "terms.yml")

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the entities; without a usable lexicon there are none."""
        for message in messages:
            found = [self._as_dict(entity) for entity in self._find(message.get(TEXT))]
            others = [e for e in message.get(ENTITIES, []) if e.get("extractor") != self.name]
            message.set(ENTITIES, others + self.add_extractor_name(found), add_to_output=True)
        return messages

    def _find(self, text: str | None) -> tuple[Entity, ...]:
        if not text or not text.strip():
            return ()
        try:
            return tuple(lexicon_at(folder_setting(self._config, "lexicon", "lexicon_dir")).entities(text))
        except HealthQAError as error:
            log_once(type(self).__name__, str(error))
            return ()

    @staticmethod
    def _as_dict(entity: Entity) -> dict[str, Any]:
        return {
            "entity": entity.entity,
            "value": entity.value,
            "start": entity.start,
            "end": entity.end,
            "confidence_entity": 1.0,
        }
