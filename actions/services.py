"""What the actions share: the assistant, the fixed texts, the conversation file. Loaded once per process."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

from healthqa.answer import compose_fixed
from healthqa.assistant import Assistant
from healthqa.conversations import ConversationFile
from healthqa.errors import HealthQAError
from healthqa.hotlines import Hotlines
from healthqa.safety import finder_of
from healthqa.settings import Settings
from healthqa.texts import Texts
from healthqa.types import Answer, AnswerKind

__all__ = ["Services", "shared_services"]

logger = logging.getLogger(__name__)

_Content = TypeVar("_Content")
_RETRY_SECONDS = 10.0
# Asked at the start, so that no reader waits for what is loaded on first use: it goes all the way to an answer.
_FIRST_QUESTION = "can low b12 cause muscle twitching?"
# Said only when data/responses.yml itself cannot be read.
_LAST_RESORT = "I'm sorry, something went wrong on our side. Please try again in a moment."


class Services:
    """Loads each part on first use and again after a failure, at most every few seconds."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.conversations = ConversationFile(settings.conversations_path, settings.retention_days)
        self._lock = threading.Lock()
        self._assistant: Assistant | None = None
        self._failure: Exception | None = None
        self._retry_at = 0.0

    def assistant(self) -> Assistant:
        """Return the assistant.

        :raises HealthQAError: while its encoder, index or content cannot be used.
        """
        with self._lock:
            if self._assistant is None:
                if self._failure is not None and time.monotonic() < self._retry_at:
                    raise self._failure
                self._assistant = self._load()
            return self._assistant

    def warm_up(self) -> None:
        """Load everything now; a failure is logged, and the actions say so until it is mended."""
        self.check_safety()
        try:
            self.assistant().reply(_FIRST_QUESTION)
        except Exception as error:  # noqa: BLE001 - the server must start: alarms and fixed texts need it not to fail
            logger.error("The assistant is not ready: %s: %s", type(error).__name__, error)

    def check_safety(self) -> None:
        """Log, as one line each, what would make alarms worse: broken patterns or numbers, an unknown country."""
        try:
            finder_of(self.settings).detect("warm up")
        except HealthQAError as error:
            logger.error("The patterns for emergencies cannot be used: %s", error)
        try:
            Hotlines.load(self.settings.lexicon_dir / "hotlines.yml").check(self.settings.country or None)
        except HealthQAError as error:
            logger.error('Alarms say "your local emergency number": %s', error)

    def text(self, name: str, **values: str) -> str:
        """Return a fixed text; `key` chooses the variant.

        :raises ContentError: when the texts cannot be read.
        """
        return _fresh(Texts.load, self.settings.responses_path).get(name, **values)

    def fixed(self, kind: AnswerKind, name: str, key: str = "", **values: str) -> Answer:
        """Return the complete answer with a fixed text."""
        return compose_fixed(kind, self.text(name, key=key, **values))

    def response(self, name: str, key: str = "") -> Answer:
        """Return the complete answer with a fixed text, of the kind that `metadata.kind` says, with its buttons.

        :raises ContentError: when the texts cannot be read or have no such text.
        """
        texts = _fresh(Texts.load, self.settings.responses_path)
        kind = cast("AnswerKind", texts.kinds.get(name, "smalltalk"))
        return compose_fixed(kind, texts.get(name, key=key), texts.buttons.get(name, ()), reason=name)

    def error(self) -> Answer:
        """Return the answer that is given when something failed; never raises."""
        try:
            return self.fixed("refuse", "utter_error")
        except Exception as error:  # noqa: BLE001 - the last line of defence
            logger.error("The fixed texts cannot be read: %s", type(error).__name__)
            return compose_fixed("refuse", _LAST_RESORT)

    def alarm(self, text: str) -> Answer | None:
        """Return the alarm that a text calls for, if any."""
        red_flag = finder_of(self.settings).detect(text)
        if red_flag is None:
            return None
        hotlines = _fresh(Hotlines.load, self.settings.lexicon_dir / "hotlines.yml").values(
            self.settings.country or None
        )
        return self.fixed(red_flag.kind, f"utter_{red_flag.kind}", **hotlines)

    def _load(self) -> Assistant:
        try:
            return Assistant.load(self.settings)
        except Exception as error:
            self._failure, self._retry_at = error, time.monotonic() + _RETRY_SECONDS
            raise


def _fresh(load: Callable[[Path], _Content], path: Path) -> _Content:
    """Return the content of a file, read again only when the file has changed."""
    changed = path.stat().st_mtime_ns if path.exists() else 0
    content: _Content = _loaded(load, path, changed)
    return content


@lru_cache(maxsize=16)
def _loaded(load: Callable[[Path], Any], path: Path, changed: int) -> Any:  # noqa: ANN401 - whatever `load` gives
    return load(path)


_shared: Services | None = None
_shared_lock = threading.Lock()


def shared_services() -> Services:
    """Return the services of this process; the first call loads the assistant."""
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = Services(Settings.from_env())
            _shared.warm_up()
        return _shared
