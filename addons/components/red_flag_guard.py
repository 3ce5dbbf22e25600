"""The last word of NLU: alarms, empty texts, and no commands from readers."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from addons.components.resources import folder_setting, log_once, red_flags_at
from addons.components.sentence_intent_classifier import EMPTY_MESSAGE
from healthqa.types import RedFlag

__all__ = ["RedFlagGuard"]

# Looks like a slash and has its length, so entity positions stay right, but Rasa does not take it for a command.
_HARMLESS_SLASH = "\u2215"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class RedFlagGuard(GraphComponent, IntentClassifier):
    """Overrides the intent with `emergency`, `crisis` or `empty_message`.

    It must be the last component: nothing may overrule an alarm. It needs no features, no encoder and no other
    component, and it never raises. It also takes the command out of `/restart` and `/intent{...}`: what follows in
    Rasa's graph would run it (and log it). A developer who needs such commands sets `accept_commands: true`.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = {**self.get_default_config(), **config}
        self._detect("warm up")

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the config; `lexicon`: folder, empty for that of the settings."""
        return {"lexicon": "", "accept_commands": False}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> RedFlagGuard:
        """Make the component; the patterns are read at once, so that a broken file shows when the server starts."""
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent of messages that raise an alarm or are empty; leave the others as they are."""
        for message in messages:
            text = message.get(TEXT) if isinstance(message.get(TEXT), str) else ""
            red_flag = self._detect(text)
            if red_flag is not None:
                _override(message, red_flag.kind)
                message.set("red_flag", {"kind": red_flag.kind, "category": red_flag.category}, add_to_output=True)
            elif not text.strip():
                _override(message, EMPTY_MESSAGE)
            message.set(TEXT, self._harmless(text), add_to_output=True)
        return messages

    def _detect(self, text: str) -> RedFlag | None:
        try:
            return red_flags_at(folder_setting(self._config, "lexicon", "lexicon_dir") / "red_flags.yml").detect(text)
        except Exception as error:  # noqa: BLE001 - a turn without the alarm is bad, a turn without a reply is worse
            log_once(type(self).__name__, f"EMERGENCIES ARE NOT RECOGNISED: {type(error).__name__}")
            return None

    def _harmless(self, text: str) -> str:
        stripped = text.lstrip()
        if self._config["accept_commands"] or not stripped.startswith(INTENT_MESSAGE_PREFIX):
            return text
        return _HARMLESS_SLASH.join((text[: len(text) - len(stripped)], stripped[1:]))


def _override(message: Message, intent: str) -> None:
    first = {"name": intent, "confidence": 1.0}
    ranking = [entry for entry in message.get(INTENT_RANKING_KEY, []) if entry.get("name") not in (intent, None)]
    message.set(INTENT, first, add_to_output=True)
    message.set(INTENT_RANKING_KEY, [dict(first), *ranking], add_to_output=True)
