"""The dialogues of `evaluation/sets`: turns that lean on the ones before them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evaluation.questions import SETS, Part, is_dev_only, load_facts, part_of, read_yaml, set_files
from healthqa.errors import ContentError

__all__ = ["OTHER_REPLIES", "Dialogue", "Turn", "load_dialogues"]

# What a turn may expect besides a fact.
OTHER_REPLIES = ("refuse", "smalltalk", "emergency", "crisis")


@dataclass(frozen=True)
class Turn:
    """What the reader says, and what must come back.

    :param expect: facts, any of which is right, or one of `OTHER_REPLIES`.
    :param needs: for each of these facts its patterns; empty for the other replies.
    """

    text: str
    expect: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Dialogue:
    """Turns of one conversation.

    :param dev_only: whether it stands in a file for development (`*.dev.yml`).
    """

    turns: tuple[Turn, ...]
    # Left out of the text form, which the lock of the test half hashes.
    dev_only: bool = field(default=False, repr=False)

    @property
    def part(self) -> Part:
        """The half this dialogue belongs to; it follows from all its words."""
        return "dev" if self.dev_only else part_of("|".join(turn.text for turn in self.turns))


def load_dialogues(folder: Path = SETS) -> tuple[Dialogue, ...]:
    """Read the dialogues.

    :raises ContentError: for a turn that expects an unknown fact.
    """
    facts = load_facts(folder)
    return tuple(
        Dialogue(tuple(_turn(text, expect, facts, path) for text, expect in turns), is_dev_only(path))
        for path in set_files(folder, "dialogues*.yml")
        for turns in read_yaml(path)
    )


def _turn(text: str, expect: str | list[str], facts: Mapping[str, tuple[str, ...]], path: Path) -> Turn:
    if expect in OTHER_REPLIES:
        return Turn(text, (str(expect),))
    wanted = (expect,) if isinstance(expect, str) else tuple(expect)
    for fact in wanted:
        if fact not in facts:
            raise ContentError(path, f"No fact is called {fact!r}.", "Name a fact of in_scope_*.yml.", f"turn `{text}`")
    return Turn(text, wanted, tuple(facts[fact] for fact in wanted))
