"""Which list an item belongs to: the item is found, the list is shown."""

from __future__ import annotations

from collections.abc import Sequence

from healthqa.types import Passage

__all__ = ["lists_of_items"]


def lists_of_items(passages: Sequence[Passage], max_words: int) -> dict[str, Passage]:
    """Return item's id -> the passage with its whole list, where that is short enough to be shown whole."""
    found: dict[str, Passage] = {}
    lists = [passage for passage in passages if passage.kind == "list" and passage.words <= max_words]
    for item in lists:
        lines = item.text.splitlines()
        for whole in lists:
            same = whole.article_slug == item.article_slug and whole.section_slug == item.section_slug
            if same and whole.words > item.words and lines[-1] in whole.text.splitlines():
                found[item.id] = whole
    return found
