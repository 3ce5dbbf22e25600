"""A folder of article files -> validated articles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from healthqa.errors import ArticleError
from healthqa.readers.source import SourceFile, read_source
from healthqa.types import Article

__all__ = ["SUFFIXES", "read_article", "read_articles"]


def _markdown(source: SourceFile) -> Article:
    from healthqa.readers.markdown import read_markdown

    return read_markdown(source)


def _html(source: SourceFile) -> Article:
    # trafilatura takes a third of a second to import: only whoever has HTML pays for it.
    from healthqa.readers.html import read_html

    return read_html(source)


def _plain(source: SourceFile) -> Article:
    from healthqa.readers.plain import read_plain

    return read_plain(source)


_READERS: dict[str, Callable[[SourceFile], Article]] = {
    ".md": _markdown,
    ".markdown": _markdown,
    ".html": _html,
    ".htm": _html,
    ".txt": _plain,
}
SUFFIXES = tuple(_READERS)


def read_article(path: Path) -> Article:
    """Read one article; its suffix says how.

    :raises ArticleError: with the file, the line or field, and what to do.
    """
    path = Path(path)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise ArticleError(path, f"There is no reader for {path.suffix!r} files.", f"Use {', '.join(SUFFIXES)}.")
    source = read_source(path)
    article = reader(source)
    if not article.sections:
        raise source.error("The article has a title but no text.", "Write at least one paragraph.")
    return article


def read_articles(folder: Path) -> tuple[Article, ...]:
    """Read all articles of a folder, in the order of their file names. Folders in it and hidden files are left out.

    :raises ArticleError: for the first file that cannot be used, a slug used twice, or a folder without articles.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ArticleError(folder, "There is no such folder.", "Name the folder that holds the articles.")
    by_slug: dict[str, Article] = {}
    for path in _article_files(folder):
        article = read_article(path)
        other = by_slug.get(article.slug)
        if other is not None:
            problem = f"It has the slug {article.slug!r}, and so has {other.path}."
            raise ArticleError(path, problem, "Give one of them another `slug:`.", "field `slug`")
        by_slug[article.slug] = article
    if not by_slug:
        advice = f"Put articles there ({', '.join(SUFFIXES)})."
        raise ArticleError(folder, "The folder holds no article.", advice)
    return tuple(by_slug.values())


def _article_files(folder: Path) -> list[Path]:
    root = folder.resolve()
    found = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.suffix.lower() not in _READERS or path.is_dir():
            continue
        if path.stem.lower() == "readme":
            continue
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            raise ArticleError(path, "It is a link that leads out of the folder.", "Copy the article into the folder.")
        found.append(path)
    return found
