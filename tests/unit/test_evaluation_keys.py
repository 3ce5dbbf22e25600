"""The keys: a pattern matches exactly the passages that state its fact."""

from __future__ import annotations

from evaluation.keys import default_passages, find_problems, load_right_passages
from evaluation.questions import load_facts
from healthqa.settings import Settings
from healthqa.types import Passage


def passage(identifier: str, text: str) -> Passage:
    return Passage(identifier, "a", "s", "text", text, (text,), "A", "S", "")


PASSAGES = (passage("a#1", "Low B12 hurts the nerves."), passage("a#2", "A low fever is harmless."))


def test_patterns_match_the_listed_passages_of_the_default_content_and_no_others() -> None:
    passages = default_passages(Settings.from_env({}))
    assert find_problems(load_facts(), load_right_passages(), passages) == []


def test_agreeing_key_has_no_problem() -> None:
    assert find_problems({"f": ("low", "nerve")}, {"f": ("a#1",)}, PASSAGES) == []


def test_pattern_that_matches_a_passage_without_the_fact_is_found() -> None:
    assert find_problems({"f": ("low",)}, {"f": ("a#1",)}, PASSAGES) == [
        "f: the patterns match a#2, which is not listed as stating it."
    ]


def test_pattern_that_misses_a_listed_passage_is_named() -> None:
    assert find_problems({"f": ("low", "gut")}, {"f": ("a#1",)}, PASSAGES) == [
        "f: a#1 states it, but the pattern 'gut' does not match."
    ]


def test_unknown_passages_and_facts_without_a_list_are_found() -> None:
    problems = find_problems({"f": ("fever",), "g": ("zzz",)}, {"f": ("a#2", "a#9"), "h": ("a#1",)}, PASSAGES)
    assert "f: no passage is called 'a#9'." in problems
    assert "g: no passage is listed in passages.yml." in problems
    assert "h: listed in passages.yml, but no question asks for it." in problems
