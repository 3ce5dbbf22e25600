"""What several components share in one process: settings, lexicon, the model that reads messages, red-flag detector."""

from __future__ import annotations

import hashlib
import logging
from functools import lru_cache
from pathlib import Path
from typing import Any

from healthqa.errors import HealthQAError
from healthqa.lexicon import Lexicon
from healthqa.safety import RedFlagFinder, finder_of
from healthqa.safety.classifier import AlarmClassifier
from healthqa.settings import Settings

__all__ = ["files_fingerprint", "folder_setting", "lexicon_at", "log_once", "reader_at", "red_flags_at"]

logger = logging.getLogger(__name__)


@lru_cache(maxsize=4)
def lexicon_at(folder: Path) -> Lexicon:
    """Load the lexicon once per process and folder."""
    return Lexicon.load(folder)


@lru_cache(maxsize=4)
def reader_at(folder: Path) -> AlarmClassifier:
    """Load the model that reads messages once per process and folder; after a failure a later turn tries again.

    :raises AlarmModelError: when it is missing or damaged.
    """
    try:
        # The guard's own, where it loads: both then read a message once.
        shared = finder_of(Settings.from_env(alarm_model_dir=folder)).classifier
    except HealthQAError:  # broken patterns: the intents still tell an alarm
        shared = None
    return shared if isinstance(shared, AlarmClassifier) else AlarmClassifier.load(folder)


def red_flags_at(lexicon_dir: Path) -> RedFlagFinder:
    """Return what finds alarms, with the patterns of the folder; loaded once per process, and anew after a change."""
    return finder_of(Settings.from_env(lexicon_dir=lexicon_dir))


@lru_cache(maxsize=64)
def log_once(component: str, problem: str) -> None:
    """Log a lasting problem once per process as ERROR; a line for every turn would hide everything else."""
    logger.error("%s: %s", component, problem)


def folder_setting(config: dict[str, Any], key: str, name: str) -> Path:
    """Return the folder that the component's config gives under `key`, else that of the settings.

    :param name: the attribute of Settings.
    """
    settings = Settings.from_env()
    given = config.get(key)
    default: Path = getattr(settings, name)
    return settings.root / given if given else default


def files_fingerprint(*paths: Path) -> str:
    """Return a hash of the files' contents; a missing file counts as empty. Rasa trains again when it changes."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode())
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()
