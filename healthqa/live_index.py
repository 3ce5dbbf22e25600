"""The index that a running assistant answers from; it follows the pointer file without losing a turn."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from healthqa.answerability import Learned
from healthqa.encoder import Encoder
from healthqa.errors import HealthQAError, IndexFolderError
from healthqa.index import Index, current_version
from healthqa.lexicon import Lexicon
from healthqa.retriever import Retriever
from healthqa.settings import Settings

__all__ = ["LiveIndex"]

logger = logging.getLogger(__name__)

CHECK_SECONDS = 1.0


class LiveIndex:
    """Holds the retriever of the version in use.

    The pointer is read at most once a second. A new version is loaded beside the old one and swapped in when it is
    complete; a version that does not load is reported once, and the old one goes on answering.

    :param learned: what was learned from the anticipated questions; the retriever does without where it is None.
    """

    def __init__(
        self,
        settings: Settings,
        encoder: Encoder,
        lexicon: Lexicon,
        clock: Callable[[], float] = time.monotonic,
        learned: Learned | None = None,
    ) -> None:
        self._learned = learned
        self._settings = settings
        self._encoder = encoder
        self._lexicon = lexicon
        self._clock = clock
        self._lock = threading.Lock()
        self._retriever: Retriever | None = None
        self._failed = ""
        self._next_check = 0.0

    def retriever(self) -> Retriever:
        """Return the retriever of the newest version that loads.

        :raises IndexFolderError: when there is none and never was one.
        """
        current = self._retriever
        if current is not None and (self._clock() < self._next_check or not self._lock.acquire(blocking=False)):
            return current
        if current is None:
            self._lock.acquire()
        try:
            return self._refresh()
        finally:
            self._lock.release()

    def _refresh(self) -> Retriever:
        self._next_check = self._clock() + CHECK_SECONDS
        current = self._retriever
        version = current_version(self._settings.index_dir)
        if current is not None and (version in ("", current.version, self._failed)):
            return current
        try:
            fresh = self._load()
        except HealthQAError as error:
            if current is None:
                raise
            self._failed = version
            logger.error("The new index is not used: %s", error)
            return current
        except Exception as error:
            if current is None:
                kind = type(error).__name__
                raise IndexFolderError(f"The index does not load ({kind}). Run `make index`.") from error
            self._failed = version
            logger.error("The new index is not used: %s", type(error).__name__)
            return current
        self._retriever = fresh
        logger.info("Index version %s is in use.", fresh.version)
        if current is not None:
            current.index.close()
        return fresh

    def _load(self) -> Retriever:
        index = Index.load(self._settings.index_dir, self._encoder, self._settings.public_url)
        try:
            return Retriever(index, self._encoder, self._lexicon, self._settings, self._learned)
        except BaseException:
            index.close()
            raise
