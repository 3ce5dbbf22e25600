"""Bring a reader's text into the plain form that the red-flag patterns are written against."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

__all__ = ["Folder", "Sentence", "fold_letters"]

_APOSTROPHES = re.compile(r"(?<=\w)['’‘`´ʼ](?=\w)")
_SENTENCE_END = re.compile(r"[.!?\n\r;…。！？؟।()\[\]]+")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_TOKEN = re.compile(r"[^\W_]+|,|:|，|、|،|–|—|(?<=\s)-(?=\s)")
_DECIMAL = re.compile(r"(?<=\d)[.,](?=\d)")
# A new thought starts here: what was denied, past or told of a film before it does not reach beyond.
_TURN = re.compile(
    r"(?<!\S)(?:but|because|although|however|though|also|then|while|since then"
    r"|and (?=i |my |now |he |she |it |cant |can |feel )|so (?=i |my |now ))"
)
_UNCOMPOSED = str.maketrans({"ł": "l", "ı": "i", "ø": "o", "đ": "d"})
_SPLIT_SHORT_FORM = re.compile(r"\b(can|don|won|isn|didn|doesn|couldn|wouldn|haven|hasn|wasn|aren) t\b")


_ENDINGS = ("ions", "ion", "ings", "ing", "ers", "ies", "ed", "s")


@dataclass(frozen=True)
class Sentence:
    """One folded sentence: words with single spaces between, and where its clauses begin (character offsets)."""

    text: str
    clauses: tuple[int, ...] = (0,)

    def clause_of(self, position: int) -> tuple[int, int]:
        """Return start and end of the clause that holds `position`."""
        start = max(mark for mark in self.clauses if mark <= position)
        end = min((mark for mark in self.clauses if mark > position), default=len(self.text))
        return start, end

    def clause_before(self, start: int) -> str:
        """Return the clause that ends at `start`, or an empty text."""
        earlier = [mark for mark in self.clauses if mark < start]
        return self.text[earlier[-1] : start].strip() if earlier else ""


@lru_cache(maxsize=4096)
def fold_letters(text: str) -> str:
    """Lower the case, drop accents and apostrophes inside words, in any script."""
    joined = _APOSTROPHES.sub("", unicodedata.normalize("NFKC", text))
    decomposed = unicodedata.normalize("NFKD", joined.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c)).translate(_UNCOMPOSED)


def _ending(word: str) -> str:
    # Another form of a word ("convulsions" beside "convulsing") is no slip of the pen.
    return next((ending for ending in _ENDINGS if word.endswith(ending)), "")


class Folder:
    """Folds texts with the lexicon's short forms and spelling words."""

    def __init__(self, short_forms: Mapping[str, str], words: tuple[str, ...], keep: tuple[str, ...]) -> None:
        """Take the lexicon's tables; `keep` holds ordinary words that only look like a misspelt one of `words`."""
        self._short_forms = dict(short_forms)
        self._words = words
        self._known = frozenset(words) | frozenset(keep)
        self._spelt = lru_cache(maxsize=8192)(self._correct)

    def sentences(self, text: str) -> tuple[Sentence, ...]:
        """Split a text into folded sentences, empty ones left out."""
        parts = _SENTENCE_END.split(_DECIMAL.sub("", fold_letters(text)))
        folded = (self._sentence(part) for part in parts)
        return tuple(sentence for sentence in folded if sentence.text)

    def _sentence(self, part: str) -> Sentence:
        text, marks, length = "", {0}, 0
        words: list[str] = []
        part = _SPLIT_SHORT_FORM.sub(r"\1t", part)
        for token in _TOKEN.findall(_STRETCHED.sub(r"\1\1", part)):
            if not token[0].isalnum():
                marks.add(length)
                continue
            word = self._spelt(token)
            words.append(word)
            length += len(word) + 1
        text = " ".join(words)
        marks.update(match.start() for match in _TURN.finditer(text))
        return Sentence(text, tuple(sorted(mark for mark in marks if mark <= len(text))))

    def _correct(self, token: str) -> str:
        if token in self._short_forms:
            return self._short_forms[token]
        if token in self._known or len(token) < 5 or not token.isascii():
            return token
        for word in self._words:
            slips = 2 if len(word) >= 8 else 1
            if (
                word[0] == token[0]
                and _ending(word) == _ending(token)
                and abs(len(word) - len(token)) <= slips
                and OSA.distance(word, token, score_cutoff=slips) <= slips
            ):
                return word
        return token
