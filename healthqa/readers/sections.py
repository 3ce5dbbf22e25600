"""Collects the blocks that a reader finds, in order, into sections."""

from __future__ import annotations

import re

from healthqa.readers.source import clean_text, slugify
from healthqa.types import Block, ListBlock, Paragraph, QuestionAndAnswer, Section, Table

__all__ = ["OVERVIEW", "SectionCollector", "is_faq_heading"]

OVERVIEW = "overview"
_FAQ = re.compile(
    r"^(frequently asked questions?|faqs?|common questions|questions and answers|q ?& ?a)\b", re.IGNORECASE
)


def is_faq_heading(title: str) -> bool:
    """Say whether what follows the heading are questions and answers."""
    return bool(_FAQ.match(title.strip()))


class SectionCollector:
    """Takes headings and blocks in source order. Under a FAQ heading, what follows a question is its answer."""

    def __init__(self) -> None:
        self._sections: list[tuple[str, str, list[Block]]] = [(OVERVIEW, "Overview", [])]
        self._question = ""
        self._answer: list[str] = []
        self.in_faq = False

    @property
    def unanswered(self) -> str:
        """The question that has no answer yet, or empty."""
        return "" if self._answer else self._question

    @property
    def has_question(self) -> bool:
        """Whether a paragraph would become (part of) the answer to a question."""
        return bool(self._question)

    def heading(self, title: str, slug: str = "") -> bool:
        """Begin a section; False if its explicit slug is taken."""
        self._end_question()
        title = clean_text(title)
        self.in_faq = is_faq_heading(title)
        if slug and any(section[0] == slug for section in self._sections):
            return False
        self._sections.append((slug, title, []))
        return True

    def question(self, text: str) -> None:
        """Begin a FAQ entry."""
        self._end_question()
        self._question = clean_text(text)

    def paragraph(self, text: str) -> None:
        """Add a paragraph, or a part of the answer to the last question."""
        text = clean_text(text)
        if not text:
            return
        if self._question:
            self._answer.append(text)
        else:
            self._blocks.append(Paragraph(text))

    def answer(self, question: str, answer: str) -> None:
        """Add a complete FAQ entry."""
        self._end_question()
        self._blocks.append(QuestionAndAnswer(clean_text(question), answer))

    def bullet_list(self, items: tuple[str, ...]) -> None:
        """Add a list; a sentence before it that ends in a colon is taken as its introduction."""
        items = tuple(item for item in map(clean_text, items) if item)
        if not items:
            return
        if self._question:
            self._answer.extend(f"- {item}" for item in items)
            return
        self._blocks.append(ListBlock(items, self._take_intro()))

    def table(self, table: Table) -> None:
        """Add a table."""
        self._end_question()
        self._blocks.append(table)

    def sections(self) -> tuple[Section, ...]:
        """Return the sections that hold anything."""
        self._end_question()
        filled = [section for section in self._sections if section[2]]
        taken = {OVERVIEW} | {slug for slug, _, _ in filled}
        sections = []
        # Names are given last, so that an empty heading (a copied table of contents) takes none away.
        for slug, title, blocks in filled:
            name = slug or _free_slug(slugify(title), taken)
            taken.add(name)
            sections.append(Section(name, title, tuple(blocks)))
        return tuple(sections)

    @property
    def _blocks(self) -> list[Block]:
        return self._sections[-1][2]

    def _end_question(self) -> None:
        if self._question and self._answer:
            self._blocks.append(QuestionAndAnswer(self._question, "\n".join(self._answer)))
        self._question, self._answer = "", []

    def _take_intro(self) -> str:
        last = self._blocks[-1] if self._blocks else None
        if not isinstance(last, Paragraph) or not last.text.endswith(":"):
            return ""
        cut = max((match.end() for match in re.finditer(r"[.!?][\"”’)]?\s+(?=[A-Z])", last.text)), default=0)
        if len(last.text[:cut].split()) < 5:
            cut = 0  # too little to be shown without the list
        intro = last.text[cut:]
        self._blocks.pop()
        if cut:
            self._blocks.append(Paragraph(last.text[:cut].strip()))
        return intro


def _free_slug(slug: str, taken: set[str]) -> str:
    candidate, number = slug, 2
    while candidate in taken:
        candidate, number = f"{slug}-{number}", number + 1
    return candidate
