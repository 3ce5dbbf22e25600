"""Red flags: emergencies and crises in a reader's words, found before anything else is done with them.

Pure pattern work on folded text, no encoder: the alarm works when everything else is down. `RedFlagDetector` reads
the patterns of `knowledge/lexicon/red_flags.yml`; `detect` uses one loaded on first use.

A stage that knows neighbours of a sentence (an encoder) fits behind the same signature: call `RedFlagDetector.detect`
first and ask the neighbours only where it returns None.
"""

from __future__ import annotations

from functools import lru_cache

from healthqa.safety.detector import RedFlagDetector
from healthqa.settings import Settings
from healthqa.types import RedFlag

__all__ = ["RedFlagDetector", "default_detector", "detect"]


@lru_cache(maxsize=1)
def default_detector() -> RedFlagDetector:
    """Load the detector of the configured lexicon, once in a process.

    :raises LexiconError: when the file of patterns cannot be used; call this at start to hear of it there.
    """
    return RedFlagDetector.load(Settings.from_env().lexicon_dir / "red_flags.yml")


def detect(text: str) -> RedFlag | None:
    """Return the alarm that a reader's message calls for, or None. Never raises for any text."""
    return default_detector().detect(text)
