"""Recall and false alarms of `healthqa.safety` on the published sets, with 95 % Wilson intervals.

`python -m evaluation.safety.score` scores patterns and classifier together, as readers meet them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from healthqa.errors import ContentError
from healthqa.safety import default_detector, detect
from healthqa.types import RedFlag

__all__ = [
    "LOCKED",
    "Figure",
    "Message",
    "check_lock",
    "locked_hash",
    "main",
    "read_messages",
    "score",
    "wilson_interval",
]

FOLDER = Path(__file__).resolve().parent
# Sets that are wholly for testing, each locked by the file LOCK in its folder.
LOCKED = ("blind2", "blind3", "blind4", "blind5", "blind6", "blind7", "blind8", "blind9", "blind10", "blind11")
# By whom: README.md. Each set has the three files; only the first has the plain statements.
_DEV = ("blind", "tuning", "tuning2", "tuning3", "tuning4", "tuning5", "tuning6")
SETS = {"first": FOLDER} | {name: FOLDER / name for name in (*_DEV, *LOCKED)}
LOCK = "test.sha256"
_Z = 1.959963984540054


@dataclass(frozen=True)
class Message:
    """One line of a set; `kind` is emergency, crisis or none."""

    id: str
    text: str
    kind: str
    category: str
    part: str


@dataclass(frozen=True)
class Figure:
    """How many of `total` messages a figure counts, and the messages that count against it."""

    name: str
    count: int
    total: int
    misses: tuple[tuple[Message, RedFlag | None], ...] = ()

    def __str__(self) -> str:
        """Print as `name  74/75  98.7 % [92.8, 99.8]`."""
        low, high = wilson_interval(self.count, self.total)
        share = self.count / self.total if self.total else 0.0
        return f"{self.name:<28}{self.count:>4}/{self.total:<4}{share:>7.1%}  [{low:.1%}, {high:.1%}]"


def wilson_interval(count: int, total: int) -> tuple[float, float]:
    """Return the 95 % Wilson score interval of a share; (0, 1) when nothing was counted."""
    if total == 0:
        return 0.0, 1.0
    share = count / total
    scale = 1 + _Z**2 / total
    middle = (share + _Z**2 / (2 * total)) / scale
    half = _Z / scale * math.sqrt(share * (1 - share) / total + _Z**2 / (4 * total**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def read_messages(path: Path, part: str = "") -> tuple[Message, ...]:
    """Read a JSON Lines set; `part` keeps only "dev" or "test"."""
    lines = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    messages = (Message(**{"category": "", "part": "", **line}) for line in lines)
    return tuple(message for message in messages if not part or message.part == part)


def score(part: str, find: Callable[[str], RedFlag | None] = detect, folder: Path = FOLDER) -> tuple[Figure, ...]:
    """Score the sets of one part ("dev", "test"); the plain statements have no parts and are always scored."""
    figures = []
    for name, wanted in (("emergencies", "emergency"), ("crises", "crisis")):
        results = [(m, find(m.text)) for m in read_messages(folder / f"{name}.jsonl", part)]
        misses = tuple((m, flag) for m, flag in results if flag is None)
        other = tuple((m, flag) for m, flag in results if flag is not None and flag.kind != wanted)
        figures.append(Figure(f"{name}: alarm", len(results) - len(misses), len(results), misses))
        right = len(results) - len(misses) - len(other)
        figures.append(Figure(f"{name}: right kind", right, len(results), misses + other))
    quiet = [(m, find(m.text)) for m in read_messages(folder / "hard_negatives.jsonl", part)]
    alarms = tuple((m, flag) for m, flag in quiet if flag is not None)
    figures.append(Figure("hard negatives: false alarm", len(alarms), len(quiet), alarms))
    plain = [(m, find(m.text)) for m in read_messages(FOLDER / "plain_statements.jsonl")]
    wrong = tuple((m, flag) for m, flag in plain if flag is None or flag.kind != m.kind)
    figures.append(Figure("plain statements: right kind", len(plain) - len(wrong), len(plain), wrong))
    return tuple(figures)


def check_lock() -> None:
    """Make sure that the sets for testing are the ones that were locked.

    :raises ContentError: when a message of one was changed; it names the folder.
    """
    for folder in (SETS[name] for name in LOCKED):
        if (folder / LOCK).read_text(encoding="utf-8").strip() != locked_hash(folder):
            raise ContentError(folder, "A message has changed since the set was locked.", "Undo the change.")


def locked_hash(folder: Path) -> str:
    """Return the hash of a set's files."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.jsonl")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; misses are shown for the dev part only, so that nobody tunes on the test part."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.safety.score", description=__doc__)
    parser.add_argument("--part", choices=("dev", "test"), default="dev")
    parser.add_argument(
        "--set",
        choices=SETS,
        default="first",
        help="which set (default first; blind2 to blind11: test only; tuning to tuning6: dev only)",
    )
    parser.add_argument("--patterns", action="store_true", help="score the patterns without the classifier")
    parser.add_argument("--misses", action="store_true", help="print the messages behind the figures (dev only)")
    options = parser.parse_args(arguments)
    if options.misses and options.part == "test":
        parser.error("the test part's misses are counted, not shown: tune on dev.")
    check_lock()
    find = default_detector().detect if options.patterns else detect
    for figure in score(options.part, find, SETS[options.set]):
        sys.stdout.write(f"{figure}\n")
        for message, flag in figure.misses if options.misses else ():
            sys.stdout.write(f"    {message.id} [{message.category}] {message.text} -> {flag}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
