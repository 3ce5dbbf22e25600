"""Plain words for formal, British and chat ones (`plain_words:` in `terms.yml`): questions are read with these."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from healthqa.errors import LexiconError

__all__ = ["Wordings"]


class Wordings:
    """Words that are read as another, plainer one.

    :param plain: other wording, in lower case -> the plain word.
    """

    def __init__(self, plain: Mapping[str, str] | None = None) -> None:
        self.plain = dict(plain or {})

    @classmethod
    def read(cls, path: Path, content: object) -> Wordings:
        """Read `plain_words:`, a mapping of plain words to lists of other wordings.

        :raises LexiconError: when it is none, or two plain words claim one wording.
        """
        if content is None:
            return cls()
        if not isinstance(content, dict):
            raise LexiconError(path, "`plain_words` is no mapping.", "Write `plain word: [other, wordings]`.")
        plain: dict[str, str] = {}
        for word, others in content.items():
            for other in _listed(path, word, others):
                if plain.setdefault(other, str(word)) != str(word):
                    problem = f"The wording {other!r} stands below {plain[other]!r} too."
                    raise LexiconError(path, problem, "Keep one.", f"plain word `{word}`")
        return cls(plain)

    @property
    def words(self) -> set[str]:
        """All words of both sides; none of them is misspelt."""
        return {word for text in (*self.plain, *self.plain.values()) for word in text.split()}

    def apply(self, text: str) -> str:
        """Return the text with each wording replaced by its plain word."""
        if not self.plain:
            return text
        return self._pattern.sub(lambda match: self.plain[" ".join(match.group().lower().split())], text)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        longest_first = sorted(self.plain, key=len, reverse=True)
        forms = "|".join(r"\s+".join(map(re.escape, wording.split())) for wording in longest_first)
        return re.compile(rf"(?<![\w'-])(?:{forms})(?![\w'-])", re.IGNORECASE)


def _listed(path: Path, word: object, others: Any) -> list[str]:  # noqa: ANN401
    if not isinstance(others, list) or not all(isinstance(other, str) and other.strip() for other in others):
        raise LexiconError(
            path, "Its other wordings are no list of words.", "Write [one, two].", f"plain word `{word}`"
        )
    return [" ".join(other.lower().split()) for other in others]
