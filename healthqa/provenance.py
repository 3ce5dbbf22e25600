"""Where the last answer came from, and why it was chosen."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from healthqa.answer import NOT_REVIEWED
from healthqa.articles import read_articles
from healthqa.errors import ArticleError
from healthqa.retriever import Retriever
from healthqa.types import Article, Context, Passage

__all__ = ["Provenance"]

logger = logging.getLogger(__name__)


class Provenance:
    """Names the sources of articles; reads the articles when first asked and again when a file has changed."""

    def __init__(self, articles_dir: Path) -> None:
        self._articles_dir = articles_dir
        self._stamp: tuple[tuple[str, int], ...] | None = None
        self._articles: dict[str, Article] = {}

    def describe(self, ids: Sequence[str], passages: Mapping[str, Passage]) -> str:
        """Return which articles the passages come from and what sources these name; empty for unknown passages."""
        known = [passages[identifier] for identifier in ids if identifier in passages]
        articles = self._read()
        lines = []
        for slug in dict.fromkeys(passage.article_slug for passage in known):
            passage = next(p for p in known if p.article_slug == slug)
            sections = "; ".join(dict.fromkeys(p.section for p in known if p.article_slug == slug and p.section))
            lines.append(f"The answer is from “{passage.title}” ({sections}): {passage.url}")
            lines.append(_named_sources(articles.get(slug)))
            lines.append(f"Last reviewed: {passage.reviewed}." if passage.reviewed else NOT_REVIEWED)
        return "\n".join(line for line in lines if line)

    def why(self, context: Context, retriever: Retriever) -> str:
        """Return why the last passage was shown, in words for a reader."""
        hits = retriever.search(context.last_question, context, k=20)
        hit = next((hit for hit in hits if hit.passage.id == context.last_passages[-1]), None)
        lines = ["I compared your question with every passage of the articles and showed the one that fits best."]
        if hit is not None:
            shared = _shared_terms(context.last_question, hit.passage, retriever)
            lines.append(f"It stands under “{hit.passage.section}” in “{hit.passage.title}”.")
            lines.append(f"How well it fits: {round(100 * hit.score)} of 100.")
            if shared:
                lines.append(f"What your question and the passage share: {', '.join(shared)}.")
        lines.append("I do not write answers of my own: the words are those of the article.")
        return "\n".join(lines)

    def _read(self) -> dict[str, Article]:
        files = sorted(path for path in self._articles_dir.glob("*") if path.is_file())
        stamp = tuple((path.name, path.stat().st_mtime_ns) for path in files)
        if stamp != self._stamp:
            try:
                self._articles = {article.slug: article for article in read_articles(self._articles_dir)}
            except ArticleError as error:
                # An editor is half way through a change: the articles read before still name their sources.
                logger.warning("The articles' sources are not renewed: %s", error)
            self._stamp = stamp
        return self._articles


def _named_sources(article: Article | None) -> str:
    if article is None or not article.sources:
        return "The article names no sources of its own."
    names = "; ".join(f"{source.name} ({source.url})" if source.url else source.name for source in article.sources)
    return f"The article names as its sources: {names}."


def _shared_terms(question: str, passage: Passage, retriever: Retriever) -> list[str]:
    asked = retriever.lexicon.analyse(question)
    tokens = set(retriever.lexicon.normalise(f"{passage.section} {passage.question} {passage.text}"))
    values = [e.value for e in asked.entities if f"={e.value.replace(' ', '_')}" in tokens]
    words = [word for word, stem in asked.words.items() if stem in tokens]
    return list(dict.fromkeys([*values, *words]))[:6]
