"""The question sets: their size, their split, their lock, and their distance from the training texts."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from evaluation import lock
from evaluation.dialogues import load_dialogues
from evaluation.leakage import asked_questions, find_leaks, find_learned, training_texts
from evaluation.questions import SETS, load_facts, load_questions, part_of
from healthqa.errors import ContentError
from healthqa.settings import Settings
from tests.fakes import FakeEncoder

ROOT = Path(__file__).resolve().parents[2]
LEXICON = ROOT / "knowledge" / "lexicon"


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SETS, tmp_path / "sets"))


def plain(text: str) -> str:
    return " ".join("".join(char if char.isalnum() else " " for char in text.casefold()).split()) or text


def test_sets_are_large_enough_in_both_halves() -> None:
    questions = load_questions()
    for group, least in (("in_scope", 400), ("near_miss", 250), ("unanswerable", 100), ("smalltalk", 250)):
        parts = [question.part for question in questions if question.group == group and not question.dev_only]
        assert len(parts) >= least, group
        assert 0.4 < parts.count("dev") / len(parts) < 0.6, group
    dialogues = load_dialogues()
    assert len(dialogues) >= 100
    assert all(3 <= len(dialogue.turns) <= 6 for dialogue in dialogues)


def test_no_question_stands_twice() -> None:
    counts = Counter(plain(question.text) for question in load_questions())
    assert [text for text, count in counts.items() if count > 1] == []


def test_question_that_differs_in_case_only_counts_once(sets: Path) -> None:
    (sets / "in_scope_9.yml").write_text("- fact: myelin-what\n  ask: {slang: what is MYELIN}\n", encoding="utf-8")
    assert len(load_questions(sets)) == len(load_questions())


def test_file_for_development_leaves_the_test_half_alone(sets: Path) -> None:
    kinds = ("greet", "off_topic", "plain")
    texts = {kind: [f"{kind} question number {number}" for number in range(6)] for kind in kinds}
    (sets / "smalltalk_9.dev.yml").write_text(f"greet: {texts['greet']}\n", encoding="utf-8")
    (sets / "unanswerable_9.dev.yml").write_text(f"off_topic: {texts['off_topic']}\n", encoding="utf-8")
    in_scope = f"- fact: myelin-what\n  ask: {{plain: {texts['plain']}}}\n"
    (sets / "in_scope_9.dev.yml").write_text(in_scope, encoding="utf-8")
    dialogues = "".join(f'- [["{n} hi", smalltalk], ["thx", smalltalk], ["ok", smalltalk]]\n' for n in range(8))
    (sets / "dialogues_9.dev.yml").write_text(dialogues, encoding="utf-8")
    new = [question for question in load_questions(sets) if question.dev_only]
    assert len(new) == 18 and {part_of(question.text) for question in new} == {"dev", "test"}
    assert {question.part for question in new} == {"dev"}
    assert {dialogue.part for dialogue in load_dialogues(sets) if dialogue.dev_only} == {"dev"}
    lock.check_lock(sets)


def test_near_misses_come_in_fifteen_kinds_and_fifty_pairs() -> None:
    near_misses = [question for question in load_questions() if question.group == "near_miss"]
    kinds = Counter(question.kind for question in near_misses)
    assert kinds.pop("pair") == 50
    assert len(kinds) == 15
    assert min(kinds.values()) >= 15


def test_in_scope_questions_come_in_twelve_registers() -> None:
    kinds = Counter(question.kind for question in load_questions() if question.group == "in_scope")
    registers = "plain keyword lower typos esl story yesno claim negation uk formal slang"
    assert set(kinds) == {*registers.split(), "pair"}
    assert min(kinds.values()) >= 30


def test_part_depends_on_the_words_only() -> None:
    assert part_of("a question") == part_of("a question")
    assert {part_of(str(number)) for number in range(20)} == {"dev", "test"}


def test_locked_test_part_is_unchanged() -> None:
    lock.check_lock()


def test_changed_test_question_breaks_the_lock(sets: Path) -> None:
    victim = next(q.text for q in load_questions() if q.part == "test" and q.kind == "other_health")
    for path in sets.glob("unanswerable*.yml"):
        path.write_text(path.read_text(encoding="utf-8").replace(victim, f"{victim} really"), encoding="utf-8")
    with pytest.raises(ContentError, match="locked"):
        lock.check_lock(sets)


def test_changed_key_of_a_test_question_breaks_the_lock(sets: Path) -> None:
    path = sets / "in_scope_1.yml"
    path.write_text(path.read_text(encoding="utf-8").replace('need: ["tongue"]', 'need: ["t"]'), encoding="utf-8")
    with pytest.raises(ContentError, match="locked"):
        lock.check_lock(sets)


def test_dialogue_with_an_unknown_fact_is_an_error(sets: Path) -> None:
    (sets / "dialogues.yml").write_text('- [["why?", [link-twitch, no-such-fact]]]\n', encoding="utf-8")
    with pytest.raises(ContentError, match=r"dialogues.yml, turn `why\?`.*no-such-fact"):
        load_dialogues(sets)


def test_turn_may_expect_any_of_several_facts(sets: Path) -> None:
    (sets / "dialogues.yml").write_text('- [["why?", [link-twitch, link-cramps]]]\n', encoding="utf-8")
    turn = load_dialogues(sets)[0].turns[0]
    assert turn.expect == ("link-twitch", "link-cramps")
    assert turn.needs == (load_facts()["link-twitch"], load_facts()["link-cramps"])


def test_fact_of_one_part_may_be_asked_for_in_another(sets: Path) -> None:
    (sets / "in_scope_9.yml").write_text("- fact: myelin-what\n  ask: {plain: Tell me of myelin}\n", encoding="utf-8")
    added = [question for question in load_questions(sets) if question.text == "Tell me of myelin"]
    assert [question.need for question in added] == [load_facts()["myelin-what"]]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("- fact: new\n  ask: {plain: q}\n", "fact `new`: The fact has no patterns"),
        ("- fact: myelin-what\n  need: [other]\n  ask: {plain: q}\n", "other patterns in another place"),
        ("- fact: [\n", "line 2: The file is not valid YAML"),
    ],
)
def test_broken_set_is_named_with_its_place(sets: Path, entry: str, problem: str) -> None:
    (sets / "in_scope_9.yml").write_text(entry, encoding="utf-8")
    with pytest.raises(ContentError, match="in_scope_9.yml") as error:
        load_questions(sets)
    assert problem in str(error.value)


def test_leak_is_found_whatever_surrounds_it() -> None:
    leaks = find_leaks(["sore tongue b12", "tell me a story"], ["other words", "sore tongue b12"], FakeEncoder())
    assert [(leak.question, leak.training) for leak in leaks] == [("sore tongue b12", "sore tongue b12")]


def test_training_texts_hold_examples_questions_and_follow_ups(tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("nlu_dir", "questions_dir", "follow_ups_dir", "lexicon_dir")}
    for folder in folders.values():
        folder.mkdir()
    (folders["nlu_dir"] / "nlu.yml").write_text('nlu:\n- {intent: greet, examples: "- hello\\n- hi"}\n')
    (folders["questions_dir"] / "a.yml").write_text("passages: {a#b-1: [is it linked]}\n")
    examples = "examples: {dose: {response: utter_refuse_dose, texts: [how much of it]}}\n"
    (folders["lexicon_dir"] / "near_misses.yml").write_text(f"rules: []\n{examples}")
    (folders["follow_ups_dir"] / "b.yml").write_text("follow_ups: [{after: is it, ask: why, answers: []}]\n")
    wanted = ("hello", "hi", "is it linked", "how much of it", "is it", "why")
    assert training_texts(Settings.from_env({}, **folders)) == wanted


def test_asked_questions_are_the_test_halfs_without_small_talk() -> None:
    openings = {one.turns[0].text for one in load_dialogues() if one.part == "test"}
    single = {one.text for one in load_questions() if one.part == "test" and one.group != "smalltalk"}
    assert set(asked_questions()) == openings | single
    assert len(openings) >= 50
    assert not any(one.text in single for one in load_questions() if one.group == "smalltalk")


def test_training_text_near_a_test_question_is_found(tmp_path: Path) -> None:
    asked = asked_questions()[0]
    (tmp_path / "nlu.yml").write_text(f"nlu:\n- {{intent: greet, examples: {json.dumps('- ' + asked)}}}\n")
    settings = Settings.from_env({}, nlu_dir=tmp_path, lexicon_dir=LEXICON, questions_dir=None, follow_ups_dir=None)
    found = find_learned(settings, FakeEncoder())
    assert asked in [leak.training for leak in found]
