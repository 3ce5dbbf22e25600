"""Which hits make up the reply: the best one, up to two that answer nearly as well, rows instead of a big table."""

from __future__ import annotations

from collections.abc import Sequence

from healthqa.types import Hit

__all__ = ["passages_to_show", "says_the_same"]

# A further passage is shown when it scores nearly as well as the first and all stay short enough to read.
# Found on the dev part of evaluation/sets: docs/adr/0003-retrieval.md.
GAP = 0.07
# A third one only where all are so short that they fit: articles of many small pieces.
THIRD_GAP = 0.1
MOST_WORDS = 130
# Of the hits after the first only these are looked at: later ones are about something else.
CANDIDATES = 3
ROWS = 2
# What it counts that a second passage holds all words of the question which the first lacks, and that a row says where.
ADDS = 0.1
PLACE = 0.05


def passages_to_show(hits: Sequence[Hit], max_words: int, kind: str = "other") -> tuple[Hit, ...]:
    """Return one to three hits to show, best first.

    :param hits: best first; at least one.
    :param max_words: a table longer than this is replaced by its best rows.
    :param kind: what the question wants (`question_type`); a comparison is answered by two rows.
    """
    first = hits[0]
    table = first if first.passage.kind == "table" and first.passage.words > max_words else None
    if kind == "compare":
        table = next((hit for hit in hits[:CANDIDATES] if _compares(hit) and _as_good(hit, first)), table)
    if table is not None:
        rows = [hit for hit in hits if hit.passage.kind == "row" and _same_section(hit, table)][:ROWS]
        return tuple(rows) or (table,)
    shown = [first]
    for gap in (GAP, THIRD_GAP):
        fitting = [hit for hit in hits[1 : len(shown) + CANDIDATES] if _fits_beside(shown, hit, gap)]
        if not fitting:
            break
        shown.append(max(fitting, key=lambda hit: _worth(hit, kind)))
    if len(shown) > 1 and first.passage.kind == "row" and shown[1].passage.kind == "text":
        # A row is one case of what a text says in general: of two that answer alike the general one comes first.
        shown[0], shown[1] = shown[1], shown[0]
    return tuple(shown)


def says_the_same(hit: Hit, shown: Hit) -> bool:
    """Tell whether two passages share most of their words."""
    one, other = ({word.strip(".,;:()").lower() for word in h.passage.text.split()} for h in (hit, shown))
    return len(one & other) > 0.7 * max(1, min(len(one), len(other)))


def _fits_beside(shown: Sequence[Hit], hit: Hit, gap: float) -> bool:
    near = shown[0].score - hit.score <= gap
    short = sum(other.passage.words for other in shown) + hit.passage.words <= MOST_WORDS
    return near and short and hit.passage.kind != "table" and not any(says_the_same(hit, other) for other in shown)


def _worth(hit: Hit, kind: str) -> float:
    """Return what a second passage is worth: its score, more where it holds words of the question the first lacks."""
    place = PLACE * (kind == "where" and hit.passage.kind == "row")
    return hit.score + ADDS * hit.parts.get("adds", 0.0) + place


def _as_good(hit: Hit, first: Hit) -> bool:
    """Tell whether a table may take the first hit's place: near in score, and not with fewer words of the question."""
    covered, best = (h.parts.get("coverage", 0.0) for h in (hit, first))
    return first.score - hit.score <= GAP and covered >= best


def _compares(hit: Hit) -> bool:
    return hit.passage.kind in ("table", "row")


def _same_section(one: Hit, other: Hit) -> bool:
    return (one.passage.article_slug, one.passage.section_slug) == (
        other.passage.article_slug,
        other.passage.section_slug,
    )
