"""What an editor gets to read about a publisher's own articles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from evaluation.own_articles import Asked, Coverage, Section, section_of
from healthqa.types import Passage

__all__ = ["print_coverage"]

_NAMES = {
    "answer": "answered",
    "clarify": "offered other questions",
    "refuse": "refused",
    "emergency": "taken for an emergency",
    "crisis": "taken for a crisis",
}
_FIRST_WORDS = 12


def print_coverage(console: Console, folder: Path, source: str, coverage: Coverage) -> None:
    """Print what was asked, what came back, and what an editor can mend.

    :param source: where the questions came from, in words.
    """
    sections = {section_of(passage) for passage in coverage.passages}
    head = (
        f"{folder}: articles {len({section.article for section in sections})}, sections {len(sections)}, "
        f"passages {len(coverage.passages)}; questions {len(coverage.asked)}, from {source}"
    )
    console.print(head, style="bold", markup=False, soft_wrap=True)
    console.print(_replies(coverage.asked))
    if coverage.unanswered:
        console.print(_unanswered(coverage.unanswered))
    if coverage.elsewhere:
        console.print(_elsewhere(coverage.elsewhere))
    if coverage.unreached:
        console.print(_unreached(coverage))
    if coverage.idle and not coverage.own:
        console.print(_idle(coverage.idle))
    if coverage.own:
        advice = "Headings say little about readers: name a file of their questions with --questions, one a line."
        console.print(advice, style="yellow", soft_wrap=True)
    if coverage.complete:
        console.print("Every question is answered, and every section is reached.", style="green")


def _replies(asked: Sequence[Asked]) -> Table:
    table = Table("reply", "questions", "share", title="what the questions got")
    for kind, count in Counter(one.answer.kind for one in asked).most_common():
        table.add_row(_NAMES.get(kind, kind), str(count), f"{count / len(asked):.0%}")
    return table


def _unanswered(found: Sequence[Asked]) -> Table:
    title = "questions without an answer: write what is missing, or say it in readers' words"
    table = Table("question", "got", "why", "nearest section", title=title)
    for one in found:
        nearest = f"{section_of(one.nearest.passage).title} ({one.nearest.score:.2f})" if one.nearest else "–"
        cells = (one.question, _NAMES.get(one.answer.kind, one.answer.kind), one.answer.reason, nearest)
        table.add_row(*map(escape, cells))
    return table


def _elsewhere(found: Sequence[Asked]) -> Table:
    title = "headings that another section answers: does the text below the heading say what the heading asks?"
    table = Table("heading or FAQ question", "answered by", title=title)
    for one in found:
        table.add_row(escape(one.question), escape("; ".join(_name(section) for section in one.sections)))
    return table


def _unreached(coverage: Coverage) -> Table:
    counts = Counter(section_of(passage) for passage in coverage.passages)
    table = Table("article", "section", "passages", title="sections that no question reaches")
    for section in coverage.unreached:
        table.add_row(escape(section.article), escape(section.title), str(counts[section]))
    return table


def _idle(passages: Sequence[Passage]) -> Table:
    title = "passages that answer nothing: nobody asks for them, or another passage says it better"
    table = Table("section", "passage", title=title)
    for passage in passages:
        table.add_row(escape(_name(section_of(passage))), escape(_first_words(passage)))
    return table


def _first_words(passage: Passage) -> str:
    # The introduction of a list stands above each of its items: the item tells them apart.
    words = (passage.question or passage.text.splitlines()[-1]).split()
    return " ".join(words[:_FIRST_WORDS]) + (" ..." if len(words) > _FIRST_WORDS else "")


def _name(section: Section) -> str:
    return f"{section.title} ({section.article})"
