"""Judging: which replies are right, how shares are counted, and what a message must carry."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from evaluation.askers import Reply
from evaluation.dialogues import Dialogue, Turn
from evaluation.figures import Rate, check_messages, goal_rates, in_scope_replies, mean_words, rates, wilson
from evaluation.questions import SETS, Question, load_questions
from evaluation.recall import Recall, measure_recall, right_passages_by_key
from evaluation.replies import default_texts, read_reply
from evaluation.scoring import Outcome, ask_dialogues, ask_questions
from evaluation.smalltalk import FittingReplies
from healthqa.answer import DISCLAIMER
from healthqa.errors import ContentError
from healthqa.settings import Settings
from healthqa.texts import Texts
from tests.unit.small_project import make_assistant, make_project

TEXTS = Texts.load(Settings.from_env({}).responses_path)
PASSAGE = "Low B12 can harm nerves."
ANSWER = f"{PASSAGE}\nSource: A › B – http://127.0.0.1/a#b\n{DISCLAIMER}"
REFUSAL = f"{TEXTS.get('utter_no_evidence')}\n{DISCLAIMER}"
OFFER = f"{TEXTS.get('utter_did_you_mean')}\n{DISCLAIMER}"
EMERGENCY = f"{TEXTS.get('utter_emergency', emergency_call='Call 999 now')}\n{DISCLAIMER}"
FAILURE = f"{TEXTS.get('utter_error')}\n{DISCLAIMER}"
GREETING = TEXTS.get("utter_greet")
IN_SCOPE = Question("q", "in_scope", "plain", "f", ("nerves", "b12"))
NEAR_MISS = Question("q", "near_miss", "dose")


class ScriptedAsker:
    """Gives the replies of a list in turn, then the last one again."""

    def __init__(self, *texts: str, talks: bool = True) -> None:
        self.talks = talks
        self.texts = list(texts)

    def start(self) -> None:
        pass

    def ask(self, text: str) -> Reply:
        reply = self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]
        return Reply((reply,) if reply else ())


def judged(question: Question, reply: str) -> Outcome:
    return ask_questions(ScriptedAsker(reply), [question])[0]


def test_facts_must_stand_in_the_passage_not_in_its_source() -> None:
    missing = Question("q", "in_scope", "plain", "f", ("127",))
    assert (judged(IN_SCOPE, ANSWER).right, judged(missing, ANSWER).right) == (True, False)
    assert judged(IN_SCOPE, ANSWER).words == 5


@pytest.mark.parametrize(
    ("reply", "right"),
    [(REFUSAL, True), (ANSWER, False), (OFFER, False), (EMERGENCY, False), (FAILURE, False), ("", False)],
)
def test_only_a_refusal_is_right_where_one_is_due(reply: str, right: bool) -> None:
    assert judged(NEAR_MISS, reply).right is right


def test_turn_is_right_with_any_of_its_facts_and_wrong_with_a_refusal() -> None:
    turn = Turn("why?", ("f", "g"), (("gut",), ("nerves",)))
    for reply, right in ((ANSWER, True), (REFUSAL, False)):
        outcomes = ask_dialogues(ScriptedAsker(REFUSAL, reply), [Dialogue((Turn("a", ("refuse",)), turn))])
        assert [(o.label, o.right) for o in outcomes] == [("opening", True), ("follow-up", right)]


@pytest.mark.parametrize(
    ("expect", "reply", "right"),
    [
        ("emergency", EMERGENCY, True),
        ("crisis", EMERGENCY, False),
        ("emergency", REFUSAL, False),
        ("smalltalk", GREETING, True),
        ("smalltalk", REFUSAL, False),
        ("smalltalk", ANSWER, False),
        ("smalltalk", f"{TEXTS.get('utter_other_language')}\n{DISCLAIMER}", True),
    ],
)
def test_turn_without_a_fact_needs_its_own_kind_of_reply(expect: str, reply: str, right: bool) -> None:
    assert ask_dialogues(ScriptedAsker(reply), [Dialogue((Turn("x", (expect,)),))])[0].right is right


def test_small_talk_is_left_out_where_nobody_answers_it() -> None:
    question = Question("hi", "smalltalk", "greet")
    dialogue = Dialogue((Turn("hi", ("smalltalk",)), Turn("dose?", ("refuse",))))
    silent = ScriptedAsker(REFUSAL, talks=False)
    assert ask_questions(silent, [question]) == []
    assert [outcome.text for outcome in ask_dialogues(silent, [dialogue])] == ["dose?"]


@pytest.mark.parametrize(
    ("kind", "text", "reply", "right"),
    [
        ("greet", "hi", GREETING, True),
        ("greet", "hi", TEXTS.get("utter_goodbye"), False),
        ("greet", "hi", REFUSAL, False),
        ("greet", "hi", ANSWER, False),
        ("affirm_ok", "yes", TEXTS.get("utter_affirm_unclear"), True),
        ("affirm_ok", "makes sense", TEXTS.get("utter_deny_unclear"), False),
        ("greet", "hi", "", False),
    ],
)
def test_small_talk_needs_a_text_that_fits_its_kind(kind: str, text: str, reply: str, right: bool) -> None:
    assert judged(Question(text, "smalltalk", kind), reply).right is right


def test_fitting_replies_name_texts_and_messages_that_exist(tmp_path: Path) -> None:
    known = default_texts().kinds
    FittingReplies.load(known)
    folder = Path(shutil.copytree(SETS, tmp_path / "sets"))
    path = folder / "smalltalk_replies.yml"
    whole = path.read_text(encoding="utf-8")
    for old, new, problem in (
        ("[utter_greet]", "[utter_gret]", "utter_gret"),
        ('"hi bot"', '"hi robot"', "hi robot"),
        ("greet:\n", "greeting:\n", "kind `greet`"),
    ):
        path.write_text(whole.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(ContentError, match=problem):
            FittingReplies.load(known, folder)


def test_rates_are_counted_by_group_and_label() -> None:
    outcomes = [judged(NEAR_MISS, reply) for reply in (REFUSAL, ANSWER, "")]
    assert [(rate.name, rate.hits, rate.total) for rate in rates(outcomes)] == [
        ("near_miss", 1, 3),
        ("near_miss / dose", 1, 3),
    ]


def test_in_scope_replies_add_up_and_an_offer_is_neither_answer_nor_refusal() -> None:
    short = Question("q", "in_scope", "plain", "f", ("gut",))
    outcomes = [judged(IN_SCOPE, reply) for reply in (ANSWER, OFFER, REFUSAL, EMERGENCY, FAILURE)]
    outcomes.append(judged(short, ANSWER))
    counts = {rate.name: rate.hits for rate in in_scope_replies(outcomes)}
    assert counts == dict.fromkeys(counts, 1)
    assert sum(counts.values()) == len(outcomes)


def test_words_are_those_of_in_scope_answers_only() -> None:
    long_near_miss = judged(NEAR_MISS, ANSWER.replace(PASSAGE, "word " * 50))
    assert mean_words([judged(IN_SCOPE, ANSWER), judged(IN_SCOPE, REFUSAL), long_near_miss]) == 5
    assert mean_words([]) == 0


def test_wilson_interval_of_known_shares() -> None:
    low, high = wilson(8, 10)
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)
    assert wilson(0, 5)[0] == 0.0
    assert wilson(5, 5)[1] == 1.0
    with pytest.raises(ValueError, match="nothing"):
        wilson(0, 0)


@pytest.mark.parametrize(
    ("rate", "reached"),
    [
        (Rate("r", 19, 20, 0.95), True),
        (Rate("r", 18, 20, 0.95), False),
        (Rate("r", 1, 100, 0.03, at_most=True), True),
        (Rate("r", 4, 100, 0.03, at_most=True), False),
        (Rate("r", 0, 0, 0.95), False),
    ],
)
def test_goal_is_reached_by_the_share(rate: Rate, reached: bool) -> None:
    assert rate.reached is reached


def test_goals_take_each_figure_from_its_own_questions() -> None:
    talk = ask_dialogues(ScriptedAsker(ANSWER), [Dialogue((Turn("a", ("f",), (("b12",),)), Turn("b", ("refuse",))))])
    outcomes = [judged(IN_SCOPE, ANSWER), judged(IN_SCOPE, REFUSAL), judged(IN_SCOPE, OFFER), judged(NEAR_MISS, OFFER)]
    found = goal_rates([*outcomes, *talk], Recall((1, 0, 4)), check_messages(outcomes, [PASSAGE]))
    assert {rate.name: (rate.hits, rate.total) for rate in found} == {
        "in-scope questions answered with all their facts": (1, 3),
        "the right passage among the first 3 hits (core)": (1, 3),
        "near misses refused": (0, 1),
        "other unanswerable questions refused": (0, 0),
        "in-scope questions refused": (1, 3),
        "follow-up turns answered right": (0, 1),
        "small talk and meta questions handled right": (0, 0),
        "disclaimer and source as they must be": (4, 4),
    }


@pytest.mark.parametrize(
    "reply",
    [
        ANSWER.replace(DISCLAIMER, ""),
        REFUSAL.replace(DISCLAIMER, ""),
        EMERGENCY.replace(DISCLAIMER, ""),
        FAILURE.replace(DISCLAIMER, ""),
        ANSWER.replace(PASSAGE, f"{PASSAGE} Another passage."),  # two passages, one source
        ANSWER.replace(PASSAGE, "Low B12 might harm nerves."),  # not the words of the article
        ANSWER.replace(DISCLAIMER, f"Another passage.\n{DISCLAIMER}"),  # a passage without a source
        f"{GREETING}\nSource: A – http://127.0.0.1/a\n{DISCLAIMER}",  # a source on something else
        f"{PASSAGE}\n{DISCLAIMER}",
    ],
)
def test_message_without_what_it_must_carry_is_counted(reply: str) -> None:
    (check,) = check_messages([judged(IN_SCOPE, reply)], [PASSAGE, "Another passage."])
    assert (check.total, check.proper) == (1, 0)


def test_proper_messages_of_all_kinds_pass() -> None:
    replies = (ANSWER, REFUSAL, OFFER, EMERGENCY, FAILURE, GREETING)
    checks = check_messages([judged(IN_SCOPE, reply) for reply in replies], [PASSAGE])
    assert {check.kind: (check.proper, check.total) for check in checks} == {
        read_reply([reply], default_texts()).kind: (1, 1) for reply in replies
    }


def test_recall_ranks_the_first_right_passage(tmp_path: Path) -> None:
    assistant = make_assistant(make_project(tmp_path))
    shown = assistant.examine("how is a b12 deficiency diagnosed").hits
    questions = [
        Question("how is a b12 deficiency diagnosed", "in_scope", "plain", "first", ("x",)),
        Question("how is a b12 deficiency diagnosed", "in_scope", "plain", "second", ("x",)),
        Question("how is a b12 deficiency diagnosed", "in_scope", "plain", "nowhere", ("x",)),
        NEAR_MISS,
    ]
    right = {"first": [shown[0].passage.id], "second": [shown[1].passage.id, "other"]}
    recall = measure_recall(assistant, questions, right)
    assert recall.ranks == (1, 2, 0)
    assert (recall.found(1), recall.found(3), recall.mrr) == (1, 2, 0.5)


def test_right_passages_of_other_articles_follow_from_the_patterns(tmp_path: Path) -> None:
    assistant = make_assistant(make_project(tmp_path))
    passages = [hit.passage for hit in assistant.examine("which foods contain b12").hits]
    found = right_passages_by_key({"foods": ("meat", "dairy"), "none": ("zzz",)}, passages)
    assert [identifier.split("#")[1] for identifier in found["foods"]] == ["which-foods-contain-vitamin-b12-1"]
    assert found["none"] == []


def test_every_smalltalk_kind_is_asked_in_both_halves() -> None:
    found = {(q.kind, q.part) for q in load_questions() if q.group == "smalltalk"}
    assert len(found) == 2 * len({kind for kind, _ in found}) == 34
