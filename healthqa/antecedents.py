"""What a follow-up's words stand for: the thing a pronoun means, and the term that another one takes the place of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from healthqa.lexicon import Lexicon
from healthqa.types import Entity

__all__ = ["antecedent", "is_plural", "swapped"]

# "What about coffee?" after "can stress do that": terms of one sort take each other's place in a question.
_SORTS: Mapping[str, str] = {"nutrient": "cause", "condition": "cause", "cause": "cause"}
_PLURAL = frozenset({"they", "them", "their", "these", "those"})
# What people go on to ask about as "them": things that are taken, done or eaten, and symptoms.
_COUNTABLE = frozenset({"treatment", "test", "food", "cause", "symptom", "group"})
_NOT_PLURAL = re.compile(r"(ss|us|is|stress|diabetes|numbness)$", re.IGNORECASE)


def is_plural(pronoun: str) -> bool:
    """Tell whether the pronoun means several things."""
    return pronoun.lower() in _PLURAL


def antecedent(pronoun: str, last_question: str, topic: str, lexicon: Lexicon) -> str:
    """Return what the pronoun means: the last plural term of the last question for "them", else the topic."""
    if is_plural(pronoun):
        analysis = lexicon.analyse(last_question)
        named = [
            analysis.text[entity.start : entity.end] for entity in analysis.entities if entity.entity in _COUNTABLE
        ]
        plurals = [words for words in named if words.endswith("s") and not _NOT_PLURAL.search(words)]
        if plurals:
            return plurals[-1]
    return topic or last_question


def swapped(fragment: str, last_question: str, lexicon: Lexicon, instead_of: str = "") -> str:
    """Return the last question with the fragment's term in the place of its own term of the same sort.

    :param fragment: a term and nothing else that carries a subject ("and from coffee").
    :param instead_of: words that name what is to be replaced ("twitching" of "I mean cramps, not twitching").
    :return: empty where the fragment says more than a term, or the last question has no such term.
    """
    new = lexicon.analyse(fragment)
    if len(new.entities) != 1 or new.words:
        return ""
    last = lexicon.analyse(last_question)
    old = _place(last.entities, new.entities[0], lexicon.analyse(instead_of).values if instead_of else frozenset())
    if old is None:
        return ""
    term = new.text[new.entities[0].start : new.entities[0].end]
    return f"{last.text[: old.start]}{term}{last.text[old.end :]}"


def _place(entities: Sequence[Entity], new: Entity, named: frozenset[str]) -> Entity | None:
    """Return the last term that is named, or is of the new one's sort."""
    of_sort = [entity for entity in entities if _sort(entity) == _sort(new)]
    return next((entity for entity in reversed(entities) if entity.value in named), of_sort[-1] if of_sort else None)


def _sort(entity: Entity) -> str:
    return _SORTS.get(entity.entity, entity.entity)
