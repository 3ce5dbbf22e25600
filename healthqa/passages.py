"""Articles -> passages: the units that are retrieved and shown, word for word as the article has them.

A passage is consecutive sentences of one paragraph, a list or items of it with their introduction, a table or one row
of it with the columns named, or the answer to one frequent question.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from healthqa.errors import ArticleError
from healthqa.sentences import depends_on_previous, group_sentences, split_sentences
from healthqa.settings import Settings
from healthqa.types import Article, Block, ListBlock, Paragraph, Passage, PassageKind, QuestionAndAnswer, Section, Table

__all__ = ["HARD_LIMIT", "MIN_WORDS", "split_article", "split_articles"]

MIN_WORDS = 5
HARD_LIMIT = 120
# A paragraph shorter than this says too little on its own and joins its neighbour.
SHORT_PARAGRAPH = 15
LONGEST_INTRO = 30
# First header cell of a table that has its subjects in the columns: there each column is a passage too.
_FEATURE_HEADERS = frozenset({"", "feature", "features", "aspect", "characteristic", "property", "point", "criterion"})


@dataclass(frozen=True)
class _Draft:
    """A passage before it has an id: its kind, its sentences as they are shown, and what the encoder sees."""

    kind: PassageKind
    text: str
    sentences: tuple[str, ...]
    encode_texts: tuple[str, ...]
    question: str = ""
    table: Table | None = None


def split_articles(articles: Sequence[Article], settings: Settings) -> tuple[Passage, ...]:
    """Split several articles; a text that two of them share is kept once, in the first.

    :raises ArticleError: for a sentence too long to be shown.
    """
    return _without_duplicates(passage for article in articles for passage in split_article(article, settings))


def split_article(article: Article, settings: Settings) -> tuple[Passage, ...]:
    """Split one article, in source order.

    No passage has fewer than 5 or, whole tables apart, more than 120 words; sentences are never cut.

    :raises ArticleError: for a sentence too long to be shown.
    """
    passages = []
    for section in article.sections:
        # Without an address of the publisher's the link is relative: a server adds its own when it loads the index.
        base = article.url.split("#")[0] or f"/webhooks/web/articles/{article.slug}"
        drafts = _section_drafts(article, section, settings.max_words)
        for ordinal, draft in enumerate(_long_enough(drafts), start=1):
            passages.append(
                Passage(
                    id=f"{article.slug}#{section.slug}-{ordinal}",
                    article_slug=article.slug,
                    section_slug=section.slug,
                    kind=draft.kind,
                    text=draft.text,
                    sentences=draft.sentences,
                    title=article.title,
                    section=section.title,
                    url=f"{base}#{section.slug}",
                    question=draft.question,
                    reviewed=article.last_reviewed.isoformat() if article.last_reviewed else "",
                    encode_texts=draft.encode_texts,
                    table=draft.table,
                )
            )
    return _without_duplicates(passages)


def _long_enough(drafts: Iterable[_Draft]) -> Iterator[_Draft]:
    return (draft for draft in drafts if _words(draft.text.replace("\n- ", " ").removeprefix("- ")) >= MIN_WORDS)


def _without_duplicates(passages: Iterable[Passage]) -> tuple[Passage, ...]:
    """Keep the first of equal texts; it inherits the other ones' encoder texts, so that it is found by both."""
    kept: dict[str, Passage] = {}
    for passage in passages:
        key = " ".join(passage.text.lower().split())
        first = kept.get(key)
        if first is None:
            kept[key] = passage
        else:
            both = tuple(dict.fromkeys((*first.encode_texts, *passage.encode_texts)))
            kept[key] = replace(first, encode_texts=both)
    return tuple(kept.values())


def _section_drafts(article: Article, section: Section, max_words: int) -> Iterator[_Draft]:
    heading = article.title if section.slug == "overview" else section.title
    split = _Splitter(article, heading, max_words)
    for block in _joined_paragraphs(section.blocks, max_words):
        if isinstance(block, Paragraph):
            yield from split.paragraph(block)
        elif isinstance(block, ListBlock):
            yield from split.bullet_list(block)
        elif isinstance(block, Table):
            yield from split.table(block)
        else:
            yield from split.faq(block)


def _joined_paragraphs(blocks: Sequence[Block], max_words: int) -> Iterator[Block]:
    """Join a paragraph to the one before if it is short or refers back to it, and both fit one passage."""
    waiting: Paragraph | None = None
    for block in blocks:
        if not isinstance(block, Paragraph):
            if waiting is not None:
                yield waiting
            waiting = None
            yield block
        elif waiting is None:
            waiting = block
        elif _belong_together(waiting.text, block.text, max_words):
            waiting = Paragraph(f"{waiting.text}\n{block.text}")
        else:
            yield waiting
            waiting = block
    if waiting is not None:
        yield waiting


def _belong_together(first: str, second: str, max_words: int) -> bool:
    lengths = len(first.split()), len(second.split())
    return sum(lengths) <= max_words and (min(lengths) < SHORT_PARAGRAPH or depends_on_previous(second))


