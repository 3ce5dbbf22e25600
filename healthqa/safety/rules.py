"""Read and check `knowledge/lexicon/red_flags.yml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from pathlib import Path
from typing import Any, Literal

import yaml

from healthqa.errors import LexiconError
from healthqa.safety.folding import Folder, fold_letters

__all__ = ["Pattern", "Phrase", "RedFlagRules", "read_rules"]

Certainty = Literal["always", "sure", "bare"]
Kind = Literal["emergency", "crisis"]
_CERTAINTIES: tuple[Certainty, ...] = ("always", "sure", "bare")
_KINDS: tuple[Kind, ...] = ("emergency", "crisis")
_MACRO = re.compile(r"<(\w+)>")
_WITHIN_SIX_WORDS = r"(?: (?!(?:fine|ok|okay|normal|but|only)\b)[^ ]{1,30}){0,6} "
_SHORT_TEXTS = (
    "past",
    "present",
    "present_exceptions",
    "media",
    "media_after",
    "personal",
    "general",
    "somebody",
    "insists",
    "hypothetical",
    "animals",
    "persons",
)


@dataclass(frozen=True)
class Pattern:
    """One compiled pattern of a category and how sure it is (see the head of red_flags.yml)."""

    kind: Kind
    category: str
    certainty: Certainty
    source: str
    regex: re.Pattern[str]

    @cached_property
    def words(self) -> frozenset[str]:
        """The words that the pattern spells out."""
        return frozenset(re.findall(r"[a-z]+", self.source))


@dataclass(frozen=True)
class Phrase:
    """An obvious alarm in another language, folded."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class RedFlagRules:
    """Everything the detector needs, compiled. `markers` holds the silencing expressions by name."""

    folder: Folder
    patterns: tuple[Pattern, ...]
    phrases: tuple[Phrase, ...]
    phrase_negators: frozenset[str]
    idioms: re.Pattern[str]
    negation: re.Pattern[str]
    markers: dict[str, re.Pattern[str]]

    @cached_property
    def any_pattern(self) -> re.Pattern[str]:
        """One expression that finds whatever any pattern finds: a fast no for ordinary messages."""
        return re.compile(rf"(?<!\w)(?:{'|'.join(pattern.source for pattern in self.patterns)})(?!\w)")

    @cached_property
    def any_phrase(self) -> re.Pattern[str]:
        """One expression that finds any phrase, longest first; scripts without word gaps match anywhere."""
        ordered = sorted(self.phrases, key=lambda phrase: -len(phrase.text))
        return re.compile("|".join(_phrase_expression(phrase.text) for phrase in ordered))


def _phrase_expression(text: str) -> str:
    # Chinese has no spaces; Arabic and Turkish glue endings on: only the left border is kept there.
    if any("\u3400" <= c <= "\u9fff" for c in text):
        return re.escape(text)
    return rf"(?<!\w){re.escape(text)}"


def read_rules(path: Path) -> RedFlagRules:
    """Read the file of patterns.

    :raises LexiconError: naming the file, the field and what to do.
    """
    data = _load(path)
    macros = _expand_macros(path, _mapping(path, data, "macros"))
    spelling = _mapping(path, data, "spelling")
    languages = _mapping(path, data, "languages")
    patterns = [p for kind in _KINDS for p in _patterns(path, kind, _mapping(path, data, kind), macros)]
    idioms = "|".join(_texts(path, data, "idioms"))
    return RedFlagRules(
        folder=Folder(
            {str(k): str(v) for k, v in _mapping(path, data, "short_forms").items()},
            _texts(path, spelling, "words"),
            _texts(path, spelling, "keep"),
        ),
        patterns=tuple(patterns),
        phrases=tuple(Phrase(kind, _fold_phrase(text)) for kind in _KINDS for text in _texts(path, languages, kind)),
        phrase_negators=frozenset(fold_letters(word) for word in _texts(path, languages, "negators")),
        idioms=_compile(path, "field `idioms`", idioms),
        negation=_negation(path, _mapping(path, data, "negation")),
        markers={
            name: _compile(path, f"field `{name}`", _expand(path, name, str(data.get(name, "")), macros))
            for name in _SHORT_TEXTS
        },
    )


