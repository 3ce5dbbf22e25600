"""What the `telegram` and `slack` channels say themselves about a message that they do not hand to the assistant."""

from __future__ import annotations

from addons.channels._text import TEXT_LIMIT

__all__ = ["BUSY", "TOO_LONG", "TOO_MANY", "WAITING", "WORDS_ONLY"]

WORDS_ONLY = "I cannot see pictures or hear recordings: this is about your words alone."
TOO_LONG = f"Please shorten your message to {TEXT_LIMIT:,} characters."
TOO_MANY = "That was a lot at once. Please wait a moment and try again."
BUSY = "Please wait for the answer before you ask again."

# Messages of one conversation that may wait for their answers; beyond it the reader is told `BUSY`.
WAITING = 4
