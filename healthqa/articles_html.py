"""Article -> HTML pages, readable without script; everything from an article is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from healthqa.answer import NOT_REVIEWED
from healthqa.types import Article, Block, ListBlock, Paragraph, QuestionAndAnswer, Section, Source, Table

__all__ = ["article_page", "articles_page", "message_page"]

_LICENCES = {
    "CC BY 4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC0 1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
}
_NOTHING = Markup("")

_PAGE = Markup(
    """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" type="image/svg+xml" href="../static/icon.svg">
<link rel="stylesheet" href="../static/chat.css">
</head>
<body class="article">
<main>
{body}
</main>
</body>
</html>
"""
)


def article_page(article: Article, disclaimer: str) -> str:
    """Return the page of one article; its sections and their passages' links share the same anchors."""
    body = Markup("\n").join(
        part
        for part in (
            Markup('<p><a href="./">All articles</a> · <a href="../">Ask the assistant</a></p>'),
            Markup("<h1>{}</h1>").format(article.title),
            _review_note(article),
            _contents(article.sections),
            *(_section(section) for section in article.sections),
            _about(article),
            Markup('<p class="disclaimer">{}</p>').format(disclaimer),
        )
        if part
    )
    return str(_PAGE.format(language=article.language or "en", title=article.title, body=body))


def articles_page(articles: Sequence[Article], disclaimer: str) -> str:
    """Return the list of all articles."""
    items = Markup("\n").join(
        Markup('<li><a href="{}">{}</a></li>').format(article.slug, article.title) for article in articles
    )
    body = Markup(
        '<p><a href="../">Ask the assistant</a></p>\n<h1>Articles</h1>\n<ul>\n{}\n</ul>\n<p class="disclaimer">{}</p>'
    ).format(items, disclaimer)
    return str(_PAGE.format(language="en", title="Articles", body=body))


def message_page(title: str, text: str, link: str) -> str:
    """Return a page with one sentence, for an address where nothing is.

    :param link: relative address of the place to go on from.
    """
    body = Markup('<h1>{}</h1>\n<p>{}</p>\n<p><a href="{}">Go on from here</a></p>').format(title, text, link)
    return str(_PAGE.format(language="en", title=title, body=body))


def _review_note(article: Article) -> Markup:
    if article.last_reviewed is None:
        return Markup('<p class="review">{}</p>').format(NOT_REVIEWED)
    return Markup('<p class="review">Last reviewed on {}.</p>').format(_date(article.last_reviewed))


def _contents(sections: Sequence[Section]) -> Markup:
    links = Markup("\n").join(
        Markup('<li><a href="#{}">{}</a></li>').format(section.slug, section.title) for section in sections
    )
    return Markup('<nav aria-label="Sections of this article">\n<ul>\n{}\n</ul>\n</nav>').format(links)


def _section(section: Section) -> Markup:
    blocks = Markup("\n").join(_block(block) for block in section.blocks)
    heading = Markup("<h2>{}</h2>\n").format(section.title) if section.title else _NOTHING
    return Markup('<section id="{}">\n{}{}\n</section>').format(section.slug, heading, blocks)


def _block(block: Block) -> Markup:
    if isinstance(block, Paragraph):
        return Markup("<p>{}</p>").format(block.text)
    if isinstance(block, ListBlock):
        intro = Markup("<p>{}</p>\n").format(block.intro) if block.intro else _NOTHING
        return Markup("{}<ul>\n{}\n</ul>").format(intro, _each(Markup("<li>{}</li>"), block.items))
    if isinstance(block, Table):
        return _table(block)
    return _question(block)


def _question(entry: QuestionAndAnswer) -> Markup:
    heading = Markup("<h3>{}</h3>\n").format(entry.question) if entry.question else _NOTHING
    paragraphs = [line for line in entry.answer.splitlines() if line.strip()]
    return Markup("{}{}").format(heading, _each(Markup("<p>{}</p>"), paragraphs))


def _table(table: Table) -> Markup:
    """Return the table in a box that scrolls sideways and can be reached with the keyboard."""
    caption = Markup("<caption>{}</caption>\n").format(table.caption) if table.caption else _NOTHING
    head = _each(Markup('<th scope="col">{}</th>'), table.columns)
    rows = Markup("\n").join(_row(row) for row in table.rows)
    return Markup(
        '<div class="table" role="region" tabindex="0" aria-label="{}">\n<table>\n{}'
        "<thead><tr>{}</tr></thead>\n<tbody>\n{}\n</tbody>\n</table>\n</div>"
    ).format(table.caption or "Table", caption, head, rows)


def _row(row: Sequence[str]) -> Markup:
    first, rest = row[:1], row[1:]
    return Markup("<tr>{}{}</tr>").format(
        _each(Markup('<th scope="row">{}</th>'), first), _each(Markup("<td>{}</td>"), rest)
    )


def _about(article: Article) -> Markup:
    """Return what is known of the article: who wrote it, when, from what, under which licence."""
    facts: list[tuple[str, Markup]] = [
        ("Author", escape(article.author or "not named")),
        ("Published", escape(_date(article.published) or "no date given")),
        ("Last reviewed", escape(_date(article.last_reviewed) or "no clinician has reviewed this article yet")),
    ]
    if article.next_review:
        facts.append(("Next review", escape(_date(article.next_review))))
    if article.url:
        facts.append(("Published at", _link(article.url, article.url)))
    if article.sources:
        facts.append(("Sources", _sources(article.sources)))
    if article.licence:
        facts.append(("Licence", _link(article.licence, _LICENCES.get(article.licence, ""))))
    rows = Markup("\n").join(Markup("<dt>{}</dt><dd>{}</dd>").format(name, value) for name, value in facts)
    return Markup(
        '<section class="about" aria-label="About this article">\n'
        "<h2>About this article</h2>\n<dl>\n{}\n</dl>\n</section>"
    ).format(rows)


def _sources(sources: Sequence[Source]) -> Markup:
    items = Markup("").join(Markup("<li>{}</li>").format(_link(source.name, source.url)) for source in sources)
    return Markup("<ul>{}</ul>").format(items)


def _link(text: str, url: str) -> Markup:
    """Return a link, or just its text where the address is none that a reader should be led to."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return escape(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return escape(text)
    return Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(url, text)


def _each(pattern: Markup, texts: Iterable[str]) -> Markup:
    return Markup("").join(pattern.format(text) for text in texts)


def _date(value: date | None) -> str:
    return value.isoformat() if value else ""