def _fold_phrase(text: str) -> str:
    return " ".join(fold_letters(text).split())


def _load(path: Path) -> dict[str, Any]:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LexiconError(path, "the file is missing.", "Restore it: without it no emergency is recognised.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise LexiconError(path, f"it cannot be read ({error}).", "Save it as UTF-8 text.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else ""
        raise LexiconError(path, "this is not valid YAML.", "Check quotes and indentation there.", where) from error
    if not isinstance(data, dict):
        raise LexiconError(path, "it holds no fields.", "Start from the file of the repository.")
    return data


def _mapping(path: Path, data: dict[str, Any], name: str) -> dict[str, Any]:
    value = data.get(name)
    if not isinstance(value, dict) or not value:
        raise LexiconError(path, "this must be a mapping with entries.", "See the head of the file.", f"field `{name}`")
    return value


def _texts(path: Path, data: dict[str, Any], name: str) -> tuple[str, ...]:
    value = data.get(name)
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise LexiconError(
            path,
            "this must be a list of texts.",
            "Quote words that YAML reads as yes, no or numbers.",
            f"field `{name}`",
        )
    return tuple(value)


def _expand_macros(path: Path, raw: dict[str, Any]) -> dict[str, str]:
    macros: dict[str, str] = {}
    for name, value in raw.items():  # a macro may use those above it
        macros[name] = _expand(path, f"macros.{name}", str(value), macros)
    return macros


def _expand(path: Path, field: str, text: str, macros: dict[str, str]) -> str:
    def replacement(match: re.Match[str]) -> str:
        if match[1] not in macros:
            raise LexiconError(
                path, f"there is no macro <{match[1]}>.", f"Use one of: {', '.join(macros)}.", f"field `{field}`"
            )
        return macros[match[1]]

    return _MACRO.sub(replacement, text)


def _patterns(path: Path, kind: Kind, categories: dict[str, Any], macros: dict[str, str]) -> list[Pattern]:
    found = []
    for category, levels in categories.items():
        where = f"{kind}.{category}"
        if not isinstance(levels, dict) or set(levels) - set(_CERTAINTIES):
            raise LexiconError(path, "only always, sure and bare are known.", "Rename the list.", f"field `{where}`")
        for certainty in _CERTAINTIES:
            for text in _texts(path, levels, certainty) if certainty in levels else ():
                source = _both_ways(_expand(path, where, text, macros))
                regex = _compile(path, f"field `{where}.{certainty}`", source)
                found.append(Pattern(kind, category, certainty, source, regex))
    return found


def _both_ways(text: str) -> str:
    parts = text.split(" && ")
    if len(parts) == 1:
        return text
    orders = permutations(f"(?:{part})" for part in parts)
    return "|".join(_WITHIN_SIX_WORDS.join(order) for order in orders)


def _compile(path: Path, where: str, text: str) -> re.Pattern[str]:
    if not text:
        raise LexiconError(path, "it is empty.", "Take it from the file of the repository.", where)
    try:
        return re.compile(rf"(?<!\w)(?:{text})(?!\w)")
    except re.error as error:
        raise LexiconError(path, f"{text!r} is no regular expression ({error}).", "Mend the pattern.", where) from error


def _negation(path: Path, data: dict[str, Any]) -> re.Pattern[str]:
    words = "|".join(sorted(map(re.escape, _texts(path, data, "words")), key=len, reverse=True))
    fillers = "|".join(map(re.escape, _texts(path, data, "fillers")))
    not_before = "|".join(map(re.escape, _texts(path, data, "not_before")))
    return _compile_negation(words, fillers, not_before)


def _compile_negation(words: str, fillers: str, not_before: str) -> re.Pattern[str]:
    # Anchored at the end: used on the text before a match.
    return re.compile(rf"(?<!\w)(?:{words})(?! (?:{not_before})\b)(?: (?:{fillers})){{0,6}} ?$")
