"""The measuring itself: split, judging, intervals, leaks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from evaluation.askers import Reply
from evaluation.leakage import find_leaks, training_texts
from evaluation.questions import SETS, Question, check_lock, load_dialogues, load_questions, part_of
from evaluation.scoring import ask_questions, rates, reply_kind, shown_text, wilson
from healthqa.answer import DISCLAIMER, NOT_REVIEWED
from healthqa.errors import ContentError
from tests.fakes import FakeEncoder

ROOT = Path(__file__).resolve().parents[2]
ANSWER = f"Low B12 can harm nerves.\nSource: A › B – http://127.0.0.1/a#b\nNo clinician has reviewed it.\n{DISCLAIMER}"
REFUSAL = f"The articles do not say.\n{DISCLAIMER}"


class ScriptedAsker:
    """Gives the same reply to everything."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply

    def start(self) -> None:
        pass

    def ask(self, text: str) -> Reply:
        return self.reply


def test_sets_cover_both_parts_and_no_question_stands_twice() -> None:
    questions = load_questions()
    texts = [question.text for question in questions]
    assert len(texts) == len(set(texts))
    for group, least in (("in_scope", 300), ("near_miss", 150), ("unanswerable", 75)):
        parts = [question.part for question in questions if question.group == group]
        assert len(parts) >= least
        assert 0.4 < parts.count("dev") / len(parts) < 0.6, group
    assert len(load_dialogues()) == 50
    assert all(3 <= len(dialogue.turns) <= 6 for dialogue in load_dialogues())


def test_part_depends_on_the_words_only() -> None:
    assert part_of("a question") == part_of("a question")
    assert {part_of(str(number)) for number in range(20)} == {"dev", "test"}


def test_locked_test_part_is_unchanged() -> None:
    check_lock()


def test_changed_test_question_breaks_the_lock(tmp_path: Path) -> None:
    folder = shutil.copytree(SETS, tmp_path / "sets")
    victim = next(q.text for q in load_questions() if q.part == "test" and q.kind == "other_health")
    path = folder / "unanswerable.yml"
    path.write_text(path.read_text(encoding="utf-8").replace(victim, f"{victim} really"), encoding="utf-8")
    with pytest.raises(ContentError, match="locked"):
        check_lock(folder)


def test_dialogue_with_an_unknown_fact_is_an_error(tmp_path: Path) -> None:
    folder = shutil.copytree(SETS, tmp_path / "sets")
    (folder / "dialogues.yml").write_text('- [["why?", no-such-fact]]\n', encoding="utf-8")
    with pytest.raises(ContentError, match="no-such-fact"):
        load_dialogues(folder)


@pytest.mark.parametrize(
    ("reply", "kind", "shown"),
    [
        (Reply(ANSWER, 1), "answer", "Low B12 can harm nerves."),
        (Reply(REFUSAL, 1), "other", ""),
        (Reply("", 0), "none", ""),
    ],
)
def test_reply_is_judged_by_what_the_reader_sees(reply: Reply, kind: str, shown: str) -> None:
    assert (reply_kind(reply), shown_text(reply.text)) == (kind, shown)


def test_notice_and_review_line_are_no_part_of_what_is_shown() -> None:
    notice = yaml.safe_load((ROOT / "data" / "responses.yml").read_text(encoding="utf-8"))["responses"]["utter_notice"]
    passage, source, review, *_ = ANSWER.split("\n")
    reply = "\n".join([notice[0]["text"].strip(), passage, source, NOT_REVIEWED, "Second.", source, DISCLAIMER])
    assert shown_text(reply) == f"{passage}\nSecond."


def test_facts_must_stand_in_the_passage_not_in_its_source() -> None:
    question = Question("q", "in_scope", "plain", "f", ("nerves",))
    right = ask_questions(ScriptedAsker(Reply(ANSWER, 1)), [question])[0]
    missing = ask_questions(ScriptedAsker(Reply(ANSWER, 1)), [Question("q", "in_scope", "plain", "f", ("127",))])[0]
    assert (right.right, missing.right, right.words) == (True, False, 5)


def test_refusal_is_right_only_where_one_is_due_and_silence_never() -> None:
    near_miss = Question("q", "near_miss", "dose")
    replies = [Reply(REFUSAL, 1), Reply(ANSWER, 1), Reply("", 0)]
    outcomes = [ask_questions(ScriptedAsker(reply), [near_miss])[0] for reply in replies]
    assert [outcome.right for outcome in outcomes] == [True, False, False]
    assert [(rate.hits, rate.total) for rate in rates(outcomes)] == [(1, 3), (1, 3)]


def test_wilson_interval_of_known_shares() -> None:
    low, high = wilson(8, 10)
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)
    assert wilson(0, 5)[0] == 0.0 and wilson(5, 5)[1] == 1.0
    with pytest.raises(ValueError, match="nothing"):
        wilson(0, 0)


def test_leak_is_found_whatever_surrounds_it() -> None:
    leaks = find_leaks(["sore tongue b12", "tell me a story"], ["other words", "sore tongue b12"], FakeEncoder())
    assert [(leak.question, leak.training) for leak in leaks] == [("sore tongue b12", "sore tongue b12")]


def test_training_texts_hold_examples_and_anticipated_questions() -> None:
    root = Path(__file__).resolve().parents[2]
    with_questions = training_texts(root, root / "knowledge" / "questions")
    assert len(with_questions) > len(training_texts(root, None)) > 1000
