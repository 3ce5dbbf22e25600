"""The examples of `data/nlu*.yml` with their intents, read as plain YAML: the core does not know Rasa."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from healthqa.errors import ContentError
from healthqa.quick_yaml import quick_load

__all__ = ["IntentExample", "read_intent_examples"]


@dataclass(frozen=True)
class IntentExample:
    """One message of a reader and what it wants."""

    text: str
    intent: str


def read_intent_examples(folder: Path) -> tuple[IntentExample, ...]:
    """Read the examples of all `nlu*.yml` in the folder; none where there is no such file.

    :raises ContentError: names the file that cannot be used.
    """
    return tuple(example for path in sorted(folder.glob("nlu*.yml")) for example in _read(path))


def _read(path: Path) -> Iterator[IntentExample]:
    try:
        content = quick_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ContentError(path, f"The examples cannot be read ({type(error).__name__}).", "Mend the file.") from error
    for entry in (content or {}).get("nlu") or ():
        for line in str(entry.get("examples") or "").splitlines() if "intent" in entry else ():
            if line.strip().startswith("- ") and line.strip()[2:].strip():
                yield IntentExample(line.strip()[2:].strip(), str(entry["intent"]))
