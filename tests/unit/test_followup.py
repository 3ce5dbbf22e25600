from __future__ import annotations

import pytest

from healthqa.followup import (
    StandAlone,
    after_last,
    asking_part,
    is_short,
    needs_context,
    own_words,
    points_back,
    remembered,
    rule_text,
    without_exceptions,
    without_set_aside,
)
from healthqa.followup import standalone as make_standalone
from healthqa.lexicon import Lexicon
from healthqa.settings import Settings
from healthqa.types import Answer, Context

LEXICON = Lexicon.load(Settings.from_env().lexicon_dir)

AFTER = Context(topic="vitamin b12 deficiency", last_question="can low b12 cause twitching?")


def standalone(question: str, context: Context) -> str:
    return make_standalone(question, context, LEXICON).text


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("how is it diagnosed?", "how is vitamin b12 deficiency diagnosed?"),
        ("what about vegans", "vegans – vitamin b12 deficiency?"),
        ("and the shots?", "the shots – vitamin b12 deficiency?"),
        ("why?", "why can low b12 cause twitching?"),
        ("how tho", "how can low b12 cause twitching?"),
        ("why so long?", "why so long – can low b12 cause twitching?"),
        ("what test do i ask for?", "what test do i ask for – vitamin b12 deficiency?"),
        ("what are the other signs?", "what are the other signs – vitamin b12 deficiency?"),
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


@pytest.mark.parametrize(
    ("last", "question", "expected"),
    [
        ("can low b12 cause twitching?", "no i meant cramps", "can low B12 cause cramps?"),
        ("can low b12 cause twitching?", "sorry, I mean magnesium", "can magnesium cause twitching?"),
        (
            "can coffee cause twitching and cramps?",
            "not cramps, i mean stress",
            "can stress cause twitching and cramps?",
        ),
        ("can coffee cause twitching or cramps?", "I mean spasms, not twitching", "can coffee cause spasms or cramps?"),
        ("does low b12 cause depression?", "and irritability?", "does low B12 cause irritability?"),
        ("is there b12 in salmon?", "what about eggs", "is there B12 in eggs?"),
    ],
)
def test_term_takes_the_place_of_one_of_its_sort(last: str, question: str, expected: str) -> None:
    found = make_standalone(question, Context(topic="muscle twitching", last_question=last), LEXICON)
    assert found == StandAlone(expected, "swapped")


def test_correction_of_what_is_asked_keeps_the_subject() -> None:
    asked = standalone("no i mean how long", Context(topic="vitamin b12", last_question="tell me about recovery"))
    assert asked == "how long – tell me about recovery?"


@pytest.mark.parametrize("question", ["no", "sorry, what is the myelin sheath?", "no thanks", "not yet"])
def test_a_no_without_anything_meant_corrects_nothing(question: str) -> None:
    assert make_standalone(question, AFTER, LEXICON).way != "swapped"


def test_case_of_the_last_question_is_asked_of_it() -> None:
    after = Context(topic="vitamin b12 deficiency", last_question="how is b12 deficiency treated?")
    assert standalone("and for vegans?", after) == "for vegans – how is b12 deficiency treated?"


def test_them_means_the_last_plural_that_can_be_had() -> None:
    after = Context(topic="vitamin b12 deficiency", last_question="do i need injections for low b12?")
    assert standalone("what is in them?", after) == "what is in injections?"
    assert standalone("is it serious?", after) == "is vitamin b12 deficiency serious?"


def test_what_is_set_against_a_subject_is_carried_over() -> None:
    after = Context(topic="stress", last_question="can stress make my eye twitch?")
    assert standalone("how do i tell it from b12 twitching?", after) == "how do i tell stress from b12 twitching?"


