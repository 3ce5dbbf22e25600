"""What a copied or saved page carries besides its article."""

from __future__ import annotations

import re

__all__ = ["is_dropped_heading", "is_empty_reference", "is_navigation", "is_reference_heading"]

_NAVIGATION = re.compile(
    r"^(skip to (main )?content|skip navigation|home|menu|search|share( this.*)?|print|e-?mail|subscribe.*|newsletter|"
    r"advertisements?|ad|sign (in|up)|log ?in|register|read more.*|table of contents|contents|on this page|back to top|"
    r"related (articles|posts|topics|reading).*|next|previous|facebook|twitter|x|linkedin|pinterest|whatsapp|"
    r"copy link|save|cookie.*settings|privacy policy|terms (of use|and conditions)|\d+ ?min(ute)?s?( to)? read|"
    r"(©|\(c\)|copyright) .*|all rights reserved\.?)$",
    re.IGNORECASE,
)
_BREADCRUMB = re.compile(r"^[^.?!]{1,40}( [>›»/] [^.?!]{1,60})+$")
_DROPPED = re.compile(
    r"^((medical |health |legal )?disclaimers?|in this article|on this page|table of contents|contents|"
    r"related (articles|posts|topics|reading)|share this( article| page)?|advertisement|newsletter)\W*$",
    re.IGNORECASE,
)
_REFERENCES = re.compile(r"^(references|sources|citations|bibliography|works cited)\W*$", re.IGNORECASE)


def is_navigation(line: str) -> bool:
    """Say whether a line belongs to the page around the article."""
    return bool(_NAVIGATION.match(line) or _BREADCRUMB.match(line) and line.count(" ") < 12)


def is_dropped_heading(title: str) -> bool:
    """Say whether what stands under the heading is no part of the article."""
    return bool(_DROPPED.match(title))


def is_reference_heading(title: str) -> bool:
    """Say whether sources stand under the heading."""
    return bool(_REFERENCES.match(title))


def is_empty_reference(text: str) -> bool:
    """Say whether nothing is left of a reference but its number."""
    return not re.search(r"[A-Za-z]{2}", text)
