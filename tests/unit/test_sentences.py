"""Sentences end where a reader would say so, and know when they lean on the one before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthqa.sentences import depends_on_previous, group_sentences, split_sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ["Some foods, e.g. Salmon and tuna, help.", "Others, i.e. Plants, do not."],
        ["Compare B12 vs. Other causes.", "See Dr. Smith or Prof. Jones."],
        ["It takes approx. 2.5 mg of iron.", "Wait 3 months, etc.", "The rest is rest."],
        ["The U.S. Food and Drug office says so.", "It is sold in the U.S.", "The rule is new."],
        ['He asked "Is it low?"', "Then he left.", "\u201cIt is.\u201d", "So he stayed."],
        ["Cramps (at night. Or by day.) hurt.", "[See note 1.]", "They pass."],
        ["1. Eat fish.", "2. Eat eggs."],
        ["pH is 7, not 7.5.", "Vitamin B12.", "No.", "Really?!", "Yes!"],
        ["This ends here\u2026", "Next one."],
        ["Stress in M. Smith's eyelid (m. orbicularis oculi) twitches.", "It stops."],
        ["A line without an end", "Another line."],
    ],
)
def test_sentences_are_found(sentences: list[str]) -> None:
    joint = "\n" if sentences[0][-1].isalpha() else " "
    text = joint.join(sentences)
    assert [text[start:end] for start, end in split_sentences(text)] == sentences


@pytest.mark.parametrize(
    "sentence",
    [
        "However, it may.",
        "This is so.",
        "These nerves fail.",
        "But not always.",
        "Such damage lasts.",
        "\u201cThey do.\u201d",
        "(It may.)",
        "In these cases, rest.",
        "For example, fish.",
        "Without B12, this exchange is disturbed.",
        "It\u2019s rare.",
        "Other symptoms follow.",
    ],
)
def test_sentence_that_refers_back_is_known(sentence: str) -> None:
    assert depends_on_previous(sentence)


@pytest.mark.parametrize(
    "sentence", ["Vitamin B12 helps.", "Thistles grow.", "A test shows it.", "Itching is rare.", ""]
)
def test_sentence_that_stands_alone_is_known(sentence: str) -> None:
    assert not depends_on_previous(sentence)


@given(st.text(max_size=300))
def test_any_text_is_covered_in_order(text: str) -> None:
    spans = split_sentences(text)
    outside = list(text)
    last = 0
    for start, end in spans:
        assert last <= start < end
        assert not text[start].isspace() and not text[end - 1].isspace()
        outside[start:end] = [""] * (end - start)
        last = end
    assert "".join(outside).strip() == ""


def test_groups_are_as_few_and_as_even_as_can_be() -> None:
    text = " ".join(f"Number {number} has six words here." for number in range(6))
    groups = group_sentences(text, split_sentences(text), limit=30, fewest_words=5, most_words=120)
    assert [len(group) for group in groups] == [3, 3]


def test_chain_of_references_too_long_to_show_repeats_one_sentence() -> None:
    text = " ".join(["Begin " + "a " * 48 + "end."] + ["This " + "b " * 48 + "end."] * 2)
    spans = split_sentences(text)
    groups = group_sentences(text, spans, limit=90, fewest_words=5, most_words=120)
    assert groups == [[spans[0], spans[1]], [spans[1], spans[2]]]


def test_bracket_that_holds_a_whole_text_does_not_join_its_sentences() -> None:
    text = "(" + "It is so and so. " * 20 + "It is.)"
    assert len(split_sentences(text)) > 10
