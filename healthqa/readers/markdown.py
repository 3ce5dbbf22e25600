"""Markdown with front matter -> Article. Markup never leaves this file: what comes out is text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from healthqa.readers.front_matter import FrontMatter, read_front_matter
from healthqa.readers.sections import SectionCollector
from healthqa.readers.source import SourceFile, clean_text, is_unsafe_link, slugify
from healthqa.types import Article, QuestionAndAnswer, Section, Table

__all__ = ["read_markdown"]

MAX_LINE = 20_000
MIN_ANSWER_WORDS = 5
_HEADING_SLUG = re.compile(r"\s*\{#([a-z0-9]+(?:-[a-z0-9]+)*)\}\s*$")
_HIDDEN_HTML = re.compile(r"<(script|style|template|iframe|noscript)\b.*?(</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_HIDDEN_TAG = re.compile(r"<(/?)(script|style|template|iframe|noscript)\b", re.IGNORECASE)
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|</?[a-zA-Z!?][^>]*(?:>|\Z)", re.DOTALL)
_HTML_LINK = re.compile(r"(?:href|src|action|formaction)\s*=\s*[\"']?([^\"'>]*)", re.IGNORECASE)
_DELIMITER = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)+\|?\s*$")
_CAPTION = re.compile(r"^Table:\s+(.*)$")
_LINK_ADVICE = "Give an address that starts with https://, or leave the link out."


def read_markdown(source: SourceFile) -> Article:
    """Read a Markdown article.

    :raises ArticleError: if the front matter, a table or a link cannot be used, or there is no title.
    """
    matter = read_front_matter(source)
    _check_lines(source)
    reader = _Reader(source, matter)
    tree = SyntaxTreeNode(_parser().parse(matter.body))
    for node in tree.children:
        reader.block(node)
    reader.check_answered(None)
    if not reader.title:
        raise source.error("The article has no title.", "Write it as `title:` in the front matter.", field="title")
    sections = reader.collector.sections()
    _check_answers(source, sections)
    return Article(
        slug=matter.slug or slugify(source.path.stem, "article"),
        title=reader.title,
        sections=sections,
        url=matter.url,
        author=matter.author,
        published=matter.published,
        last_reviewed=matter.last_reviewed,
        next_review=matter.next_review,
        sources=matter.sources,
        licence=matter.licence,
        language=matter.language,
        path=source.path.name,
        sha256=source.sha256,
    )


def _check_lines(source: SourceFile) -> None:
    """Refuse what no editor writes: the parser's time grows with the square of a line of open brackets."""
    for number, line in enumerate(source.text.split("\n"), start=1):
        if len(line) > MAX_LINE:
            problem = f"The line has {len(line)} characters; {MAX_LINE} is the most."
            raise source.error(problem, "Break it into paragraphs.", number)


def _check_answers(source: SourceFile, sections: tuple[Section, ...]) -> None:
    """Refuse an answer that is too short to be shown on its own; it would be left out without a word."""
    for block in (block for section in sections for block in section.blocks):
        if isinstance(block, QuestionAndAnswer) and len(block.answer.split()) < MIN_ANSWER_WORDS:
            problem = f"The answer to {block.question[:60]!r} has fewer than {MIN_ANSWER_WORDS} words."
            raise source.error(problem, "Write a whole sentence that can stand without the question.")


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    # The parser would leave a `javascript:` link in the text as it was typed; we want to see and refuse it.
    parser.validateLink = lambda url: True
    return parser


