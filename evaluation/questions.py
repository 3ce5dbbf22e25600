"""The single questions of `evaluation/sets`, with their fixed split into a dev and a test part."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from healthqa.errors import ContentError
from healthqa.quick_yaml import quick_load

__all__ = [
    "SETS",
    "Part",
    "Question",
    "is_dev_only",
    "load_facts",
    "load_questions",
    "part_of",
    "read_yaml",
    "set_files",
]

SETS = Path(__file__).parent / "sets"
Part = Literal["dev", "test"]


@dataclass(frozen=True)
class Question:
    """One question.

    :param group: `in_scope`, `near_miss`, `unanswerable` or `smalltalk`.
    :param kind: the register of an in-scope question, the kind of missing answer, or the kind of small talk.
    :param need: regular expressions that must all match the shown passages; empty outside `in_scope`.
    :param dev_only: whether it stands in a file for development (`*.dev.yml`), written after the test half was locked.
    """

    text: str
    group: str
    kind: str
    fact: str = ""
    need: tuple[str, ...] = ()
    # Left out of the text form, which the lock of the test half hashes.
    dev_only: bool = field(default=False, repr=False)

    @property
    def part(self) -> Part:
        """The half this question belongs to."""
        return "dev" if self.dev_only else part_of(self.text)


def part_of(text: str) -> Part:
    """Split by a hash of the words: an edit of one question never moves another to the other half."""
    return "dev" if hashlib.sha256(text.encode()).digest()[0] % 2 == 0 else "test"


def load_questions(folder: Path = SETS) -> tuple[Question, ...]:
    """Read all single questions; one that differs from another in case and punctuation only counts once.

    :raises ContentError: names the file and what is missing in it.
    """
    facts = load_facts(folder)
    found = (*_in_scope(folder, facts), *_pairs(folder, facts), *_unanswerable(folder), *_smalltalk(folder))
    first: dict[str, Question] = {}
    for question in found:
        first.setdefault(_plain(question.text), question)
    return tuple(first.values())


def load_facts(folder: Path = SETS) -> Mapping[str, tuple[str, ...]]:
    """Return fact -> the patterns that a text with this fact matches.

    :raises ContentError: for a fact without patterns, or with different ones in two places.
    """
    facts: dict[str, tuple[str, ...]] = {}
    entries = [(path, entry) for path in set_files(folder, "in_scope_*.yml") for entry in read_yaml(path)]
    for path, entry in entries:
        if "need" in entry and facts.setdefault(entry["fact"], tuple(entry["need"])) != tuple(entry["need"]):
            problem = "The fact has other patterns in another place."
            raise ContentError(path, problem, "Write `need` once.", f"fact `{entry['fact']}`")
    for path, entry in entries:
        if not facts.get(entry["fact"]):
            raise ContentError(path, "The fact has no patterns.", "Write `need`.", f"fact `{entry['fact']}`")
    return facts


def set_files(folder: Path, pattern: str) -> list[Path]:
    """Return the files of one set in the order of their names; a set may be written in several parts.

    :raises ContentError: when there is none.
    """
    found = sorted(folder.glob(pattern))
    if not found:
        raise ContentError(folder / pattern, "There is no such file.", "Restore evaluation/sets.")
    return found


def is_dev_only(path: Path) -> bool:
    """Tell whether all of a file is for development, whatever the hashes say: it must not make the test half larger."""
    return path.name.endswith(".dev.yml")


def read_yaml(path: Path) -> Any:  # noqa: ANN401
    """Read one file of a set.

    :raises ContentError: when it is not YAML; it names the line.
    """
    try:
        return quick_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else ""
        raise ContentError(path, "The file is not valid YAML.", "Mend that line.", where) from error


def _plain(text: str) -> str:
    words = "".join(char if char.isalnum() else " " for char in text.casefold()).split()
    return " ".join(words) or text


def _in_scope(folder: Path, facts: Mapping[str, tuple[str, ...]]) -> Iterator[Question]:
    for path in set_files(folder, "in_scope_*.yml"):
        for entry in read_yaml(path):
            for register, asked in entry["ask"].items():
                for text in asked if isinstance(asked, list) else [asked]:
                    yield Question(text, "in_scope", register, entry["fact"], facts[entry["fact"]], is_dev_only(path))


def _pairs(folder: Path, facts: Mapping[str, tuple[str, ...]]) -> Iterator[Question]:
    for path in set_files(folder, "pairs*.yml"):
        for pair in read_yaml(path):
            if pair["fact"] not in facts:
                raise ContentError(path, f"No fact is called {pair['fact']!r}.", "Name a fact of in_scope_*.yml.")
            yield Question(pair["answered"], "in_scope", "pair", pair["fact"], facts[pair["fact"]])
            yield Question(pair["refused"], "near_miss", "pair")


def _unanswerable(folder: Path) -> Iterator[Question]:
    for path in set_files(folder, "unanswerable*.yml"):
        dev_only = is_dev_only(path)
        for kind, found in read_yaml(path).items():
            if kind == "near_miss":
                for near_kind, texts in found.items():
                    yield from (Question(text, "near_miss", near_kind, dev_only=dev_only) for text in texts)
            else:
                yield from (Question(text, "unanswerable", kind, dev_only=dev_only) for text in found)


def _smalltalk(folder: Path) -> Iterator[Question]:
    for path in (folder / "smalltalk.yml", *sorted(folder.glob("smalltalk_[0-9]*.yml"))):
        for kind, texts in read_yaml(path).items():
            yield from (Question(text, "smalltalk", kind, dev_only=is_dev_only(path)) for text in texts)
