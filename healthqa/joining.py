"""Which hits make up the reply: the best one, a second one that answers nearly as well, rows instead of a big table."""

from __future__ import annotations

from collections.abc import Sequence

from healthqa.types import Hit

__all__ = ["passages_to_show", "says_the_same"]

# A second passage is shown when it scores nearly as well as the first and both stay short enough to read.
# Found on the dev part of evaluation/sets: docs/adr/0003-retrieval.md.
GAP = 0.07
MOST_WORDS = 130
# Of the hits after the first only these are looked at: later ones are about something else.
CANDIDATES = 3
ROWS = 2


def passages_to_show(hits: Sequence[Hit], max_words: int, kind: str = "other") -> tuple[Hit, ...]:
    """Return one or two hits to show, best first.

    :param hits: best first; at least one.
    :param max_words: a table longer than this is replaced by its best rows.
    :param kind: what the question wants (`question_type`); a comparison is answered by two rows.
    """
    first = hits[0]
    table = first if first.passage.kind == "table" and first.passage.words > max_words else None
    if kind == "compare":
        table = next((hit for hit in hits[:CANDIDATES] if _compares(hit) and first.score - hit.score <= GAP), table)
    if table is not None:
        rows = [hit for hit in hits if hit.passage.kind == "row" and _same_section(hit, table)][:ROWS]
        return tuple(rows) or (table,)
    second = next((hit for hit in hits[1 : 1 + CANDIDATES] if _fits_beside(first, hit)), None)
    return (first,) if second is None else (first, second)


def says_the_same(hit: Hit, shown: Hit) -> bool:
    """Tell whether two passages share most of their words."""
    one, other = ({word.strip(".,;:()").lower() for word in h.passage.text.split()} for h in (hit, shown))
    return len(one & other) > 0.7 * max(1, min(len(one), len(other)))


def _fits_beside(first: Hit, second: Hit) -> bool:
    near = first.score - second.score <= GAP
    short = first.passage.words + second.passage.words <= MOST_WORDS
    return near and short and second.passage.kind != "table" and not says_the_same(second, first)


def _compares(hit: Hit) -> bool:
    return hit.passage.kind in ("table", "row")


def _same_section(one: Hit, other: Hit) -> bool:
    return (one.passage.article_slug, one.passage.section_slug) == (
        other.passage.article_slug,
        other.passage.section_slug,
    )
