"""What a channel says by itself when the assistant behind it fails: an alarm or one plain sentence.

Nothing here may raise. It is read once, when the server starts, and has last words of its own for the case that even
the file with the fixed texts cannot be read.
"""

from __future__ import annotations

import logging
from typing import Any

from addons.channels._web_output import message_event
from healthqa.answer import answer_to_json, compose_fixed
from healthqa.settings import Settings
from healthqa.texts import Texts
from healthqa.types import Answer, AnswerKind

__all__ = ["Failsafe", "log_failure"]

logger = logging.getLogger(__name__)

_LAST_WORDS: dict[AnswerKind, str] = {
    "emergency": "This could be an emergency. Call your local emergency number now.",
    "crisis": "You are not alone. If you might harm yourself, call your local emergency number or a crisis line now.",
    "refuse": "Sorry, something went wrong here and your question was not answered.",
}
_RESPONSES: dict[AnswerKind, str] = {
    "emergency": "utter_emergency",
    "crisis": "utter_crisis",
    "refuse": "utter_error",
}


class Failsafe:
    """The alarms and the error sentence, ready to be sent without model, action server, store, index or encoder."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings
        self._texts: dict[AnswerKind, str] = {}
        self._error_texts: tuple[str, ...] = ()

    def prepare(self) -> None:
        """Read the texts and load the detector, so that the first alarm waits for nothing."""
        for kind in _RESPONSES:
            self._text(kind)
        self.alarm_kind("hello")

    def alarm_kind(self, text: str) -> AnswerKind | None:
        """Return `emergency` or `crisis` when the words say so."""
        try:
            from healthqa.safety import detect

            flag = detect(text)
        except Exception as error:
            log_failure("the red-flag detector failed", error)
            return None
        return flag.kind if flag else None

    def alarm_event(self, kind: AnswerKind) -> dict[str, Any]:
        """Return the alarm as a `message` event."""
        answer = self._fixed(kind)
        return message_event(answer.text, answer_to_json(answer))

    def error_event(self, text: str = "") -> dict[str, Any]:
        """Return the `error` event: one plain sentence, the disclaimer, and that a retry is worth it.

        :param text: what the assistant itself said of its failure, in place of the channel's own sentence.
        """
        answer = self._fixed("refuse")
        return {"v": 1, "event": "error", "text": text or answer.text, "disclaimer": answer.disclaimer, "retry": True}

    def is_error(self, text: str) -> bool:
        """Return whether a bot message is the assistant's own word that something failed."""
        return any(variant in text for variant in self._error_texts)

    def _fixed(self, kind: AnswerKind) -> Answer:
        return compose_fixed(kind, self._text(kind))

    def _text(self, kind: AnswerKind) -> str:
        if kind not in self._texts:
            self._texts[kind] = self._read(kind)
        return self._texts[kind]

    def _read(self, kind: AnswerKind) -> str:
        try:
            settings = self._settings or Settings.from_env()
            texts = Texts.load(settings.responses_path)
            if kind == "refuse":
                self._error_texts = texts.variants.get(_RESPONSES[kind], ())
            return texts.get(_RESPONSES[kind], **_hotline_values(settings))
        except Exception as error:
            log_failure(f"the text {_RESPONSES[kind]} cannot be read, own words are used", error)
            return _LAST_WORDS[kind]


def log_failure(what: str, error: BaseException) -> None:
    """Log that something failed, without the words of the error: they may hold the reader's words."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" ({trace.tb_frame.f_code.co_filename}:{trace.tb_lineno})" if trace else ""
    logger.error("web: %s: %s%s", what, type(error).__name__, place)
    logger.debug("web: %s", what, exc_info=error)


def _hotline_values(settings: Settings) -> dict[str, str]:
    try:
        from healthqa.hotlines import Hotlines

        return dict(Hotlines.load(settings.lexicon_dir / "hotlines.yml").values(settings.country or None))
    except Exception as error:
        log_failure("the hotlines cannot be read, no number is named", error)
        return {
            "emergency_call": "Call your local emergency number now",
            "crisis_call": "Call a crisis line or your local emergency number",
        }