class _Splitter:
    """Splits the blocks of one section."""

    def __init__(self, article: Article, heading: str, max_words: int) -> None:
        self.article = article
        self.heading = heading
        self.max_words = max_words

    def paragraph(self, block: Paragraph) -> Iterator[_Draft]:
        """Yield groups of consecutive sentences."""
        for text, sentences in self._groups(block.text, self.max_words):
            yield _Draft("text", text, sentences, (text, f"{self.heading}. {text}"))

    def faq(self, block: QuestionAndAnswer) -> Iterator[_Draft]:
        """Yield the answer, in parts if it is long."""
        for text, sentences in self._groups(block.answer, self.max_words):
            seen = (block.question, f"{block.question} {text}") if block.question else (text, f"{self.heading}. {text}")
            yield _Draft("faq", text, sentences, seen, question=block.question)

    def bullet_list(self, block: ListBlock) -> Iterator[_Draft]:
        """Yield the list, or as many consecutive items as fit, and then each item that says something on its own."""
        intro = block.intro if len(block.intro.split()) <= LONGEST_INTRO else ""
        if block.intro and not intro:
            yield from self.paragraph(Paragraph(block.intro))
        for items in self._item_runs(block.items, len(intro.split())):
            yield self._list_draft(intro, [(item, self._sentences(item)) for item in items])
        if len(block.items) > 1:
            limit = self.max_words - len(intro.split())
            for item in block.items:
                for group in self._groups(item, limit):
                    if len(group[0].split()) >= MIN_WORDS:
                        yield self._list_draft(intro, [group])

    def table(self, block: Table) -> Iterator[_Draft]:
        """Yield the whole table, each row, and each column where the subjects stand in the columns."""
        named = block.caption or self.heading
        subjects = _table_subjects(block)
        rows = [_row_text(*subject) for subject in subjects[: len(block.rows)]]
        sentences = tuple(filter(None, (block.caption, *rows)))
        overview = f"{named}: {', '.join(filter(None, block.columns))}: {', '.join(row[0] for row in block.rows)}"
        yield _Draft("table", "\n".join(sentences), sentences, (overview, named), table=block)
        for subject in subjects:
            for part in self._row_parts(*subject):
                yield _Draft("row", part, (part,), (part, f"{named}. {part}"))

    def _row_parts(self, name: str, labels: tuple[str, ...], cells: tuple[str, ...]) -> Iterator[str]:
        """Yield the row as one text, or as several that each begin with its name."""
        part: list[tuple[str, str]] = []
        for pair in zip(labels, cells, strict=True):
            if part and _words(_row_text(name, *_columns_of([*part, pair]))) > HARD_LIMIT:
                yield _row_text(name, *_columns_of(part))
                part = []
            part.append(pair)
            self._check_length(_row_text(name, *_columns_of([pair])), "table cell")
        yield _row_text(name, *_columns_of(part))

    def _list_draft(self, intro: str, items: Sequence[tuple[str, tuple[str, ...]]]) -> _Draft:
        lines = [f"- {text}" for text, _ in items] if intro or len(items) > 1 else [items[0][0]]
        text = "\n".join([intro, *lines] if intro else lines)
        sentences = tuple(sentence for _, parts in items for sentence in parts)
        plain = " ".join(filter(None, (intro, *(text for text, _ in items))))
        return _Draft("list", text, (*self._sentences(intro), *sentences), (plain, f"{self.heading}. {plain}"))

    def _item_runs(self, items: Sequence[str], intro_words: int) -> Iterator[list[str]]:
        """Yield all items if they fit one passage, else runs of items that each do."""
        whole = intro_words + sum(_words(item) + 1 for item in items)
        room = (HARD_LIMIT if whole <= HARD_LIMIT else self.max_words) - intro_words
        run: list[str] = []
        for item in items:
            if run and sum(_words(other) + 1 for other in (*run, item)) > room:
                yield run
                run = []
            if _words(item) < room:
                run.append(item)
        if run:
            yield run

    def _sentences(self, text: str) -> tuple[str, ...]:
        return tuple(text[start:end] for start, end in split_sentences(text))

    def _groups(self, text: str, limit: int) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield (text, sentences) of groups of consecutive sentences of at most `limit` words where that can be."""
        spans = split_sentences(text)
        for start, end in spans:
            self._check_length(text[start:end], "sentence")
        for group in group_sentences(text, spans, limit, MIN_WORDS, HARD_LIMIT):
            yield text[group[0][0] : group[-1][1]], tuple(text[start:end] for start, end in group)

    def _check_length(self, text: str, what: str) -> None:
        if _words(text) > HARD_LIMIT:
            raise ArticleError(
                self.article.path or self.article.slug,
                f"A {what} has {_words(text)} words, {HARD_LIMIT} is the most that can be shown: {text[:60]!r}...",
                f"Write the {what} as several, or as a list.",
                f"section {self.heading[:60]!r}",
            )


def _words(text: str) -> int:
    return len(text.split())


_Subject = tuple[str, tuple[str, ...], tuple[str, ...]]


def _table_subjects(table: Table) -> list[_Subject]:
    """Return (name, labels, cells) of each row, then of each column if the columns are what the table is about."""
    if len(table.columns) == 1:  # a copied table that lost its columns: its header line is all that names them
        return [(table.columns[0], ("",), row) for row in table.rows]
    subjects: list[_Subject] = [(row[0], table.columns[1:], row[1:]) for row in table.rows]
    if table.columns[0].lower() in _FEATURE_HEADERS:
        features = tuple(row[0] for row in table.rows)
        for number, column in enumerate(table.columns[1:], start=1):
            subjects.append((column, features, tuple(row[number] for row in table.rows)))
    return subjects


def _columns_of(pairs: Sequence[tuple[str, str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(label for label, _ in pairs), tuple(cell for _, cell in pairs)


def _row_text(name: str, labels: Sequence[str], cells: Sequence[str]) -> str:
    """Return "Stress – Related factors: ...; Typical location: ...", each cell word for word."""
    text = ""
    for label, cell in zip(labels, cells, strict=True):
        if cell:
            joint = "" if not text else " " if text[-1] in ".!?" else "; "
            text += joint + (f"{label}: {cell}" if label else cell)
    return f"{name} – {text}" if text else name
