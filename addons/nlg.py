"""Fixed texts, made complete in Rasa's own process: alarms need no action server, store, index or encoder."""

from __future__ import annotations

import logging
from typing import Any

from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, SessionStarted
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from healthqa.answer import answer_to_json, compose_fixed, with_notice
from healthqa.errors import HealthQAError
from healthqa.hotlines import Hotlines
from healthqa.settings import Settings
from healthqa.types import Answer, AnswerKind

__all__ = ["HealthNlg"]

logger = logging.getLogger(__name__)

NOTICE_RESPONSE = "utter_notice"
TERMINAL = "cmdline"
_KINDS: tuple[AnswerKind, ...] = ("answer", "clarify", "refuse", "emergency", "crisis", "smalltalk")
# Used only when hotlines.yml cannot be read: right in every country.
_NO_HOTLINES = {
    "emergency_call": "Call your local emergency number now",
    "crisis_call": "Call your local emergency number or a crisis line now",
}


class HealthNlg(TemplatedNaturalLanguageGenerator):
    """Adds to each response of the domain the disclaimer, the emergency numbers, and the notice that it is automated.

    A response is medical unless its `metadata.kind` is `smalltalk`: who forgets the kind gets the disclaimer.
    """

    def __init__(self, endpoint_config: EndpointConfig | None = None, domain: Domain | None = None) -> None:
        super().__init__(domain.responses if domain else {})
        self._values = _hotline_values()

    async def generate(
        self,
        utter_action: str,
        tracker: DialogueStateTracker,
        output_channel: str,
        **kwargs: Any,  # noqa: ANN401 - Rasa's signature
    ) -> dict[str, Any] | None:
        """Return the response as one complete message with its `answer` for the channel."""
        values = {**self._values, **kwargs}
        message = await super().generate(utter_action, tracker, output_channel, **values)
        if message is None or not message.get("text"):
            return message
        titles = [str(button.get("title", "")) for button in message.get("buttons") or ()]
        answer = compose_fixed(_kind(message), message["text"], suggestions=[title for title in titles if title])
        if _says_nothing_yet(tracker):
            answer = self._with_notice(answer)
        complete = {**message, "text": answer.text, "answer": answer_to_json(answer)}
        return _without_menu(complete) if output_channel == TERMINAL and "\n" in answer.text else complete

    def _with_notice(self, answer: Answer) -> Answer:
        variants = self.responses.get(NOTICE_RESPONSE) or [{}]
        return with_notice(answer, str(variants[0].get("text", "")))


def _without_menu(message: dict[str, Any]) -> dict[str, Any]:
    """Put the buttons' words under the text: the menu of `rasa shell` would cut each line of a longer text."""
    titles = [str(button.get("title", "")) for button in message.get("buttons") or ()]
    lines = [message["text"], *(f"- {title}" for title in titles if title)]
    return {**message, "text": "\n".join(lines), "buttons": []}


def _kind(message: dict[str, Any]) -> AnswerKind:
    named = (message.get("metadata") or {}).get("kind")
    return next((kind for kind in _KINDS if kind == named), "refuse")


def _says_nothing_yet(tracker: DialogueStateTracker) -> bool:
    """Say whether the assistant has been silent since the session began."""
    for event in reversed(tracker.events):
        if isinstance(event, BotUttered):
            return False
        if isinstance(event, SessionStarted):
            return True
    return True


def _hotline_values() -> dict[str, str]:
    try:
        settings = Settings.from_env()
        hotlines = Hotlines.load(settings.lexicon_dir / "hotlines.yml")
    except HealthQAError as error:
        logger.error("Alarms name no numbers: %s", error)
        return dict(_NO_HOTLINES)
    try:
        hotlines.check(settings.country or None)
    except HealthQAError as error:
        logger.error('Alarms say "your local emergency number": %s', error)
    return {**_NO_HOTLINES, **hotlines.values(settings.country or None)}
