from __future__ import annotations

import pytest

from healthqa.followup import asking_part, needs_context, standalone, without_exceptions
from healthqa.types import Context

AFTER = Context(topic="vitamin b12 deficiency", last_question="can low b12 cause twitching?")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("how is it diagnosed?", "how is vitamin b12 deficiency diagnosed?"),
        ("what about vegans", "vegans – vitamin b12 deficiency?"),
        ("and the shots?", "the shots – vitamin b12 deficiency?"),
        ("why?", "why – can low b12 cause twitching?"),
        ("thanks, and is it permanent?", "is vitamin b12 deficiency permanent?"),
    ],
)
def test_followup_is_made_stand_alone(question: str, expected: str) -> None:
    assert standalone(question, AFTER) == expected


@pytest.mark.parametrize(
    "question",
    [
        "can low b12 cause leg cramps at night?",
        "what is the myelin sheath",
        "how is a vitamin b12 deficiency treated in older adults?",
        "what is the capital of peru",
    ],
)
def test_question_with_a_subject_of_its_own_is_not_rewritten(question: str) -> None:
    assert standalone(question, AFTER) == question


@pytest.mark.parametrize("question", ["how is it diagnosed?", "why?", "what about vegans"])
def test_nothing_is_added_without_a_conversation(question: str) -> None:
    assert standalone(question, Context()) == question
    assert not needs_context(question, Context())


def test_topic_switch_carries_nothing_over() -> None:
    assert "twitching" not in standalone("what causes muscle cramps?", AFTER)


def test_empty_followup_stays_empty() -> None:
    assert standalone("  ", AFTER) == ""


def test_story_is_searched_by_its_question() -> None:
    story = "I have had this for weeks now. " * 6 + "Can a lack of B12 do that? Thank you for your time and help."
    assert asking_part(story) == "Can a lack of B12 do that?"


def test_story_without_a_question_mark_is_searched_by_the_sentence_that_asks() -> None:
    story = "My calf jumps. " * 14 + "so I was wondering if low b12 can do that."
    assert asking_part(story) == "so I was wondering if low b12 can do that."


def test_short_message_is_searched_whole() -> None:
    assert asking_part("My calf jumps. Is it B12?") == "My calf jumps. Is it B12?"


def test_exception_is_not_searched_for() -> None:
    assert without_exceptions("what else makes muscles twitch besides b12?") == "what else makes muscles twitch?"
    assert without_exceptions("besides b12?") == "besides b12?"
