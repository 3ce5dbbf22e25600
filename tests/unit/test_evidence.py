from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from healthqa.coefficients import COEFFICIENTS, coefficients_of
from healthqa.evidence import CLARIFY_SHARE, LEANING_CLARIFY_SHARE, OwnWords, assess, assess_leaning, features_of
from healthqa.lexicon import Lexicon
from healthqa.questions import question_type
from healthqa.types import Context, Hit, Passage

FOLDER = Path(__file__).resolve().parents[2] / "knowledge" / "lexicon"
PASSAGE = Passage("a#b-1", "a", "b", "text", "Text.", ("Text.",), "A", "B", "http://x")


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.load(FOLDER)


def hit(dense: float, coverage: float = 0.8) -> Hit:
    return Hit(PASSAGE, dense, {"dense": dense, "lexical": 0.5 * coverage, "coverage": coverage})


def test_evidence_answers_a_near_and_covered_question(lexicon: Lexicon) -> None:
    found = assess("can low b12 cause twitching", [hit(0.9, 1.0)], Context(), lexicon)
    assert found.decision == "answer"
    assert found.probability > 0.9


def test_evidence_refuses_without_hits(lexicon: Lexicon) -> None:
    found = assess("anything", [], Context(), lexicon)
    assert found.decision == "refuse"
    assert found.probability < 0.01


def test_evidence_falls_when_unknown_words_lead_away(lexicon: Lexicon) -> None:
    question = "can low b12 cause tinnitus"
    plain = assess(question, [hit(0.66)], Context(), lexicon, beside=0.55)
    unknown = assess(question, [hit(0.66)], Context(), lexicon, uncovered=("tinnitus",), drift=0.17, beside=0.55)
    assert plain.decision == "answer"
    assert unknown.decision == "refuse"
    assert unknown.uncovered_terms == ("tinnitus",)


def test_evidence_falls_when_a_refused_question_is_nearer(lexicon: Lexicon) -> None:
    question = "where on the arm is b12 injected"
    far = assess(question, [hit(0.7)], Context(), lexicon, beside=0.5)
    near = assess(question, [hit(0.7)], Context(), lexicon, beside=0.95)
    assert far.decision == "answer"
    assert near.decision == "refuse"


def test_evidence_trusts_a_follow_up_a_little_more(lexicon: Lexicon) -> None:
    alone = assess("why", [hit(0.6)], Context(), lexicon, beside=0.5)
    following = assess("why", [hit(0.6)], Context(), lexicon, beside=0.5, follows=True)
    assert alone.probability < following.probability


def test_evidence_expects_smaller_cosines_without_anticipated_questions(lexicon: Lexicon) -> None:
    hits = [hit(0.6, 0.6)]
    rich = assess("x", hits, Context(), lexicon, beside=0.65)
    plain = assess("x", hits, Context(), lexicon, beside=0.65, plain=1.0)
    assert rich.decision != "answer"
    assert plain.decision == "answer"
    assert assess("x", hits, Context(), lexicon, beside=0.95, plain=1.0).decision != "answer"


def test_evidence_survives_an_unknown_word_that_changes_nothing(lexicon: Lexicon) -> None:
    found = assess("my legs cramp in bed", [hit(0.85, 0.7)], Context(), lexicon, uncovered=("bed",), drift=0.0)
    assert found.decision != "refuse"


def test_evidence_asks_back_in_the_middle(lexicon: Lexicon) -> None:
    question = "do my legs cramp more in bed at night when b12 is low"
    decisions = [
        assess(question, [hit(d / 20, d / 25)], Context(), lexicon, uncovered=("bed",), drift=0.02).decision
        for d in range(21)
    ]
    assert list(dict.fromkeys(decisions)) == ["refuse", "clarify", "answer"]


def test_evidence_threshold_is_the_operators(lexicon: Lexicon) -> None:
    hits = [hit(0.6, 0.6)]
    assert assess("x", hits, Context(), lexicon, threshold=0.0).decision == "answer"
    assert assess("x", hits, Context(), lexicon, threshold=1.0).decision != "answer"


def test_evidence_refuses_when_a_refused_question_is_nearer_than_every_passage(lexicon: Lexicon) -> None:
    hits = [hit(0.9, 0.9)]
    assert assess("x", hits, Context(), lexicon, beside=0.9).decision == "answer"
    assert assess("x", hits, Context(), lexicon, beside=0.93, threshold=0.0).decision != "answer"


def test_evidence_listens_to_the_intent(lexicon: Lexicon) -> None:
    hits = [hit(0.6, 0.5)]
    asked = assess("x", hits, Context(intent="ask_symptoms", intent_confidence=0.9), lexicon)
    none = assess("x", hits, Context(), lexicon)
    other = assess("x", hits, Context(intent="other_health_topic", intent_confidence=0.9), lexicon)
    assert other.probability < none.probability < asked.probability


