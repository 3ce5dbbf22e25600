"""Slack's way of writing texts: `&lt;`, `<https://…|…>`, `<@U…>`; reading it and writing it.

Slack escapes three characters and nothing else, and puts what it recognised between angle brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["BROADCASTS", "escape", "mentions", "readable"]

_MARKUP = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
BROADCASTS = frozenset({"here", "channel", "everyone"})


def readable(text: str, bot: str = "") -> str:
    """Return what a person sees, without the mention of the assistant and without ids of people.

    :param text: as Slack sends it.
    :param bot: user id of the assistant.
    """
    return _unescape(_MARKUP.sub(lambda found: _words(found, bot), text))


def escape(text: str) -> str:
    """Return a text such that Slack shows exactly it, and neither notifies anybody nor makes links of its own."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mentions(text: str) -> Iterator[str]:
    """Give the ids of the people that a text names."""
    return (found[2] for found in _MARKUP.finditer(text) if found[1] == "@")


def _words(found: re.Match[str], bot: str) -> str:
    kind, target, label = found[1], found[2], found[3] or ""
    if kind == "@":
        if target == bot:
            return " "
        return f"@{label}" if label else "someone"
    if kind == "#":
        return f"#{label}"
    if kind == "!":
        return label or (f"@{target}" if target in BROADCASTS else "")
    return label or target.removeprefix("mailto:")


def _unescape(text: str) -> str:
    # The ampersand last: "&amp;lt;" is how Slack writes a typed "&lt;".
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
