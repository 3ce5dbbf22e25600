"""`healthqa ask --explain`: the reasons, in words and colours."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from healthqa.assistant import Assistant
from healthqa.cli_explain import examination_to_json, print_explanation
from healthqa.evidence import Evidence
from healthqa.examiner import Examination
from healthqa.near_misses import NearMiss
from healthqa.types import Hit, RedFlag
from tests.unit.small_project import make_assistant, make_project

GREEN, YELLOW, RED = "\x1b[32m", "\x1b[33m", "\x1b[31m"


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    return make_assistant(make_project(tmp_path_factory.mktemp("project")))


def explained(assistant: Assistant, examination: Examination, *, colours: bool = False) -> str:
    console = Console(
        file=io.StringIO(), force_terminal=colours, color_system="standard" if colours else None, width=90
    )
    print_explanation(console, assistant.conclude(examination), examination, 0.5)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def evidence(probability: float, decision: str, *uncovered: str) -> Evidence:
    features = {"bias": 1.0, "dense": 0.8, "beside": 0.6, "drift": 0.0}
    return Evidence(probability, uncovered, "what", decision, features)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def hits(assistant: Assistant) -> tuple[Hit, ...]:
    return assistant.examine("how is a b12 deficiency diagnosed").hits


def test_answer_shows_what_was_shown_and_what_the_scores_are_made_of(
    assistant: Assistant, hits: tuple[Hit, ...]
) -> None:
    output = explained(assistant, Examination("q", hits=hits, evidence=evidence(0.9, "answer")))
    assert "answered – answer: " in output
    assert "evidence 0.90, from 0.50 on a passage is shown: it speaks for an answer" in output
    assert "terms that no passage covers: none" in output
    assert f"1. {hits[0].score:.3f}  {hits[0].passage.id}  (shown)" in output
    assert f"{hits[-1].passage.id}\n" in output
    dense = hits[0].parts["dense"]
    assert f"dense {dense:.2f} → {0.77 * dense:.2f}" in output


def test_evidence_is_taken_apart_with_its_signs(assistant: Assistant, hits: tuple[Hit, ...]) -> None:
    output = explained(assistant, Examination("q", hits=hits, evidence=evidence(0.9, "answer")), colours=True)
    rows = {line.split()[1]: line for line in output.splitlines() if "│" in line}
    assert GREEN in rows["dense"]
    assert RED in rows["beside"]
    assert "drift" not in rows  # it weighed nothing


@pytest.mark.parametrize(
    ("found", "verdict", "sentence", "colour"),
    [
        (evidence(0.9, "answer"), "answered", "it speaks for an answer", GREEN),
        (evidence(0.4, "clarify", "gout"), "offered other questions", "middling, good for an offer only", YELLOW),
        (evidence(0.9, "clarify"), "offered other questions", "a question that is refused lies nearer", YELLOW),
        (evidence(0.1, "refuse", "gout"), "refused", "too little", RED),
    ],
)
def test_each_decision_has_its_sentence_and_colour(
    assistant: Assistant, hits: tuple[Hit, ...], found: Evidence, verdict: str, sentence: str, colour: str
) -> None:
    output = explained(assistant, Examination("q", hits=hits, evidence=found), colours=True)
    assert f"{verdict} – " in output
    (line,) = [line for line in output.splitlines() if sentence in line]
    assert line.startswith(colour)
    missing = next(line for line in output.splitlines() if "terms that no passage covers" in line)
    assert missing.startswith(YELLOW if found.uncovered_terms else GREEN)


@pytest.mark.parametrize(
    ("near_miss", "probability", "sentence"),
    [
        (NearMiss("dose", "utter_refuse_dose", "how much", strong=True), 0.0, "a rule, so nothing was searched"),
        (NearMiss("dose", "utter_refuse_dose", "nearest example", strong=False), 0.6, "would have overruled it"),
        (NearMiss("dose", "utter_refuse_dose", "nearest example", strong=False), 0.95, "strong enough to answer"),
    ],
)
def test_kind_of_refused_question_says_whether_it_decided(
    assistant: Assistant, hits: tuple[Hit, ...], near_miss: NearMiss, probability: float, sentence: str
) -> None:
    examination = Examination("q", near_miss=near_miss)
    if not near_miss.strong:
        examination = replace(examination, hits=hits, evidence=evidence(probability, "answer"))
    output = explained(assistant, examination)
    assert f"kind of question that is refused: dose ({near_miss.evidence})" in output
    assert sentence in output


def test_alarm_names_what_raised_it(assistant: Assistant) -> None:
    flag = RedFlag("emergency", "stroke", "face has dropped")
    output = explained(assistant, Examination("q", red_flag=flag))
    assert "raised the alarm – emergency" in output
    assert "red flag: stroke, because of “face has dropped”; nothing was searched" in output


def test_readers_words_are_printed_as_they_are_and_ids_are_not_cut(assistant: Assistant, hits: tuple[Hit, ...]) -> None:
    long = replace(hits[0], passage=replace(hits[0].passage, id="a#" + "very-long-" * 20))
    output = explained(assistant, Examination("[bold]x[/] [/]", hits=(long,), evidence=evidence(0.1, "refuse", "[b]")))
    assert "stand-alone question: [bold]x[/] [/]" in output
    assert "terms that no passage covers: [b]" in output
    assert long.passage.id in output


def test_json_holds_every_reason(assistant: Assistant, hits: tuple[Hit, ...], tmp_path: Path) -> None:
    near_miss = NearMiss("dose", "utter_refuse_dose", "how much", strong=False)
    found = Examination("q", near_miss=near_miss, hits=hits, evidence=evidence(0.4, "clarify", "gout"))
    data = examination_to_json(assistant.conclude(found), found)
    assert data["near_miss"] == {"type": "dose", "evidence": "how much", "strong": False}
    assert data["evidence"]["decision"] == "clarify"
    assert data["evidence"]["uncovered_terms"] == ["gout"]
    assert data["hits"][0]["id"] == hits[0].passage.id
    flagged = Examination("q", red_flag=RedFlag("crisis", "despair", "words"))
    assert examination_to_json(assistant.conclude(flagged), flagged)["red_flag"]["category"] == "despair"
