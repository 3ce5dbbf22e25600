"""Near misses: questions beside the articles' subject that are refused by type (`near_misses.yml`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from healthqa.errors import LexiconError
from healthqa.quick_yaml import quick_load

__all__ = ["NearMiss", "NearMisses"]


@dataclass(frozen=True)
class NearMiss:
    """A kind of question that is refused.

    :param evidence: the words that showed it, or the name of the intent.
    :param strong: refuse whatever the articles contain; otherwise strong evidence still wins.
    """

    type: str
    response: str
    evidence: str
    strong: bool = True


@dataclass(frozen=True)
class _Rule:
    type: str
    response: str
    patterns: tuple[re.Pattern[str], ...]
    requires: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...]
    unless_about: tuple[re.Pattern[str], ...]
    unless_covered: bool


@dataclass(frozen=True)
class NearMisses:
    """What `near_misses.yml` says.

    :param rules: patterns, in order.
    :param intents: name of an intent -> kind.
    :param examples: questions in readers' words, each with its kind.
    """

    rules: tuple[_Rule, ...]
    intents: Mapping[str, NearMiss]
    examples: tuple[tuple[str, NearMiss], ...] = ()

    @classmethod
    def load(cls, folder: Path) -> NearMisses:
        """Read `near_misses.yml` in the folder.

        :raises LexiconError: when it is missing or a rule is not usable; it names the rule.
        """
        path = folder / "near_misses.yml"
        try:
            content = quick_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise LexiconError(path, "The rules for near misses cannot be read.", "Restore the file.") from error
        except yaml.YAMLError as error:
            raise LexiconError(path, "The rules for near misses are not YAML.", f"Mend them: {error}") from error
        if not isinstance(content, dict):
            raise LexiconError(path, "There are no `rules:` in the file.", "Add them.")
        rules = tuple(_read_rule(path, number, entry) for number, entry in enumerate(content.get("rules") or (), 1))
        intents = {str(name): _read_intent(path, name, entry) for name, entry in (content.get("intents") or {}).items()}
        examples = tuple(
            pair
            for kind, entry in (content.get("examples") or {}).items()
            for pair in _read_examples(path, kind, entry)
        )
        return cls(rules, intents, examples)

    def find(self, text: str, covered: Callable[[str], bool] = lambda words: False, about: str = "") -> NearMiss | None:
        """Return the kind of near miss that the words show.

        :param text: the corrected question.
        :param covered: tells whether the articles contain the given words.
        :param about: the question before, on which this one leans; empty where it leans on none.
        """
        lowered, before = (words.lower().replace("’", "'") for words in (text, about))
        for rule in self.rules:
            if any(pattern.search(lowered) for pattern in rule.unless):
                continue
            if rule.requires and not any(pattern.search(lowered) for pattern in rule.requires):
                continue
            if before and any(pattern.search(before) for pattern in rule.unless_about):
                continue
            for match in (found for pattern in rule.patterns for found in pattern.finditer(lowered)):
                if not (rule.unless_covered and covered(match.group())):
                    return NearMiss(rule.type, rule.response, match.group())
        return None

    def by_intent(self, intent: str) -> NearMiss | None:
        """Return the kind of near miss that the intent names."""
        return self.intents.get(intent)


def _read_rule(path: Path, number: int, entry: Any) -> _Rule:  # noqa: ANN401
    where = f"rule {number}"
    if not isinstance(entry, dict) or not all(entry.get(key) for key in ("type", "response", "patterns")):
        raise LexiconError(path, "A rule needs `type`, `response` and `patterns`.", "Add what is missing.", where)
    try:
        patterns, requires, unless, about = (
            tuple(re.compile(str(pattern)) for pattern in entry.get(key) or ())
            for key in ("patterns", "requires", "unless", "unless_about")
        )
    except re.error as error:
        raise LexiconError(path, f"A pattern is not a regular expression: {error}.", "Mend it.", where) from error
    return _Rule(
        str(entry["type"]), str(entry["response"]), patterns, requires, unless, about, bool(entry.get("unless_covered"))
    )


def _read_intent(path: Path, name: str, entry: Any) -> NearMiss:  # noqa: ANN401
    if not isinstance(entry, dict) or not entry.get("type") or not entry.get("response"):
        raise LexiconError(path, "An intent needs `type` and `response`.", "Add what is missing.", f"intent `{name}`")
    return NearMiss(str(entry["type"]), str(entry["response"]), f"intent {name}", entry.get("strength") == "hard")


def _read_examples(path: Path, kind: str, entry: Any) -> list[tuple[str, NearMiss]]:  # noqa: ANN401
    where = f"examples of `{kind}`"
    if not isinstance(entry, dict) or not entry.get("response") or not isinstance(entry.get("texts"), list):
        raise LexiconError(path, "Examples need `response` and a list `texts`.", "Add what is missing.", where)
    if not all(isinstance(text, str) and text.strip() for text in entry["texts"]):
        raise LexiconError(path, "An example is not a text.", "Put it in quotes.", where)
    found = NearMiss(str(kind), str(entry["response"]), "nearest example", strong=False)
    return [(text, found) for text in entry["texts"]]
