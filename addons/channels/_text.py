"""What all channels do with the words of a reader before anything else sees them."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["TEXT_LIMIT", "clean_text", "plain_words"]

# Characters of one message. Longer ones cost time, and no question needs more.
TEXT_LIMIT = 2000

# Invisible characters that could hide a command or turn a line around. The joiners U+200C and U+200D stay.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]")
_BREAKS = "\n\r\t\u2028\u2029"


def clean_text(text: str) -> str:
    """Return the text without control, invisible and broken characters, line breaks as spaces."""
    text = _INVISIBLE.sub("", text)
    kept = (" " if char in _BREAKS else char for char in text)
    return "".join(char for char in kept if unicodedata.category(char) not in ("Cc", "Cs")).strip()


def plain_words(text: str) -> str:
    """Return the text such that Rasa takes it as words: it runs whatever begins with a slash as a command."""
    return re.sub(r"^[/\s]+", "", text)
