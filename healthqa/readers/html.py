"""A saved web page -> Article. trafilatura finds the article in the page; only text leaves this file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from datetime import date
from typing import Any

import lxml.html
import trafilatura
from lxml import etree

from healthqa.readers.boilerplate import is_dropped_heading, is_empty_reference, is_navigation, is_reference_heading
from healthqa.readers.html_faq import faq_of_json_ld
from healthqa.readers.sections import SectionCollector, is_faq_heading
from healthqa.readers.source import SourceFile, check_web_address, clean_text, slugify
from healthqa.types import Article, Block, QuestionAndAnswer, Section, Source, Table

__all__ = ["read_html"]

_CAPTION_MARK = "Table: "


def read_html(source: SourceFile) -> Article:
    """Read a saved page.

    :raises ArticleError: if no article is found in it, it has no title, a table is ragged, or its address is none.
    """
    page = _parse(source)
    faq = faq_of_json_ld(page)
    title = _title(page)
    if not title:
        raise source.error("The page has no title.", "Give it a `<title>` or a heading `<h1>`.", field="title")
    url = _meta(page, "//link[@rel='canonical']/@href", "//meta[@property='og:url']/@content")
    published = _meta(page, "//meta[@property='article:published_time']/@content", "//time[@pubdate]/@datetime")
    _expand_tables(page)
    reader = _Reader(source, page, title)
    reader.read(_extract(source, page))
    return Article(
        slug=slugify(source.path.stem, "article"),
        title=title,
        sections=_with_faq(reader.collector.sections(), faq),
        url=check_web_address(source, url, "canonical") if url else "",
        author=_meta(page, "//meta[@name='author']/@content"),
        published=_date(published),
        sources=tuple(dict.fromkeys(reader.sources)),
        language=(_meta(page, "/html/@lang") or "en").split("-")[0].lower(),
        path=source.path.name,
        sha256=source.sha256,
    )


def _parse(source: SourceFile) -> Any:  # noqa: ANN401 - lxml is untyped
    try:
        # The text is decoded already; a charset in the page must not have it decoded again.
        parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
        page = lxml.html.document_fromstring(source.text.encode("utf-8"), parser=parser)
    except (etree.LxmlError, ValueError) as error:
        raise source.error(f"The page cannot be read ({error}).", "Save it again as a complete HTML page.") from error
    return page.getroottree().getroot()


def _extract(source: SourceFile, page: Any) -> Any:  # noqa: ANN401
    found = trafilatura.bare_extraction(
        lxml.html.tostring(page, encoding="unicode"),
        include_comments=False,
        include_tables=True,
        favor_recall=True,
        as_dict=False,
    )
    if found is None or found.body is None or not clean_text("".join(found.body.itertext())):
        advice = "Save the article itself as a page, or write it as Markdown."
        raise source.error("No article text was found in the page.", advice)
    return found.body


class _Reader:
    """Maps what trafilatura found to sections."""

    def __init__(self, source: SourceFile, page: Any, title: str) -> None:  # noqa: ANN401
        self.source = source
        self.collector = SectionCollector()
        self.sources: list[Source] = []
        self._page = page
        self._title = title
        self._anchors = _anchors(page)
        self._caption = ""
        self._dropping = False
        self._references = False

    def read(self, body: Any) -> None:  # noqa: ANN401
        """Take all elements of the extracted body."""
        for element in body:
            if element.tag in ("head", "fw") or not self._dropping:
                self._element(element)

    def _element(self, element: Any) -> None:  # noqa: ANN401
        text = _text(element)
        if element.tag == "head":
            self._heading(text, element.get("rend", ""))
        elif element.tag == "list":
            items = [_text(item) for item in element.iterchildren("item")]
            self._list([item for item in items if item])
        elif element.tag == "table":
            self.collector.table(self._table(element))
            self._caption = ""
        elif text.startswith(_CAPTION_MARK):
            self._caption = text.removeprefix(_CAPTION_MARK)
        elif element.tag in ("quote", "div") and len(element):
            self.read(element)
        elif text and not is_navigation(text):
            self._paragraph(text)

    def _heading(self, text: str, level: str) -> None:
        if not text or text == self._title:
            return
        if text.endswith("?") and (self.collector.in_faq or not level) and level not in ("h1", "h2"):
            self._dropping = False
            self.collector.question(text)
            return
        self._dropping = is_dropped_heading(text)
        self._references = is_reference_heading(text)
        if not self.collector.heading(text, self._anchors.get(text, "")):
            self.collector.heading(text)

    def _list(self, items: list[str]) -> None:
        if self._references:
            self.sources.extend(Source(item) for item in items if not is_empty_reference(item))
        else:
            self.collector.bullet_list(tuple(items))

    def _paragraph(self, text: str) -> None:
        if self._references:
            self.sources.extend([] if is_empty_reference(text) else [Source(text)])
        elif self.collector.in_faq and not self.collector.has_question and text.endswith("?"):
            self.collector.question(text)
        elif self.collector.in_faq and not self.collector.has_question:
            self.collector.answer("", text)
        else:
            self.collector.paragraph(text)

    def _table(self, element: Any) -> Table:  # noqa: ANN401
        rows = [tuple(_text(cell) for cell in row.iterchildren("cell")) for row in element.iterchildren("row")]
        rows = [row for row in rows if any(row)]
        for row in rows:
            if len(row) != len(rows[0]) or len(rows) < 2:
                problem = f"The table is ragged: this row has {len(row)} cells, its header {len(rows[0])}."
                raise self.source.error(problem, "Mend the table in the page.", _line_of_row(self._page, row))
        return Table(rows[0], tuple(rows[1:]), self._caption)


def _text(element: Any) -> str:  # noqa: ANN401
    return clean_text(" ".join(_pieces(element)))


def _pieces(element: Any) -> Iterable[str]:  # noqa: ANN401
    # Line breaks and nested items part words; bold and links do not.
    joined = ""
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if event == "start":
            if node is not element and node.tag in ("lb", "item", "p", "cell", "head"):
                yield joined
                joined = ""
            joined += node.text or ""
        elif node is not element:
            joined += node.tail or ""
    yield joined


def _expand_tables(page: Any) -> None:  # noqa: ANN401
    """Repeat cells that span columns or rows, and keep captions, both of which the extractor would lose."""
    for caption in page.xpath("//table/caption | //figure[.//table]/figcaption"):
        text = clean_text(caption.text_content())
        table = next(iter(caption.xpath("ancestor::table | ancestor::figure//table")))
        paragraph = lxml.html.Element("p")
        paragraph.text = f"{_CAPTION_MARK}{text}"
        caption.getparent().remove(caption)
        table.addprevious(paragraph)
    for cell in page.xpath("//table//*[self::td or self::th][@colspan]"):
        count = min(_number(cell.attrib.pop("colspan")), 50)
        for _ in range(count - 1):
            copy = lxml.html.fromstring(lxml.html.tostring(cell, with_tail=False, encoding="unicode"))
            cell.addnext(copy)


def _number(text: str) -> int:
    return int(text) if text.strip().isdecimal() else 1


def _line_of_row(page: Any, cells: tuple[str, ...]) -> int | None:  # noqa: ANN401
    for row in page.iter("tr"):
        if tuple(clean_text(cell.text_content()) for cell in row.iterchildren("td", "th")) == cells:
            return int(row.sourceline)
    return None


def _anchors(page: Any) -> dict[str, str]:  # noqa: ANN401
    """Map each heading to its `id`, so that a source link leads to the section on the publisher's page."""
    found: dict[str, str] = {}
    for heading in page.iter("h2", "h3", "h4"):
        name = heading.get("id") or ""
        if name and slugify(name) == name:
            found.setdefault(clean_text(heading.text_content()), name)
    return found