def test_rules_read_the_question_of_a_story_only() -> None:
    about_me = "We had a long day with the dog and the kids in the park. " * 3 + "Can low B12 cause cramps?"
    about_it = "Our old dog has been limping since the summer holidays. " * 4 + "Can low B12 do that to him?"
    expecting = "I am twenty weeks pregnant and I feel tired all the time these days. " * 3 + "Is it low B12?"
    assert "dog" not in rule_text(about_me)
    assert "dog" in rule_text(about_it)
    assert "pregnant" in rule_text(expecting)
    assert rule_text("can my dog have b12?") == "can my dog have b12?"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("ok forget the kids, can it make ME twitch", "can it make ME twitch"),
        ("never mind my dog - do I need b12?", "do I need b12?"),
        ("does low b12 make kids forget things, or adults?", "does low b12 make kids forget things, or adults?"),
        ("forget the kids", "forget the kids"),
    ],
)
def test_what_the_reader_sets_aside_is_left_out(text: str, kept: str) -> None:
    assert without_set_aside(text) == kept


def refused(question: str, topic: str = "") -> Answer:
    return Answer("refuse", "I don't know.", "1", question=question, topic=topic)


def test_refused_opening_can_be_leaned_on() -> None:
    after = remembered(Context(), refused("do cramps hurt", "muscle cramp"))
    assert (after.last_question, after.topic, after.last_passages) == ("do cramps hurt", "muscle cramp", ())


def test_refused_question_with_a_subject_of_its_own_takes_the_place_of_the_last_one() -> None:
    before = Context(topic="muscle cramp", last_question="do cramps hurt", last_passages=("a#b-1",))
    after = remembered(before, refused("does stress glow", "stress"))
    assert (after.last_question, after.topic, after.last_passages) == ("does stress glow", "stress", ())


@pytest.mark.parametrize("topic", ["", "vitamin b12", "vitamin b12 deficiency"])
def test_refused_follow_up_leaves_what_was_answered(topic: str) -> None:
    before = Context(topic="muscle cramp", last_question="do cramps hurt", last_passages=("a#b-1",))
    assert remembered(before, refused("how many", topic)) is before


def test_small_talk_is_not_leaned_on() -> None:
    assert remembered(Context(), Answer("smalltalk", "Hello.", "1")) == Context()


def test_question_is_put_before_what_was_asked_last() -> None:
    last = Context(topic="muscle cramp", last_question="do cramps hurt")
    assert after_last("ok and the nerves then?", last) == "the nerves – do cramps hurt?"
    assert after_last("ok and the nerves then?", Context(topic="muscle cramp")) == "the nerves – muscle cramp?"
    assert after_last("ok and the nerves then?", Context()) == own_words("ok and the nerves then?") == "the nerves?"


def test_story_leans_on_nothing() -> None:
    assert is_short("and for older people?")
    assert not is_short("I " + "very " * 30 + "much want to know")


def test_chain_of_follow_ups_keeps_its_end_and_its_beginning() -> None:
    last = Context(last_question="and then – and why – do cramps hurt?")
    assert after_last("what else?", last) == "what else – and then – do cramps hurt?"


@pytest.mark.parametrize(
    "question", ["does low B12 cause it", "can B12 help with that?", "and how would B12 twitches be different?"]
)
def test_question_with_a_subject_still_leans_where_something_else_is_meant(question: str) -> None:
    assert needs_context(question, Context(topic="ataxia", last_question="what is ataxia"))


def test_question_with_a_subject_and_an_object_of_its_own_leans_on_nothing() -> None:
    assert not needs_context("does low B12 cause cramps", Context(topic="ataxia", last_question="what is ataxia"))


@pytest.mark.parametrize(
    "question",
    [
        "does low B12 cause both",
        "could b12 be behind it too?",
        "what are such cramps like",
        "what if b12 is missing there",
    ],
)
def test_words_with_a_subject_can_point_back(question: str) -> None:
    assert points_back(question)


@pytest.mark.parametrize("question", ["is there a link with b12?", "how is it that b12 helps", "does b12 cause cramps"])
def test_words_that_stand_by_themselves_point_back_at_nothing(question: str) -> None:
    assert not points_back(question)
