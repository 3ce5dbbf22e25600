"""Which list an item or its introduction belongs to: the item is found, the list is shown."""

from __future__ import annotations

from collections.abc import Sequence

from healthqa.types import Passage

__all__ = ["lists_of_items"]

# A longer text before a list says something of its own.
LEAD_WORDS = 30


def lists_of_items(passages: Sequence[Passage], max_words: int) -> dict[str, Passage]:
    """Return item's id -> the passage with its whole list, where that is short enough to be shown whole.

    A text that only leads to the list or table right after it ("The causes differ in ...") counts as an item.
    """
    found: dict[str, Passage] = {}
    lists = [passage for passage in passages if passage.kind == "list" and passage.words <= max_words]
    for item in lists:
        lines = item.text.splitlines()
        for whole in lists:
            same = whole.article_slug == item.article_slug and whole.section_slug == item.section_slug
            if same and whole.words > item.words and lines[-1] in whole.text.splitlines():
                found[item.id] = whole
    for lead, following in zip(passages, passages[1:], strict=False):
        same = lead.article_slug == following.article_slug and lead.section_slug == following.section_slug
        if same and lead.kind == "text" and lead.words <= LEAD_WORDS and following.kind in ("list", "table"):
            found[lead.id] = following
    return found
