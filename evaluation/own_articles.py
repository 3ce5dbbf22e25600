"""A publisher's own articles: which sections no question reaches, and which passages answer nothing.

The articles are indexed in a temporary folder with nothing that was written for other articles: no anticipated
questions. The configured lexicon stays in force.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from healthqa.assistant import Assistant
from healthqa.encoder import OnnxEncoder
from healthqa.errors import ContentError
from healthqa.index import Index, build_index
from healthqa.settings import Settings
from healthqa.types import Answer, Hit, Passage
from healthqa.whole_lists import lists_of_items

__all__ = ["Asked", "Coverage", "Section", "ask_articles", "cover", "own_questions", "section_of"]


@dataclass(frozen=True, order=True)
class Section:
    """A headed part of an article."""

    article: str
    slug: str
    title: str


@dataclass(frozen=True)
class Asked:
    """One question and what came of it.

    :param home: the section whose heading or FAQ the question is; None for a reader's question.
    :param nearest: the best hit, whether it was shown or not; None where nothing was searched.
    """

    question: str
    answer: Answer
    nearest: Hit | None = None
    home: Section | None = None

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections that were shown."""
        return tuple(dict.fromkeys(section_of(hit.passage) for hit in self.answer.passages))


@dataclass(frozen=True)
class Coverage:
    """What all questions together came to.

    :param own: the questions are the articles' own headings and FAQ; then a passage that answers none is no fault.
    :param passages: all passages of the articles.
    :param unreached: sections of which nothing was shown, in the order of the articles.
    :param idle: passages in the other sections of which nothing was shown.
    """

    asked: Sequence[Asked]
    own: bool
    passages: Sequence[Passage]
    unreached: Sequence[Section]
    idle: Sequence[Passage]

    @property
    def unanswered(self) -> tuple[Asked, ...]:
        """The questions that got no passage."""
        return tuple(asked for asked in self.asked if not asked.answer.passages)

    @property
    def elsewhere(self) -> tuple[Asked, ...]:
        """The headings and FAQ questions that another section than their own answers."""
        return tuple(a for a in self.asked if a.home is not None and a.sections and a.home not in a.sections)

    @property
    def complete(self) -> bool:
        """Whether there is nothing to mend."""
        return not (self.unanswered or self.elsewhere or self.unreached or (self.idle and not self.own))


def ask_articles(folder: Path, questions: Sequence[str], settings: Settings) -> Coverage:
    """Index the articles for the moment and ask.

    :param questions: readers' questions; without any the articles' own headings and FAQ questions are asked.
    :raises ContentError: when the folder or an article cannot be used, or there is nothing to ask.
    """
    if not folder.is_dir():
        raise ContentError(folder, "There is no such folder.", "Name the folder that holds the articles.")
    with tempfile.TemporaryDirectory(prefix="healthqa-evaluate-") as place:
        own = replace(settings, articles_dir=folder.resolve(), index_dir=Path(place) / "index", questions_dir=None)
        encoder = OnnxEncoder.load(settings.encoder_dir, threads=settings.encoder_threads)
        build_index(own.articles_dir, own, encoder)
        with Index.load(own.index_dir, encoder) as index:
            passages = index.passages
        wanted = [(question, None) for question in questions] or own_questions(passages)
        if not wanted:
            problem = "No heading is a question, and there is no FAQ."
            raise ContentError(folder, problem, "Write your readers' questions into a file and name it: --questions.")
        assistant = Assistant.load(own)
        asked = [_ask(assistant, question, home) for question, home in wanted]
    return cover(asked, passages, settings.max_words)


def own_questions(passages: Sequence[Passage]) -> list[tuple[str, Section | None]]:
    """Return the headings that are questions and the questions of the FAQ, each with its section."""
    found: dict[str, Section | None] = {}
    for passage in passages:
        for text in (passage.question, passage.section):
            if text.endswith("?"):
                found.setdefault(text, section_of(passage))
    return list(found.items())


def cover(asked: Sequence[Asked], passages: Sequence[Passage], max_words: int) -> Coverage:
    """Add up what was shown.

    A table stands for nothing of its own: its rows are looked at. An item that its whole list replaces when it is
    found, and a text of which every line was shown in another passage, are never missed.

    :param max_words: words of a shown passage at most (`Settings.max_words`).
    """
    shown = {hit.passage.id for one in asked for hit in one.answer.passages}
    reached = {section for one in asked for section in one.sections}
    lines = {line for passage in passages if passage.id in shown for line in _lines(passage)}
    replaced = lists_of_items(passages, max_words)
    idle = [
        passage
        for passage in passages
        if section_of(passage) in reached
        and passage.kind != "table"
        and passage.id not in replaced
        and passage.id not in shown
        and not _lines(passage) <= lines
    ]
    sections = dict.fromkeys(section_of(passage) for passage in passages)
    own = any(one.home is not None for one in asked)
    return Coverage(asked, own, passages, [section for section in sections if section not in reached], idle)


def _lines(passage: Passage) -> set[str]:
    """Return the lines without the marks of a list: a copied item stands there with and without one."""
    return {" ".join(line.lstrip("-• ").split()) for line in passage.text.splitlines()}


def section_of(passage: Passage) -> Section:
    """Return the section that a passage stands in."""
    return Section(passage.article_slug, passage.section_slug, passage.section or passage.title)


def _ask(assistant: Assistant, question: str, home: Section | None) -> Asked:
    answer = assistant.reply(question)
    hits = assistant.examine(question).hits if question.strip() else ()
    return Asked(question, answer, hits[0] if hits else None, home)
