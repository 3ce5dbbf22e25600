"""Plain text as copied from a web page -> Article: headings, bullets and tables are recognised by their looks."""

from __future__ import annotations

import re

from healthqa.readers.boilerplate import is_dropped_heading, is_empty_reference, is_navigation, is_reference_heading
from healthqa.readers.sections import SectionCollector
from healthqa.readers.source import SourceFile, clean_text, slugify
from healthqa.types import Article, Section, Source, Table

__all__ = ["read_plain"]

_BULLET = re.compile(r"^\s*(?:[•●▪◦‣·*–-]|\d{1,2}[.)])(?:\s+|$)")
_HEADING_WORDS = 12
_QUESTION_WORDS = 25
_TITLE_WORDS = 25
# Lines of a wrapped paragraph are about equally long; rows of a flattened table are not wrapped at all.
_WRAP_WIDTHS = (45, 100)
_WRAP_SLACK = 25


def read_plain(source: SourceFile) -> Article:
    """Read a copied page. Its first line that is not navigation is the title.

    :raises ArticleError: if there is no title.
    """
    chunks = _chunks(source.text)
    if not chunks or not _is_title(clean_text(chunks[0][0])):
        advice = "Write the title on a line of its own at the top, and an empty line below it."
        raise source.error("The article has no title.", advice, line=1)
    title = clean_text(chunks[0][0])
    reader = _Reader()
    for chunk in [chunks[0][1:], *chunks[1:]]:
        reader.chunk(chunk)
    return Article(
        slug=slugify(source.path.stem, "article"),
        title=title,
        sections=reader.finish(),
        sources=tuple(dict.fromkeys(reader.sources)),
        path=source.path.name,
        sha256=source.sha256,
    )


def _chunks(text: str) -> list[list[str]]:
    """Return the runs of lines between empty lines, without navigation."""
    chunks: list[list[str]] = [[]]
    for line in text.split("\n"):
        bare = clean_text(line)
        if not bare:
            chunks.append([])
        elif not is_navigation(bare):
            chunks[-1].append(line.rstrip())
    return [chunk for chunk in chunks if chunk]


def _is_title(line: str) -> bool:
    return len(line.split()) <= _TITLE_WORDS and not line.endswith((".", ";", ",")) and not _BULLET.match(line)


class _Reader:
    """Takes the chunks of one page in order."""

    def __init__(self) -> None:
        self.collector = SectionCollector()
        self.sources: list[Source] = []
        self._bullets: list[str] = []
        self._dropping = False
        self._references = False

    def chunk(self, lines: list[str]) -> None:
        """Take the lines between two empty lines."""
        plain: list[str] = []
        for line in lines:
            if _BULLET.match(line):
                self._plain(plain)
                plain = []
                self._bullets.append(clean_text(_BULLET.sub("", line)))
            elif self._bullets and line[:1].isspace() and not plain:
                self._bullets[-1] += f" {clean_text(line)}"  # a wrapped bullet goes on, indented
            else:
                plain.append(line)
        self._plain(plain)

    def finish(self) -> tuple[Section, ...]:
        """Return the sections."""
        self._end_bullets()
        return self.collector.sections()

    def _plain(self, lines: list[str]) -> None:
        if not lines:
            return
        self._end_bullets()
        texts = [clean_text(line) for line in lines]
        if _is_heading(texts[0]) and (len(texts) == 1 or len(texts[1].split()) > _HEADING_WORDS and len(texts) == 2):
            self._heading(texts[0])
            lines, texts = lines[1:], texts[1:]
        if not texts or self._dropping:
            return
        if table := _tabbed_table(lines):
            self.collector.table(table)
        elif len(texts) == 1 or _is_wrapped(texts):
            self._paragraph(" ".join(texts))
        elif table := _flattened_table(texts):
            self.collector.table(table)
        else:
            for text in texts:
                self._paragraph(text)

    def _heading(self, text: str) -> None:
        if self.collector.in_faq and text.endswith("?"):
            self.collector.question(text)
            return
        self._dropping = is_dropped_heading(text)
        self._references = is_reference_heading(text)
        self.collector.heading(text)

    def _paragraph(self, text: str) -> None:
        if self._references:
            self._reference(text)
        elif not self.collector.in_faq:
            self.collector.paragraph(text)
        elif text.endswith("?") and len(text.split()) <= _QUESTION_WORDS:
            self.collector.question(text)
        elif self.collector.has_question:
            self.collector.paragraph(text)
        else:
            self.collector.answer("", text)

    def _reference(self, text: str) -> None:
        if not is_empty_reference(text):
            self.sources.append(Source(text))

    def _end_bullets(self) -> None:
        bullets, self._bullets = self._bullets, []
        if self._references:
            for bullet in bullets:
                self._reference(bullet)
        elif bullets and not self._dropping:
            self.collector.bullet_list(tuple(bullet for bullet in bullets if not bullet.isdigit()))


def _is_heading(text: str) -> bool:
    words = text.split()
    if not words or len(words) > _HEADING_WORDS or text.endswith((".", "!", ",", ";", ":", "…")):
        return False
    return text[0].isupper() or text[0].isdigit()


def _is_wrapped(lines: list[str]) -> bool:
    """Say whether the lines are one paragraph that was broken to fit a width."""
    longest = max(len(line) for line in lines)
    if any(line[:1].islower() for line in lines[1:]):
        return True
    return _WRAP_WIDTHS[0] <= longest <= _WRAP_WIDTHS[1] and all(
        len(line) >= longest - _WRAP_SLACK for line in lines[:-1]
    )


def _tabbed_table(lines: list[str]) -> Table | None:
    """Return lines whose cells are parted by tabs, as browsers copy them."""
    rows = [tuple(clean_text(cell) for cell in line.split("\t")) for line in lines]
    width = len(rows[0])
    if width < 2 or len(rows) < 2 or any(len(row) != width or not row[0] for row in rows[1:]):
        return None
    return Table(rows[0], tuple(rows[1:]))


def _flattened_table(lines: list[str]) -> Table | None:
    """Return a header line and rows that lost their columns as a table of one column: so rows stay apart."""
    return Table((lines[0],), tuple((line,) for line in lines[1:])) if len(lines) >= 3 else None
