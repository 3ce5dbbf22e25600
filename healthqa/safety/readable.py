"""What the alarm classifier reads of a message: the base model knows no emojis, their names say what they do."""

from __future__ import annotations

import re
from typing import Any

import emoji

from healthqa.encoder import clean_text

__all__ = ["readable"]

_SKIN_TONE = re.compile(r" (light|medium-light|medium|medium-dark|dark) skin tone$")


def readable(text: str) -> str:
    """Return the text of bounded length, without broken characters, each emoji by its name ("👍" is "thumbs up")."""
    return " ".join(emoji.replace_emoji(clean_text(text), _name).split()) or clean_text(text)


def _name(_: str, data: dict[str, Any]) -> str:
    return f" {_SKIN_TONE.sub('', data['en'].strip(':').replace('_', ' '))} "
