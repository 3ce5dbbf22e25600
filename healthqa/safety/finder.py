"""The one function that finds alarms: patterns and the trained classifier together."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from healthqa.errors import AlarmModelError
from healthqa.safety.classifier import CARD_FILE, PIECE_WORDS, AlarmClassifier, AlarmScore
from healthqa.safety.closings import closes_chat
from healthqa.safety.detector import RedFlagDetector
from healthqa.settings import Settings
from healthqa.types import RedFlag

__all__ = ["RedFlagFinder", "ScoresAlarms", "finder_of"]

logger = logging.getLogger(__name__)

# From this chance on the classifier alone raises the alarm; below the other one it takes back a pattern's alarm. All
# were chosen on messages that the model had not seen: docs/adr/0007-one-model-for-alarms-and-intents.md. Crises are
# hinted at where an emergency is told, and to miss one does more harm than to offer help in vain.
ALARM_CHANCE: Mapping[str, float] = {"emergency": 0.45, "crisis": 0.2}
HARMLESS_CHANCE = 0.05
# In fewer words the patterns know better: "my speech is slurred", "writing my note now".
HARMLESS_WORDS = 6
# So many words say why what sounds like an emergency is none ("hubby had chest pains Sunday, it was reflux"): of 692
# unseen emergencies the higher limit took back none (ADR 0007, last section).
EXPLAINED_CHANCE = 0.15
EXPLAINED_WORDS = 9
# Fewer words of which the pattern saw this share say nothing else: "I am having a severe allergic reaction".
PLAIN_SHARE = 0.6
# Most learned messages tell a sign beside these: told bare ("a rattlesnake bit me") the model finds them harmless.
_NEVER_TAKEN_BACK = frozenset({"rare"})
# "And breathless?", in the middle of a dialogue, asks whether that belongs to it.
_ASKS_OF_ONE_MORE = re.compile(r"\W*(and|or|also|plus|what about|how about)\b[^?]{1,30}\?\W*", re.IGNORECASE)


class ScoresAlarms(Protocol):
    """What the finder needs of a classifier."""

    def score(self, text: str) -> AlarmScore:
        """Return the likelier kind of alarm and the chance of one."""


@dataclass(frozen=True)
class RedFlagFinder:
    """Patterns first, then the classifier; without a classifier the patterns alone. Thread-safe, never raises.

    :param patterns: find plain wording; they need nothing else to work.
    :param classifier: finds the rest; None where there is no trained model.
    """

    patterns: RedFlagDetector
    classifier: ScoresAlarms | None = None

    def detect(self, text: str) -> RedFlag | None:
        """Return the alarm that a message calls for, or None."""
        if closes_chat(text):
            return None
        flag = self.patterns.detect(text)
        if self.classifier is None or not text.strip():
            return flag
        try:
            score = self.classifier.score(text)
        except Exception as error:  # noqa: BLE001 - the patterns' word stands when the model fails
            # Only the type: the error's own words may quote the reader.
            logger.error("The alarm classifier failed on a message (%s).", type(error).__name__)
            return flag
        if flag is not None:
            return None if _is_harmless(text, flag, score) else flag
        if score.chance >= ALARM_CHANCE[score.kind]:
            return RedFlag(score.kind, "classifier", score.piece[:200])
        return None


def _is_harmless(text: str, flag: RedFlag, score: AlarmScore) -> bool:
    """Tell whether the model is so sure that a message is harmless that a pattern's alarm is taken back."""
    words = len(text.split())
    # What is longer than the model reads at once may bury the words that the pattern saw.
    judged = HARMLESS_WORDS <= words <= PIECE_WORDS
    plain = words < EXPLAINED_WORDS and len(flag.evidence.split()) >= PLAIN_SHARE * words
    judged = (judged and not plain) or bool(_ASKS_OF_ONE_MORE.fullmatch(text))
    explained = flag.kind == "emergency" and words >= EXPLAINED_WORDS
    limit = EXPLAINED_CHANCE if explained else HARMLESS_CHANCE
    return judged and score.chance < limit and flag.category not in _NEVER_TAKEN_BACK


def finder_of(settings: Settings) -> RedFlagFinder:
    """Return the finder for the settings' patterns and model, loaded once and anew when a file changes.

    :raises LexiconError: when the patterns cannot be used. A missing model is logged; the patterns work without it.
    """
    patterns = settings.lexicon_dir / "red_flags.yml"
    card = settings.alarm_model_dir / CARD_FILE
    return _load(patterns, _changed(patterns), settings.alarm_model_dir, _changed(card))


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=4)
def _load(patterns: Path, _patterns_changed: int, model: Path, model_changed: int) -> RedFlagFinder:
    return RedFlagFinder(RedFlagDetector.load(patterns), _classifier(model))


def _classifier(folder: Path) -> AlarmClassifier | None:
    try:
        return AlarmClassifier.load(folder)
    except AlarmModelError as error:
        logger.error("Only plainly worded emergencies are recognised: %s", error)
        return None
