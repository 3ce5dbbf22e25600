"""Messages with their kind (`knowledge/alarms/*.jsonl`), from which the alarm classifier learns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from healthqa.errors import ContentError

__all__ = ["KINDS", "Example", "read_examples"]

# Also the order of the classifier's outputs.
KINDS = ("none", "emergency", "crisis")


@dataclass(frozen=True)
class Example:
    """One message.

    :param kind: one of `KINDS`.
    :param writer: name of the file it stands in, without the ending; each file is by another writer.
    """

    text: str
    kind: str
    writer: str


def read_examples(folder: Path) -> tuple[Example, ...]:
    """Read all files of the folder, in the order of their names.

    :raises ContentError: names the file and line that cannot be used, or the kind that has no example.
    """
    examples = tuple(example for path in sorted(folder.glob("*.jsonl")) for example in _read(path))
    for kind in KINDS:
        if not any(example.kind == kind for example in examples):
            raise ContentError(folder, f"There is no example of {kind!r}.", "Add `*.jsonl` files, see README.md there.")
    return examples


def _read(path: Path) -> Iterator[Example]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(path, "The file cannot be read as UTF-8.", "Restore it.") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _example(path, number, line)


def _example(path: Path, number: int, line: str) -> Example:
    where = f"line {number}"
    try:
        entry = json.loads(line)
    except ValueError as error:
        raise ContentError(path, "The line is not JSON.", f"Mend it: {error}.", where) from error
    text, kind = (entry.get(key) if isinstance(entry, dict) else None for key in ("text", "kind"))
    if not isinstance(text, str) or not text.strip():
        raise ContentError(path, "The line has no `text`.", 'Write {"text": "...", "kind": "none"}.', where)
    if kind not in KINDS:
        raise ContentError(path, f"`kind` is {kind!r}.", f"Write one of: {', '.join(KINDS)}.", where)
    return Example(text, kind, path.stem)
