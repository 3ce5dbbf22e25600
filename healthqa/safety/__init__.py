"""Red flags: emergencies and crises in a reader's words, found before anything else is done with them.

`detect` is the one function that NLU, actions, channels and the core use. Two parts stand behind it (`RedFlagFinder`):
patterns on folded text (`RedFlagDetector`, `knowledge/lexicon/red_flags.yml`), which work when everything else is
down, and a small fine-tuned transformer (`AlarmClassifier`, learned from `knowledge/alarms`), which finds what no
pattern spells out.
"""

from __future__ import annotations

from functools import lru_cache

from healthqa.safety.detector import RedFlagDetector
from healthqa.safety.finder import RedFlagFinder, finder_of
from healthqa.settings import Settings
from healthqa.types import RedFlag

__all__ = ["RedFlagDetector", "RedFlagFinder", "default_detector", "detect", "finder_of"]


@lru_cache(maxsize=1)
def default_detector() -> RedFlagDetector:
    """Load the patterns alone of the configured lexicon, once in a process.

    :raises LexiconError: when the file of patterns cannot be used.
    """
    return RedFlagDetector.load(Settings.from_env().lexicon_dir / "red_flags.yml")


def detect(text: str) -> RedFlag | None:
    """Return the alarm that a reader's message calls for, or None.

    :raises LexiconError: when the file of patterns cannot be used; call this at start to hear of it there.
    """
    return finder_of(Settings.from_env()).detect(text)
