"""What a channel says by itself when the assistant behind it fails: an alarm or one plain sentence.

Nothing here may raise. It is read once, when the server starts, and has last words of its own for the case that even
the file with the fixed texts cannot be read.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from addons.channels._replies import BotMessage
from healthqa.answer import DISCLAIMER, answer_to_json, compose_fixed
from healthqa.settings import Settings
from healthqa.texts import Texts
from healthqa.types import AnswerKind, RedFlag

__all__ = ["Failsafe", "log_failure", "with_disclaimer"]

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
# Characters of a text that are examined at each end, and seconds that may take: the classifier reads 2,000 in 0.3 s.
_EXAMINED = 2000
_PATIENCE = 2.0


class Failsafe:
    """The alarms and the error sentence, ready to be sent without model, action server, store, index or encoder."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings
        self._texts: dict[AnswerKind, str] = {}
        self._error_texts: tuple[str, ...] = ()
        # Threads of its own: alarms do not queue behind a store that is slow.
        self._examiners = ThreadPoolExecutor(2, thread_name_prefix="alarms")

    def prepare(self) -> None:
        """Read the texts and load the detector, so that the first alarm waits for nothing. Takes about a second."""
        for kind in _RESPONSES:
            self._text(kind)
        self.alarm_kind("hello")

    async def find_alarm(self, text: str, thorough: bool = True) -> AnswerKind | None:
        """Return `emergency` or `crisis` when the words say so, without holding up the server; raises nothing.

        :param thorough: False: look for plain wording only, which costs next to nothing. It is for messages that are
            refused anyway, when there are many of them.
        """
        if thorough:
            examined = asyncio.get_running_loop().run_in_executor(self._examiners, self.alarm_kind, text)
            try:
                return await asyncio.wait_for(examined, _PATIENCE)
            except asyncio.TimeoutError as error:
                log_failure("looking for an alarm took too long, plain wording alone counts", error)
        return _examine(_detect_plain, text)

    def alarm_kind(self, text: str) -> AnswerKind | None:
        """Return `emergency` or `crisis` when the words say so. It takes 10 to 300 ms: servers call `find_alarm`."""
        return _examine(_detect, text)

    def alarm(self, kind: AnswerKind) -> BotMessage:
        """Return the message for `emergency` or `crisis`."""
        answer = compose_fixed(kind, self._text(kind))
        return BotMessage(answer.text, answer_to_json(answer))

    def error(self, text: str = "") -> BotMessage:
        """Return the message that nothing was answered: one plain sentence and the disclaimer.

        :param text: what the assistant itself said of its failure, in place of the channel's own sentence.
        """
        answer = compose_fixed("refuse", text or self._text("refuse"))
        return BotMessage(answer.text, answer_to_json(answer))

    async def alarm_or_error(self, text: str) -> BotMessage:
        """Return what to say after a mistake in a channel itself: the alarm where the words say so, else `error`."""
        kind = await self.find_alarm(text)
        return self.alarm(kind) if kind else self.error()

    def is_error(self, message: BotMessage) -> bool:
        """Return whether a bot message is the assistant's own word that something failed."""
        return any(variant in message.text for variant in self._error_texts)

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


def with_disclaimer(sentence: str) -> str:
    """Return a channel's own sentence about a failure or a refusal with the disclaimer in the same message."""
    return f"{sentence}\n{DISCLAIMER}"


def log_failure(what: str, error: BaseException) -> None:
    """Log that something failed, without the words of the error: they may hold the reader's words."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" ({trace.tb_frame.f_code.co_filename}:{trace.tb_lineno})" if trace else ""
    logger.error("%s: %s%s", what, type(error).__name__, place)
    logger.debug("%s", what, exc_info=error)


def _examine(detect: Callable[[str], RedFlag | None], text: str) -> AnswerKind | None:
    """Return the kind of alarm; of a very long text only both ends are looked at."""
    if len(text) > 2 * _EXAMINED:
        text = f"{text[:_EXAMINED]} {text[-_EXAMINED:]}"
    try:
        flag = detect(text)
    except Exception as error:
        log_failure("EMERGENCIES ARE NOT RECOGNISED, the red-flag detector failed", error)
        return None
    return flag.kind if flag else None


def _detect(text: str) -> RedFlag | None:
    from healthqa.safety import detect

    return detect(text)


def _detect_plain(text: str) -> RedFlag | None:
    from healthqa.safety import default_detector

    return default_detector().detect(text)


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