class _Reader:
    """Walks the top-level blocks of one file."""

    def __init__(self, source: SourceFile, matter: FrontMatter) -> None:
        self.source = source
        self.title = matter.title
        self.collector = SectionCollector()
        self._offset = matter.lines
        self._lines = matter.body.split("\n")
        self._caption = ""

    def block(self, node: SyntaxTreeNode) -> None:
        """Take one block into the collector."""
        caption, self._caption = self._caption, ""
        if node.type == "heading":
            self._heading(node)
        elif node.type == "paragraph":
            self._paragraph(node)
        elif node.type in ("bullet_list", "ordered_list"):
            self.collector.bullet_list(tuple(self._item(item) for item in node.children))
        elif node.type == "table":
            self.collector.table(self._table(node, caption))
        elif node.type == "blockquote":
            for child in node.children:
                self.block(child)
        elif node.type == "html_block":
            self._check_html(node.content, node)
            self.collector.paragraph(_text_of_html(node.content))
        elif node.type in ("fence", "code_block"):
            self.collector.paragraph(node.content)
        if caption and node.type != "table":
            raise self.source.error("No table follows this caption.", "Put it right above one.", self._line(node) - 1)

    def check_answered(self, node: SyntaxTreeNode | None) -> None:
        """Refuse a FAQ entry that ends before its answer began."""
        if self.collector.unanswered:
            line = self._line(node) if node else self._offset + len(self._lines)
            problem = f"The question {self.collector.unanswered[:80]!r} before this line has no answer."
            raise self.source.error(problem, "Write the answer below it, or delete it.", line)

    def _heading(self, node: SyntaxTreeNode) -> None:
        level = int(str(node.tag)[1])
        text = self._inline(node)
        found = _HEADING_SLUG.search(text)
        title, slug = (text[: found.start()], found.group(1)) if found else (text, "")
        self.check_answered(node)
        if not clean_text(title):
            raise self.source.error("The heading is empty.", "Write its text, or delete the line.", self._line(node))
        if level == 1 and self.title in ("", clean_text(title)):
            self.title = clean_text(title)
        elif level > 2 and self.collector.in_faq:
            self.collector.question(title)
        elif not self.collector.heading(title, slug):
            advice = "Give each heading another `{#name}`."
            raise self.source.error(f"Two headings have the name {slug!r}.", advice, self._line(node))

    def _paragraph(self, node: SyntaxTreeNode) -> None:
        first, last = node.map or (0, 0)
        for number in range(first, last):
            # A table whose separator does not fit its header is a plain paragraph to the parser.
            if _DELIMITER.match(self._lines[number]):
                advice = "Give the header, the separator line and every row the same number of cells."
                raise self.source.error("The table is ragged.", advice, self._offset + number + 1)
        text = self._inline(node)
        caption = _CAPTION.match(clean_text(text))
        if caption:
            self._caption = caption.group(1)
        elif self.collector.in_faq and _is_bold_question(node):
            self.check_answered(node)
            self.collector.question(text)
        else:
            self.collector.paragraph(text)

    def _item(self, node: SyntaxTreeNode) -> str:
        parts: list[str] = []
        for child in node.children:
            if child.type in ("bullet_list", "ordered_list"):
                inner = "; ".join(self._item(item) for item in child.children)
                lead = parts.pop() if parts else ""
                parts.append(f"{lead}{'' if not lead or lead[-1] in ':.!?' else ':'} {inner}".strip())
            elif child.type in ("fence", "code_block"):
                parts.append(clean_text(child.content))
            elif child.type == "html_block":
                self._check_html(child.content, child)
                parts.append(_text_of_html(child.content))
            else:
                parts.append(clean_text(self._inline(child)))
        return " ".join(part for part in parts if part)

    def _table(self, node: SyntaxTreeNode, caption: str) -> Table:
        first, last = node.map or (0, 0)
        rows = [self._row(row) for part in node.children for row in part.children]
        columns = rows[0]
        for number in (first, *range(first + 2, last)):
            cells = _count_cells(self._lines[number])
            if cells != len(columns):
                problem = f"The table is ragged: this row has {cells} cells, its header {len(columns)}."
                raise self.source.error(problem, "Add or remove cells (`\\|` writes a bar).", self._offset + number + 1)
        for number, row in enumerate(rows[1:], start=first + 2):
            if not row[0]:
                advice = "Write in the first cell what the row is about."
                raise self.source.error("The row has no name.", advice, self._offset + number + 1)
        if len(rows) < 2:
            raise self.source.error("The table has no rows.", "Add rows, or delete it.", self._line(node))
        return Table(columns, tuple(rows[1:]), caption)

    def _row(self, node: SyntaxTreeNode) -> tuple[str, ...]:
        return tuple(clean_text(self._inline(cell)) for cell in node.children)

    def _inline(self, node: SyntaxTreeNode) -> str:
        """Return the text of everything below a node."""
        return "".join(self._pieces(node))

    def _pieces(self, node: SyntaxTreeNode) -> Iterable[str]:
        hidden = 0
        for child in node.children:
            if child.type == "html_inline":
                self._check_html(child.content, node)
                tag = _HIDDEN_TAG.match(child.content)
                hidden = max(0, hidden + (-1 if tag.group(1) else 1)) if tag else hidden
            elif hidden:
                continue
            elif child.type in ("text", "code_inline"):
                yield child.content
            elif child.type in ("softbreak", "hardbreak"):
                yield " "
            else:
                self._check_link(str(child.attrs.get("href") or child.attrs.get("src") or ""), node)
                yield from self._pieces(child)
                yield "" if child.type in ("inline", *_MARKS) else " "

    def _check_html(self, text: str, node: SyntaxTreeNode) -> None:
        for match in _HTML_LINK.finditer(text):
            self._check_link(html.unescape(match.group(1)), node)

    def _check_link(self, target: str, node: SyntaxTreeNode) -> None:
        if is_unsafe_link(html.unescape(target)):
            scheme = target.strip().split(":")[0][:20]
            raise self.source.error(f"A link starts with `{scheme}:`.", _LINK_ADVICE, self._line(node))

    def _line(self, node: SyntaxTreeNode) -> int:
        at: SyntaxTreeNode | None = node
        while at is not None and not at.is_root:
            if at.map:
                return int(self._offset + at.map[0] + 1)
            at = at.parent
        return self._offset + 1


_MARKS = ("strong", "em", "link", "image", "s")


def _is_bold_question(node: SyntaxTreeNode) -> bool:
    inner = node.children[0].children if node.children else []
    parts = [child for child in inner if not (child.type == "text" and not child.content.strip())]
    return len(parts) == 1 and parts[0].type == "strong" and str(parts[0].children[-1].content).strip().endswith("?")


def _count_cells(line: str) -> int:
    row = re.sub(r"^[\s>]*\|?", "", line.strip())
    row = re.sub(r"(?<!\\)\|$", "", row)
    return len(re.findall(r"(?<!\\)\|", row)) + 1


def _text_of_html(text: str) -> str:
    return html.unescape(_TAG.sub(" ", _HIDDEN_HTML.sub(" ", text)))
