"""The index that a running assistant answers from, and what was learned; it follows both without losing a turn."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from healthqa.answerability import Learned, learned_stamp, load_learned
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

    Index and what was learned (`make index` makes it last) are looked at once a second at most. What is new is loaded
    beside the old and swapped in when it is complete; a version that does not load is reported once, and the old one
    goes on answering.

    :param learn: returns what was learned from the anticipated questions, by default what lies beside the index.
    """

    def __init__(
        self,
        settings: Settings,
        encoder: Encoder,
        lexicon: Lexicon,
        clock: Callable[[], float] = time.monotonic,
        learn: Callable[[], Learned | None] | None = None,
    ) -> None:
        self._settings = settings
        self._encoder = encoder
        self._lexicon = lexicon
        self._clock = clock
        self._learn = learn or (lambda: load_learned(settings, encoder))
        self._lock = threading.Lock()
        self._retriever: Retriever | None = None
        # Version of the index and stamp of what was learned.
        self._in_use = self._failed = ("", 0)
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
        newest = current_version(self._settings.index_dir), learned_stamp(self._settings)
        if current is not None and (not newest[0] or newest in (self._in_use, self._failed)):
            return current
        try:
            fresh = self._load()
        except HealthQAError as error:
            if current is None:
                raise
            self._failed = newest
            logger.error("The new index is not used: %s", error)
            return current
        except Exception as error:
            if current is None:
                kind = type(error).__name__
                raise IndexFolderError(f"The index does not load ({kind}). Run `make index`.") from error
            self._failed = newest
            logger.error("The new index is not used: %s", type(error).__name__)
            return current
        self._retriever, self._in_use = fresh, newest
        logger.info("Index version %s is in use.", fresh.version)
        if current is not None:
            current.index.close()
        return fresh

    def _load(self) -> Retriever:
        index = Index.load(self._settings.index_dir, self._encoder, self._settings.public_url)
        try:
            return Retriever(index, self._encoder, self._lexicon, self._settings, self._learn())
        except BaseException:
            index.close()
            raise
