"""Questions to offer next, and what a question was about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from healthqa.lexicon import Lexicon
from healthqa.types import Hit, Passage

__all__ = ["related_questions", "topic_of"]

MOST = 3
# What a conversation is about, the more telling kind of term first.
_TOPIC_ENTITIES = ("condition", "symptom", "nutrient", "cause")
_TOPIC_TERMS = 2


def related_questions(candidates: Iterable[Hit], shown: Sequence[Hit], asked: str) -> tuple[str, ...]:
    """Return up to three questions that other passages answer: an FAQ's question or a heading that is one.

    :param shown: passages that were just shown; their questions are not offered again.
    :param asked: the question just asked.
    """
    taken = {_plain(asked), *(_plain(_offer(hit.passage)) for hit in shown)}
    found: list[str] = []
    for hit in candidates:
        offer = _offer(hit.passage)
        if offer and _plain(offer) not in taken and len(found) < MOST:
            taken.add(_plain(offer))
            found.append(offer)
    return tuple(found)


def topic_of(question: str, lexicon: Lexicon) -> str:
    """Return the one or two lexicon terms that the question is about, or an empty text."""
    entities = lexicon.analyse(question).entities
    values: list[str] = []
    for kind in _TOPIC_ENTITIES:
        values += [entity.value for entity in entities if entity.entity == kind and entity.value not in values]
    return " and ".join(values[:_TOPIC_TERMS])


def _offer(passage: Passage) -> str:
    """Return a question; a heading that is none would be a button whose answer is somewhere else."""
    offer = (passage.question or passage.section).strip()
    return offer if offer.endswith("?") else ""


def _plain(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in text.lower()).split())
