"""The last word of NLU: alarms, empty texts, and no commands from readers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME, INTENT_MESSAGE_PREFIX
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from addons.components.resources import folder_setting, log_once, red_flags_at
from addons.components.sentence_intent_classifier import EMPTY_MESSAGE
from healthqa.errors import HealthQAError
from healthqa.safety import RedFlagDetector, RedFlagFinder
from healthqa.types import RedFlag

__all__ = ["RedFlagGuard", "alarm_chances", "mentions_alarm"]

# Looks like a slash and has its length, so entity positions stay right, but Rasa does not take it for a command.
_HARMLESS_SLASH = "\u2215"
_ALARMS = ("emergency", "crisis")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class RedFlagGuard(GraphComponent, IntentClassifier):
    """Overrides the intent with `emergency`, `crisis` or `empty_message`.

    `healthqa.safety` decides, with its patterns and its trained classifier. Where that classifier is missing, the
    intent classifier stands in: its chances of both alarms together raise the alarm from `alarm_threshold` on, but not
    for words that a pattern found and silenced ("I have no chest pain"), for sentence vectors overlook denials
    (docs/adr/0004-red-flags.md). An alarm of the intent classifier that is not followed becomes a fallback, which
    looks the question up in the articles.

    It must be the last component: nothing may overrule an alarm. It needs no features, no encoder and no other
    component, and it never raises. It also takes the command out of `/restart` and `/intent{...}`: what follows in
    Rasa's graph would run it (and log it). A developer who needs such commands sets `accept_commands: true`.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = {**self.get_default_config(), **config}
        if not 0 < float(self._config["alarm_threshold"]) <= 1:
            raise ValueError("RedFlagGuard: `alarm_threshold` must be above 0 and at most 1.")
        self._detect("warm up")

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the config.

        `lexicon`: folder, empty for that of the settings; `alarm_threshold`: from which chance on the intent
        classifier raises the alarm where the alarm classifier is missing.
        """
        return {"lexicon": "", "accept_commands": False, "alarm_threshold": 0.8}

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
            else:
                self._weigh_classifier(message, text)
            message.set(TEXT, self._harmless(text), add_to_output=True)
        return messages

    def _detect(self, text: str) -> RedFlag | None:
        try:
            return self._finder().detect(text)
        except Exception as error:  # noqa: BLE001 - a turn without the alarm is bad, a turn without a reply is worse
            # Only our own errors carry a text that holds nothing a reader typed.
            why = str(error) if isinstance(error, HealthQAError) else type(error).__name__
            log_once(type(self).__name__, f"EMERGENCIES ARE NOT RECOGNISED: {why}")
            return None

    def _finder(self) -> RedFlagFinder:
        return red_flags_at(folder_setting(self._config, "lexicon", "lexicon_dir"))

    def _weigh_classifier(self, message: Message, text: str) -> None:
        """Raise or withdraw the intent classifier's alarm in a message in which `healthqa.safety` saw none."""
        chances = alarm_chances(message.get(INTENT_RANKING_KEY) or ())
        kind = max(chances, key=lambda name: chances[name])
        if sum(chances.values()) >= float(self._config["alarm_threshold"]) and self._must_stand_in(text):
            _override(message, kind)
            message.set("red_flag", {"kind": kind, "category": "classifier"}, add_to_output=True)
        elif (message.get(INTENT) or {}).get("name") in _ALARMS:
            _override(message, DEFAULT_NLU_FALLBACK_INTENT_NAME)

    def _must_stand_in(self, text: str) -> bool:
        try:
            finder = self._finder()
            return finder.classifier is None and not mentions_alarm(finder.patterns, text)
        except Exception:  # noqa: BLE001 - `_detect` has logged why; without patterns the intent decides alone
            return True

    def _harmless(self, text: str) -> str:
        stripped = text.lstrip()
        if self._config["accept_commands"] or not stripped.startswith(INTENT_MESSAGE_PREFIX):
            return text
        return _HARMLESS_SLASH.join((text[: len(text) - len(stripped)], stripped[1:]))


def alarm_chances(ranking: Iterable[dict[str, Any]]) -> dict[str, float]:
    """Return the classifier's chance of each alarm; 0 for one that is not in the ranking."""
    found = {str(entry.get("name")): float(entry.get("confidence") or 0.0) for entry in ranking}
    return {name: found.get(name, 0.0) for name in _ALARMS}


def mentions_alarm(detector: RedFlagDetector, text: str) -> bool:
    """Say whether some words fit a pattern, denied, past or told of others though they may be."""
    rules = detector.rules
    return any(rules.any_pattern.search(sentence.text) for sentence in rules.folder.sentences(text))


def _override(message: Message, intent: str) -> None:
    first = {"name": intent, "confidence": 1.0}
    ranking = [entry for entry in message.get(INTENT_RANKING_KEY, []) if entry.get("name") not in (intent, None)]
    message.set(INTENT, first, add_to_output=True)
    message.set(INTENT_RANKING_KEY, [dict(first), *ranking], add_to_output=True)
