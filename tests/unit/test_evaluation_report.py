"""The whole run on a small project: tables, misses, the dated result, the log of looks at the test half."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluation import report, run
from evaluation.dialogues import Dialogue, Turn
from evaluation.questions import Question
from healthqa.encoder import OnnxEncoder
from tests.unit.small_project import encoder, make_project

FOODS = "which foods contain vitamin b12"
SECRET = "what does zzz mean for the quux"
QUESTIONS = (
    Question(FOODS, "in_scope", "plain", "foods", ("meat", "dairy")),
    Question("how is a b12 deficiency diagnosed", "in_scope", "lower", "test", ("x-ray",)),
    Question("how much b12 should i take", "near_miss", "dose"),
    Question(SECRET, "in_scope", "slang", "none", ("gibberish",)),
    Question("hello", "smalltalk", "greet"),
)
DIALOGUES = (Dialogue((Turn(FOODS, ("foods",), (("meat",),)), Turn("how much should i take", ("refuse",)))),)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a project")
    make_project(folder)
    return folder


@pytest.fixture(autouse=True)
def environment(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("HEALTHQA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HEALTHQA_ARTICLES", str(project / "articles"))
    monkeypatch.setenv("HEALTHQA_LEXICON", str(project / "lexicon"))
    monkeypatch.setenv("HEALTHQA_INDEX", str(project / "index"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(OnnxEncoder, "load", lambda folder, threads=1: encoder())
    monkeypatch.setattr(Question, "part", "dev")
    monkeypatch.setattr(Dialogue, "part", "dev")
    monkeypatch.setattr(run, "load_questions", lambda: QUESTIONS)
    monkeypatch.setattr(run, "load_dialogues", lambda: DIALOGUES)
    monkeypatch.setattr(run, "load_facts", lambda: {"foods": ("meat", "dairy"), "test": ("blood",), "none": ("zz",)})
    monkeypatch.setattr(run, "save_report", lambda made: report.save_report(made, tmp_path / "results"))
    monkeypatch.setattr(run, "RESULTS", tmp_path / "results")
    yield


def test_tables_name_every_group_goal_and_note(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main([]) == 0
    output = capsys.readouterr().out
    assert "dev half, asked: core" in output
    for words in ("in_scope", "slang", "near_miss", "dose", "follow-up", "recall@3", "MRR@10", "did you mean"):
        assert words in output
    assert "right passages from the facts' patterns: these are other articles" in output
    rows = {line.split("│")[1].strip(): line for line in output.splitlines() if line.startswith("│")}
    assert "33.3%" in rows["in-scope questions answered with all their facts"]
    assert "not reached" in rows["in-scope questions answered with all their facts"]
    assert "66.7%" in rows["the right passage among the first 3 hits (core)"]
    assert "not measured" in rows["small talk and meta questions handled right"]
    assert "reached" in rows["disclaimer and source as they must be"]
    assert "Note: the core alone knows no small talk" in output


def test_misses_come_with_their_hits_and_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    run.main(["--misses", "--no-dialogues"])
    output = capsys.readouterr().out
    misses = output[output.index("\n[in_scope / lower / test] how is a b12 deficiency diagnosed") :]
    assert "got: answer" in misses
    assert "  | A B12 deficiency is diagnosed with a blood test." in misses
    assert "evidence " in misses
    assert "twitching#how-is-a-b12-deficiency-diagnosed-1 (dense " in misses
    assert f"] {FOODS}" not in output


def test_result_holds_figures_and_what_was_measured_but_no_question(tmp_path: Path) -> None:
    run.main(["--save"])
    (path,) = (tmp_path / "results").glob("*-dev-core.json")
    text = path.read_text(encoding="utf-8")
    data = json.loads(text)
    assert data["recall"] == {
        "keys": "the facts' patterns: these are other articles",
        "total": 3,
        "recall@1": 2,
        "recall@3": 2,
        "mrr@10": 0.6667,
    }
    assert data["part"] == "dev"
    assert len(data["content"]) >= 40
    assert data["commit"]
    assert len(data["load_average"]) == 3
    goals = {goal["name"]: goal for goal in data["goals"]}
    assert goals["near misses refused"]["hits"] == 1
    assert goals["near misses refused"]["reached"] is True
    assert goals["near misses refused"]["interval"][1] == 1.0
    assert SECRET not in text


def test_look_at_the_test_half_is_checked_against_the_lock_and_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[bool] = []
    monkeypatch.setattr(run, "check_lock", lambda: checked.append(True))
    run.main(["--part", "test"])
    run.main([])
    assert checked == [True]
    assert (tmp_path / "results" / "test_scorings.txt").read_text(encoding="utf-8").split()[1:] == ["core"]


def test_commit_is_that_of_the_clone_and_unknown_outside_one(tmp_path: Path) -> None:
    commit = report.git_commit()
    assert commit == "unknown" or len(commit.removesuffix("+changes")) == 40
    assert report.git_commit(tmp_path) == "unknown"
