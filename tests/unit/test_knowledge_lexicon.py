"""The lexicon as a file: what an editor promised, checked without any reader of ours."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.knowledge_files import KNOWLEDGE, per_article

ENTITIES = {"nutrient", "symptom", "condition", "test", "treatment", "food", "group", "cause", "body_part"}
# Words that would tag everyday sentences ("I shot up", "come back", "I may", "same level").
EVERYDAY = {"shot", "back", "face", "may", "level", "jerk", "hand", "arm", "eye", "sam", "age", "water", "salt", "run"}


@lru_cache(maxsize=1)
def lexicon() -> list[dict[str, Any]]:
    return yaml.safe_load((KNOWLEDGE / "lexicon" / "terms.yml").read_text(encoding="utf-8"))["terms"]


def forms(term: dict[str, Any]) -> list[str]:
    return [term["value"], *term["synonyms"]]


def test_lexicon_entries_have_the_three_fields_and_a_known_type() -> None:
    terms = lexicon()
    assert len(terms) >= 120
    assert all(set(term) == {"value", "entity", "synonyms"} and term["synonyms"] for term in terms)
    assert {term["entity"] for term in terms} == ENTITIES


def test_lexicon_forms_are_lower_case_text() -> None:
    for term in lexicon():
        for form in forms(term):
            assert isinstance(form, str)
            assert form == " ".join(form.lower().split())


def test_lexicon_form_belongs_to_one_term_only() -> None:
    counts = Counter(form for term in lexicon() for form in forms(term))
    assert [form for form, count in counts.items() if count > 1] == []


def test_lexicon_leaves_everyday_words_alone() -> None:
    assert {form for term in lexicon() for form in forms(term)} & EVERYDAY == set()


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("pernicious anaemia", "pernicious anemia"),
        ("paraesthesia", "pins and needles"),
        ("oedema", "swelling"),
        ("fibre", "fiber"),
        ("charley horse", "muscle cramp"),
        ("jerks", "muscle twitching"),
        ("fasiculations", "muscle twitching"),
        ("twiching", "muscle twitching"),
        ("eyelid flutter", "eyelid twitching"),
        ("mma", "methylmalonic acid test"),
        ("cobalamin", "vitamin b12"),
        ("b 12", "vitamin b12"),
        ("b12 defficiency", "vitamin b12 deficiency"),
        ("jabs", "b12 injection"),
        ("diagnosys", "diagnosis"),
        ("yoghurt", "yogurt"),
        ("diarrhoea", "diarrhea"),
    ],
)
def test_lexicon_knows_how_readers_write(form: str, value: str) -> None:
    assert [term["value"] for term in lexicon() if form in forms(term)] == [value]


@per_article
def test_lexicon_knows_the_bracketed_terms_of_the_articles(path: Path) -> None:
    body = path.read_text(encoding="utf-8").split("---\n", 2)[2].lower()
    known = {form for term in lexicon() for form in forms(term)}
    bracketed = {inner for inner in re.findall(r"\(([^()]+)\)", body) if len(inner.split()) <= 2}
    grammar = {"contract", "progressive", "benign", "systemic", "nocturnal", "recalibrate", "co-factor"}
    loose = {inner.removeprefix("the ") for inner in bracketed} - known - grammar
    assert loose == set()
