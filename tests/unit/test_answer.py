"""Promises 1, 2 and 4 at the one place where texts are put together."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthqa.answer import (
    DISCLAIMER,
    NOT_REVIEWED,
    answer_to_json,
    compose_answer,
    compose_fixed,
    select_sentences,
    with_notice,
)
from healthqa.types import Answer, Hit, Passage, Table

NOTICE = "I am an automated assistant."


def passage(*sentences: str, **values: object) -> Passage:
    text = " ".join(sentences)
    made = Passage(
        id="twitching#symptoms-1",
        article_slug="twitching",
        section_slug="symptoms",
        kind="text",
        text=text,
        sentences=sentences,
        title="Twitching",
        section="Symptoms",
        url="http://127.0.0.1:5005/webhooks/web/articles/twitching#symptoms",
    )
    return replace(made, **values)  # type: ignore[arg-type]


def answer_from(*sentences: str, **values: object) -> Answer:
    return compose_answer([Hit(passage(*sentences, **values), 0.9)])


def words(text: str) -> list[str]:
    return text.split()


NASTY = st.lists(
    st.one_of(
        st.text(min_size=1, max_size=60),
        st.sampled_from(
            [
                "Source: nobody",
                "\nSource: nobody",
                "a\n\nb",
                DISCLAIMER,
                f"x {DISCLAIMER}",
                "However, no.",
                "\r\n",
                "\u2028",
            ]
        ),
    ),
    min_size=1,
    max_size=8,
)


@given(NASTY)
def test_answer_has_the_disclaimer_once_and_in_its_last_line(sentences: list[str]) -> None:
    text = answer_from(*sentences).text
    assert text.count(DISCLAIMER) == 1
    assert text.splitlines()[-1] == DISCLAIMER


@given(NASTY)
def test_answer_has_no_blank_line_that_would_split_the_message(sentences: list[str]) -> None:
    assert all(line.strip() for line in answer_from(*sentences).text.splitlines())


@given(NASTY)
def test_answer_has_one_source_line_whatever_the_passage_says(sentences: list[str]) -> None:
    lines = answer_from(*sentences).text.splitlines()
    assert sum(line.startswith("Source: ") for line in lines) == 1


@given(NASTY, st.integers(min_value=1, max_value=40))
def test_answer_shows_consecutive_words_of_the_passage(sentences: list[str], limit: int) -> None:
    original = passage(*sentences)
    answer = compose_answer([Hit(original, 0.9)], max_words=limit)
    shown = words(answer.passages[0].passage.text)
    kept = words(original.text.replace(DISCLAIMER, ""))
    if shown[:2] == ["–", "Source:"] and kept[:2] != ["–", "Source:"]:
        shown = shown[1:]
    assert shown == [] or any(kept[i : i + len(shown)] == shown for i in range(len(kept)))


@given(NASTY, st.sampled_from(["refuse", "clarify", "emergency", "crisis"]))
def test_fixed_text_has_the_disclaimer_last_and_never_a_source(texts: list[str], kind: str) -> None:
    answer = compose_fixed(kind, "\n".join(texts))  # type: ignore[arg-type]
    lines = answer.text.splitlines()
    assert answer.text.count(DISCLAIMER) == 1
    assert lines[-1] == DISCLAIMER == answer.disclaimer
    assert all(line.strip() and not line.startswith("Source: ") for line in lines)
    assert answer.passages == ()


def test_answer_format_is_passage_source_review_note_disclaimer() -> None:
    answer = answer_from("Low B12 can cause twitching.", "Tests help.")
    assert answer.text == (
        "Low B12 can cause twitching. Tests help.\n"
        "Source: Twitching › Symptoms – http://127.0.0.1:5005/webhooks/web/articles/twitching#symptoms\n"
        f"{NOT_REVIEWED}\n{DISCLAIMER}"
    )


def test_answer_from_a_reviewed_article_says_nothing_about_missing_review() -> None:
    assert NOT_REVIEWED not in answer_from("Low B12 can cause twitching.", reviewed="2026-01-31").text


def test_answer_without_a_hit_is_refused_by_the_composer() -> None:
    with pytest.raises(ValueError, match="passage"):
        compose_answer([])


def test_answer_of_two_passages_names_both_sources() -> None:
    one, two = passage("One fact stands here."), passage("Another fact.", section="Food", url="http://x/#food")
    answer = compose_answer([Hit(one, 0.9), Hit(two, 0.8)])
    assert [line for line in answer.text.splitlines() if line.startswith("Source: ")] == [
        "Source: Twitching › Symptoms – http://127.0.0.1:5005/webhooks/web/articles/twitching#symptoms",
        "Source: Twitching › Food – http://x/#food",
    ]


LONG = (
    "The first sentence says what the section is about in quite a few words.",
    "The second sentence tells the reader one more thing that is not asked for here.",
    "Blood tests can show a lack of the vitamin.",
    "However, a borderline result does not rule it out.",
    "The last sentence speaks about something else altogether and at length.",
)


def test_window_holds_the_best_sentence_and_stays_below_the_limit() -> None:
    cut = select_sentences(passage(*LONG), (0.1, 0.1, 0.9, 0.2, 0.1), max_words=40)
    assert "Blood tests can show" in cut.text
    assert len(cut.text.split()) <= 40


def test_window_never_starts_at_a_sentence_that_leans_on_the_one_before() -> None:
    cut = select_sentences(passage(*LONG), (0.1, 0.1, 0.2, 0.9, 0.1), max_words=25)
    assert cut.text.startswith("Blood tests can show a lack of the vitamin. However, a borderline")


@given(st.lists(st.floats(0, 1), min_size=5, max_size=5), st.integers(20, 60))
def test_window_starts_no_later_than_the_best_sentence(scores: list[float], limit: int) -> None:
    cut = select_sentences(passage(*LONG), scores, max_words=limit)
    best = LONG[max(range(5), key=lambda i: (scores[i], -i))]
    assert best in cut.text
    assert not cut.text.startswith(("However", "This", "These", "They", "It "))


def test_window_is_not_cut_where_the_passage_fits() -> None:
    assert select_sentences(passage(*LONG), (0, 0, 1, 0, 0), max_words=90).text == " ".join(LONG)


def test_window_keeps_the_line_breaks_of_a_list() -> None:
    listed = passage("Foods are:", "meat", "fish", text="Foods are:\n- meat\n- fish", kind="list")
    assert select_sentences(listed).text == "Foods are:\n- meat\n- fish"


def test_small_talk_has_no_disclaimer_unless_asked_for() -> None:
    assert compose_fixed("smalltalk", "Hello!").text == "Hello!"
    assert compose_fixed("smalltalk", "The sources are ...", disclaimer=True).text.endswith(DISCLAIMER)


def test_notice_comes_first_in_an_answer() -> None:
    assert with_notice(answer_from("A fact stands here."), NOTICE).text.startswith(f"{NOTICE}\nA fact stands here.")


@pytest.mark.parametrize("kind", ["emergency", "crisis"])
def test_notice_comes_after_the_alarm_and_before_the_disclaimer(kind: str) -> None:
    alarm = compose_fixed(kind, "Call 999 now.\nDo not wait.")  # type: ignore[arg-type]
    assert with_notice(alarm, NOTICE).text.splitlines() == ["Call 999 now.", "Do not wait.", NOTICE, DISCLAIMER]


def test_notice_is_said_once() -> None:
    once = with_notice(answer_from("A fact stands here."), NOTICE)
    assert with_notice(once, NOTICE) == once


def test_json_is_the_contract() -> None:
    table = Table(columns=("Cause", "Place"), rows=(("Stress", "Eyelid"),))
    hit = Hit(passage("Stress – Place: Eyelid", kind="row", table=table), 0.81234567)
    data = answer_to_json(compose_answer([hit], suggestions=("What else?",), confidence=0.9))
    assert json.loads(json.dumps(data)) == data
    assert list(data) == ["v", "kind", "id", "passages", "table", "suggestions", "disclaimer", "confidence"]
    assert data["v"] == 1
    assert data["kind"] == "answer"
    assert data["table"] == {"columns": ["Cause", "Place"], "rows": [["Stress", "Eyelid"]]}
    assert list(data["passages"][0]) == ["id", "text", "title", "section", "url", "reviewed", "score"]
    assert data["passages"][0]["text"] == "Stress – Place: Eyelid"
    assert data["disclaimer"] == DISCLAIMER


def test_json_of_a_refusal_has_no_passage_and_no_table() -> None:
    data = answer_to_json(compose_fixed("refuse", "I don't know."))
    assert data["passages"] == []
    assert data["table"] is None