def _title(page: Any) -> str:  # noqa: ANN401
    headings = [clean_text(heading.text_content()) for heading in page.iter("h1")]
    title = next((heading for heading in headings if heading), "")
    return title or _meta(page, "//meta[@property='og:title']/@content", "//title/text()")


def _meta(page: Any, *paths: str) -> str:  # noqa: ANN401
    for path in paths:
        for value in page.xpath(path):
            if text := clean_text(str(value)):
                return text
    return ""


def _date(text: str) -> date | None:
    with contextlib.suppress(ValueError):
        return date.fromisoformat(text[:10])
    return None


def _with_faq(sections: tuple[Section, ...], faq: tuple[QuestionAndAnswer, ...]) -> tuple[Section, ...]:
    """Add the entries that the page carries as data for search engines, unless the page shows them as well."""
    by_answer = {entry.answer: entry for entry in faq}
    merged = []
    shown: set[str] = set()
    for section in sections:
        blocks = tuple(_with_question(block, by_answer) for block in section.blocks)
        shown |= {block.question.lower() for block in blocks if isinstance(block, QuestionAndAnswer)}
        merged.append(Section(section.slug, section.title, blocks))
    hidden = tuple(entry for entry in faq if entry.question.lower() not in shown)
    if not hidden:
        return tuple(merged)
    for number, section in enumerate(merged):
        if is_faq_heading(section.title):
            merged[number] = Section(section.slug, section.title, (*section.blocks, *hidden))
            return tuple(merged)
    return (*merged, Section("faq-data", "Frequently asked questions", hidden))


def _with_question(block: Block, by_answer: dict[str, QuestionAndAnswer]) -> Block:
    if isinstance(block, QuestionAndAnswer) and not block.question:
        return by_answer.get(block.answer, block)
    return block
