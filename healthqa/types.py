"""The frozen dataclasses that travel between the parts of healthqa."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

__all__ = [
    "Answer",
    "AnswerKind",
    "Article",
    "Block",
    "Context",
    "Entity",
    "Hit",
    "ListBlock",
    "Paragraph",
    "Passage",
    "PassageKind",
    "QuestionAndAnswer",
    "RedFlag",
    "Section",
    "Source",
    "Table",
]

AnswerKind = Literal["answer", "clarify", "refuse", "emergency", "crisis", "smalltalk"]
PassageKind = Literal["text", "list", "row", "table", "faq"]


@dataclass(frozen=True)
class Source:
    """Where an article's facts come from. `url` is empty when the publisher gave none."""

    name: str
    url: str = ""


@dataclass(frozen=True)
class Paragraph:
    """Running text of one paragraph, without markup."""

    text: str


@dataclass(frozen=True)
class ListBlock:
    """A bulleted or numbered list; `intro` is the sentence that leads to it, or empty."""

    items: tuple[str, ...]
    intro: str = ""


@dataclass(frozen=True)
class Table:
    """A table; every row has as many cells as there are columns, and the first cell names the row."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""


@dataclass(frozen=True)
class QuestionAndAnswer:
    """One entry of a list of frequent questions. `question` is empty where a copied page lost it."""

    question: str
    answer: str


Block = Paragraph | ListBlock | Table | QuestionAndAnswer


@dataclass(frozen=True)
class Section:
    """A headed part of an article. The text before the first heading is the section `overview`."""

    slug: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Article:
    """One validated source file. Dates are None while the publisher has not filled them in."""

    slug: str
    title: str
    sections: tuple[Section, ...]
    url: str = ""
    author: str = ""
    published: date | None = None
    last_reviewed: date | None = None
    next_review: date | None = None
    sources: tuple[Source, ...] = ()
    licence: str = ""
    language: str = "en"
    path: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Passage:
    """The retrieved unit.

    `text` is what the reader sees, its `sentences` in source order. `encode_texts` are the texts the encoder sees:
    each becomes one vector of the index (the text, heading + text, the FAQ question ...).
    """

    id: str
    article_slug: str
    section_slug: str
    kind: PassageKind
    text: str
    sentences: tuple[str, ...]
    title: str
    section: str
    url: str
    question: str = ""
    reviewed: str = ""
    encode_texts: tuple[str, ...] = ()
    table: Table | None = None

    @property
    def words(self) -> int:
        """Number of whitespace-separated words of the shown text."""
        return len(self.text.split())


@dataclass(frozen=True)
class Entity:
    """A lexicon term found in a text: its type, canonical value and character span."""

    entity: str
    value: str
    start: int
    end: int


@dataclass(frozen=True)
class Hit:
    """A passage with its score (higher is better) and the named parts the score was made of."""

    passage: Passage
    score: float
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class RedFlag:
    """An emergency or a crisis found in a reader's words; `evidence` is the span that raised it."""

    kind: Literal["emergency", "crisis"]
    category: str
    evidence: str


@dataclass(frozen=True)
class Context:
    """What is known of the conversation when a question comes in.

    :param intent: Rasa's intent, or empty where there is none (CLI, evaluation of the core alone).
    :param intent_confidence: its confidence, 0.0-1.0.
    :param topic: canonical lexicon value that the last answered question was about.
    :param last_question: the last answered question, made stand-alone.
    :param last_passages: ids of the passages shown for it, in order.
    :param first_message: nothing has been said by the assistant in this conversation yet.
    """

    intent: str = ""
    intent_confidence: float = 0.0
    topic: str = ""
    last_question: str = ""
    last_passages: tuple[str, ...] = ()
    first_message: bool = False


@dataclass(frozen=True)
class Answer:
    """A reply, complete in `text`; the other fields are what a channel needs to render it natively.

    `question` is the stand-alone question that was answered, `topic` what it was about, `reason` why the
    assistant answered, offered or refused (for `why` and `ask --explain`).
    """

    kind: AnswerKind
    text: str
    id: str
    passages: tuple[Hit, ...] = ()
    table: Table | None = None
    suggestions: tuple[str, ...] = ()
    disclaimer: str = ""
    confidence: float = 0.0
    question: str = ""
    topic: str = ""
    reason: str = ""
