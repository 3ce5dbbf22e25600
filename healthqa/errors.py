"""The exception tree of healthqa.

Every error says which file, line or field is wrong and what to do about it::

    HealthQAError
    ├── SettingsError        an environment variable or setting that cannot be used
    ├── ContentError         something in knowledge/ or data/ that an editor can mend
    │   ├── ArticleError     an article file
    │   └── LexiconError     a lexicon, red-flag or hotline file
    ├── EncoderError         the exported encoder is missing, broken or not the expected one
    ├── AnswerabilityError   what was learned about answered questions is missing, broken or cannot be made
    ├── AlarmModelError      the trained alarm classifier is missing, broken or cannot be made
    └── IndexFolderError     the index is missing, broken, or was built for another encoder
"""

from __future__ import annotations

from pathlib import Path

__all__ = [
    "AlarmModelError",
    "AnswerabilityError",
    "ArticleError",
    "ContentError",
    "EncoderError",
    "HealthQAError",
    "IndexFolderError",
    "LexiconError",
    "SettingsError",
]


class HealthQAError(Exception):
    """Base of all errors that healthqa raises on purpose; its text is fit to be shown to an operator."""


class SettingsError(HealthQAError):
    """A setting has a value that cannot be used."""


class ContentError(HealthQAError):
    """A content file is not usable as it is.

    :param path: the file.
    :param problem: what is wrong, in one sentence.
    :param advice: what to do, in one sentence.
    :param where: the line ("line 12") or the field ("field `published`") if known.
    """

    def __init__(self, path: Path | str, problem: str, advice: str = "", where: str = "") -> None:
        """Keep the parts and join them into one readable sentence."""
        self.path = Path(path)
        self.problem = problem
        self.advice = advice
        self.where = where
        place = f"{path}, {where}" if where else f"{path}"
        super().__init__(f"{place}: {problem} {advice}".strip())


class ArticleError(ContentError):
    """An article cannot be read; nothing was changed."""


class LexiconError(ContentError):
    """A file in knowledge/lexicon/ cannot be used."""


class EncoderError(HealthQAError):
    """The encoder cannot be loaded or exported."""


class AnswerabilityError(HealthQAError):
    """What was learned from answered and refused questions cannot be used or made; evidence is judged without it."""


class AlarmModelError(HealthQAError):
    """The alarm classifier cannot be loaded or trained; the patterns work without it."""


class IndexFolderError(HealthQAError):
    """The index folder cannot be used; the message says what to run."""
