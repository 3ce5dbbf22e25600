"""What the alarm classifier reads of a message.

The base model knows no emojis: their names say what they do. A misspelt word falls into scraps that say little
("excelent", "cant breth"): it is read as the word that is meant, where the learned messages have it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import emoji

from healthqa.encoder import clean_text
from healthqa.spelling import Speller

__all__ = ["Reader", "common_words", "readable"]

_WORD = re.compile(r"[a-z]+")
# A slip of the pen seldom comes three times; what does is how people write ("helo"). When this or the mending changes,
# raise `classifier.FORMAT`: only then is the model trained anew.
COMMON = 3
_SKIN_TONE = re.compile(r" (light|medium-light|medium|medium-dark|dark) skin tone$")


def readable(text: str) -> str:
    """Return the text of bounded length, without broken characters, each emoji by its name ("👍" is "thumbs up")."""
    return " ".join(emoji.replace_emoji(clean_text(text), _name).split()) or clean_text(text)


class Reader:
    """Reads messages as the model does, while it learns and when it judges. Safe to use from several threads.

    :param words: lower-case words that an unknown one may be a misspelling of; without any, all stand as they are.
    """

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._speller = Speller(words).prepare()

    def read(self, text: str) -> str:
        """Return the readable text, its misspelt words mended."""
        return self._speller.correct(readable(text))


def common_words(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the words that stand in the texts at least three times, in the order of the alphabet."""
    counts = Counter(word for text in texts for word in _WORD.findall(text.lower()))
    return tuple(sorted(word for word, count in counts.items() if count >= COMMON))


def _name(_: str, data: dict[str, Any]) -> str:
    return f" {_SKIN_TONE.sub('', data['en'].strip(':').replace('_', ' '))} "
