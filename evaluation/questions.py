"""The question sets of `evaluation/sets`, with their fixed split into a dev and a test part."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from healthqa.errors import ContentError

__all__ = [
    "SETS",
    "Dialogue",
    "Part",
    "Question",
    "Turn",
    "check_lock",
    "load_dialogues",
    "load_questions",
    "part_of",
    "test_hash",
]

SETS = Path(__file__).parent / "sets"
Part = Literal["dev", "test"]
_IN_SCOPE = ("in_scope_1.yml", "in_scope_2.yml")


@dataclass(frozen=True)
class Question:
    """One question.

    :param group: `in_scope`, `near_miss` or `unanswerable`.
    :param kind: the register of an in-scope question, else the kind of missing answer.
    :param need: regular expressions that must all match the shown passage; empty where a refusal is right.
    """

    text: str
    group: str
    kind: str
    fact: str = ""
    need: tuple[str, ...] = ()

    @property
    def part(self) -> Part:
        """The half this question belongs to."""
        return part_of(self.text)


@dataclass(frozen=True)
class Turn:
    """What the reader says, and the fact, `refuse`, `smalltalk`, `emergency` or `crisis` that must come back."""

    text: str
    expect: str
    need: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dialogue:
    """Turns of one conversation."""

    turns: tuple[Turn, ...]

    @property
    def part(self) -> Part:
        """The half this dialogue belongs to; it follows from all its words."""
        return part_of("|".join(turn.text for turn in self.turns))


def part_of(text: str) -> Part:
    """Split by a hash of the words: an edit of one question never moves another to the other half."""
    return "dev" if hashlib.sha256(text.encode()).digest()[0] % 2 == 0 else "test"


def load_questions(folder: Path = SETS) -> tuple[Question, ...]:
    """Read all single questions.

    :raises ContentError: names the file and what is missing in it.
    """
    needs = _needs(folder)
    return (*_in_scope(folder), *_pairs(folder, needs), *_unanswerable(folder))


def load_dialogues(folder: Path = SETS) -> tuple[Dialogue, ...]:
    """Read the dialogues.

    :raises ContentError: for a turn that expects an unknown fact.
    """
    needs = _needs(folder)
    path = folder / "dialogues.yml"
    return tuple(
        Dialogue(tuple(Turn(text, expect, _need(needs, expect, path)) for text, expect in turns))
        for turns in _read(path)
    )


def test_hash(folder: Path = SETS) -> str:
    """Hash of the test part: its questions, what they need, and its dialogues."""
    questions = [repr(question) for question in load_questions(folder) if question.part == "test"]
    dialogues = [repr(dialogue) for dialogue in load_dialogues(folder) if dialogue.part == "test"]
    return hashlib.sha256("\n".join(sorted(questions) + sorted(dialogues)).encode()).hexdigest()


def check_lock(folder: Path = SETS) -> None:
    """Make sure that the test part is the one that was locked.

    :raises ContentError: when a test question, its facts or a test dialogue was changed.
    """
    lock = folder / "test.sha256"
    if lock.read_text(encoding="utf-8").strip() != test_hash(folder):
        raise ContentError(
            lock,
            "The test part has changed since it was locked.",
            "Undo the change; mend only a wrong key, and say so.",
        )


def _read(path: Path) -> Any:  # noqa: ANN401
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _facts(folder: Path) -> Iterator[dict[str, Any]]:
    for name in _IN_SCOPE:
        yield from _read(folder / name)


def _needs(folder: Path) -> dict[str, tuple[str, ...]]:
    return {entry["fact"]: tuple(entry["need"]) for entry in _facts(folder)}


def _need(needs: dict[str, tuple[str, ...]], expect: str, path: Path) -> tuple[str, ...]:
    if expect in ("refuse", "smalltalk", "emergency", "crisis"):
        return ()
    if expect not in needs:
        raise ContentError(path, f"No fact is called {expect!r}.", "Name a fact of in_scope_*.yml.")
    return needs[expect]


def _in_scope(folder: Path) -> Iterator[Question]:
    for entry in _facts(folder):
        for register, text in entry["ask"].items():
            yield Question(text, "in_scope", register, entry["fact"], tuple(entry["need"]))


def _pairs(folder: Path, needs: dict[str, tuple[str, ...]]) -> Iterator[Question]:
    path = folder / "pairs.yml"
    for pair in _read(path):
        yield Question(pair["answered"], "in_scope", "pair", pair["fact"], _need(needs, pair["fact"], path))
        yield Question(pair["refused"], "near_miss", "pair")


def _unanswerable(folder: Path) -> Iterator[Question]:
    for kind, found in _read(folder / "unanswerable.yml").items():
        if kind == "near_miss":
            for near_kind, texts in found.items():
                yield from (Question(text, "near_miss", near_kind) for text in texts)
        else:
            yield from (Question(text, "unanswerable", kind) for text in found)