def test_evidence_has_a_coefficient_for_every_feature(lexicon: Lexicon) -> None:
    assert set(features_of("x", [hit(0.5)], Context(), lexicon, (), 0.0)) == set(COEFFICIENTS)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("how much should I take?", "how_much"),
        ("what does it cost?", "price"),
        ("how long does it take?", "how_long"),
        ("why do muscles twitch?", "why"),
        ("what is the difference between a twitch and a cramp?", "compare"),
        ("where are cramps felt?", "where"),
        ("who is at risk?", "who"),
        ("can low B12 cause cramps?", "yes_no"),
        ("which foods contain B12?", "what"),
        ("b12 cramps", "other"),
    ],
)
def test_question_type_is_read_from_the_words(question: str, kind: str) -> None:
    assert question_type(question) == kind


def leaning_hit(dense: float = 0.6, own: float = 0.5, last: float = 0.8) -> Hit:
    return Hit(PASSAGE, dense, {"dense": dense, "own": own, "last": last})


def test_follow_up_is_answered_by_what_is_near_to_it_and_to_the_last_question(lexicon: Lexicon) -> None:
    found = assess_leaning(
        OwnWords("and the nerves?", beside=0.4, beside_last=0.5), [leaning_hit()], Context(), lexicon
    )
    assert found.decision == "answer"
    assert assess_leaning(OwnWords("and the nerves?"), [], Context(), lexicon).decision == "refuse"


def test_follow_up_is_the_surer_the_more_it_is_for_the_first_hit(lexicon: Lexicon) -> None:
    own = OwnWords("and the nerves?", beside=0.4, beside_last=0.5, answerability=(0.0, 0.0))
    chances = [
        assess_leaning(
            own, [replace(leaning_hit(), parts={**leaning_hit().parts, "addressed": share})], Context(), lexicon
        )
        for share in (0.0, 0.5, 1.0)
    ]
    assert chances[0].probability < chances[1].probability < chances[2].probability
    assert all(set(one.features) <= set(coefficients_of(one.features)) for one in chances)


def test_each_question_is_weighed_by_the_coefficients_for_its_like(lexicon: Lexicon) -> None:
    learned = assess("x", [hit(0.6)], Context(), lexicon, answerability=0.5).features
    leaning = assess_leaning(OwnWords("and the nerves?"), [leaning_hit()], Context(), lexicon).features
    lists = [coefficients_of(features) for features in ({}, learned, leaning, {**leaning, "answerability": 1.0})]
    assert len({tuple(weights.items()) for weights in lists}) == len(lists)
    assert set(learned) <= set(lists[1])
    assert set(leaning) <= set(lists[2])


@pytest.mark.parametrize(
    "own",
    [
        OwnWords("and how much of it?", beside=0.9, beside_last=0.5),
        OwnWords("and how much of it?", beside=0.5, beside_last=0.95),
        OwnWords("fghj kkk", beside=0.4, beside_last=0.5, uncovered=("fghj", "kkk"), drift=1.0),
        OwnWords("12345 67890", beside=0.5, beside_last=0.6),
        OwnWords("what does the moon weigh", complete=True, beside=0.5, beside_last=0.6),
    ],
)
def test_last_question_alone_answers_no_follow_up(own: OwnWords, lexicon: Lexicon) -> None:
    assert assess_leaning(own, [leaning_hit(0.55, 0.3, 0.7)], Context(), lexicon).decision != "answer"


def test_middling_follow_up_is_offered_questions_only_where_no_exchanges_were_learned(lexicon: Lexicon) -> None:
    own = OwnWords("and my skin?", beside=0.5, beside_last=0.6, answerability=(0.0, 0.0))
    shares = [number / 100 for number in range(101)]

    def decisions(**parts: float) -> list[tuple[float, str]]:
        found = [
            assess_leaning(
                own,
                [replace(leaning_hit(dense), parts={**leaning_hit(dense).parts, "addressed": 0.1, **parts})],
                Context(),
                lexicon,
            )
            for dense in shares
        ]
        return [(one.probability, one.decision) for one in found]

    for parts, least in (({}, CLARIFY_SHARE), ({"exchange": 0.1}, LEANING_CLARIFY_SHARE)):
        offered = [chance for chance, decision in decisions(**parts) if decision == "clarify"]
        assert offered
        assert all(0.5 * least <= chance < 0.5 for chance in offered)
        assert all(decision == "refuse" for chance, decision in decisions(**parts) if chance < 0.5 * least)
