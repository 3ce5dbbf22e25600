from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from healthqa import cli
from healthqa.answer import DISCLAIMER
from healthqa.encoder import OnnxEncoder
from tests.unit.small_project import encoder, make_project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a project")
    make_project(folder)
    return folder


@pytest.fixture(autouse=True)
def environment(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("HEALTHQA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HEALTHQA_ARTICLES", str(project / "articles"))
    monkeypatch.setenv("HEALTHQA_LEXICON", str(project / "lexicon"))
    monkeypatch.setenv("HEALTHQA_INDEX", str(project / "index"))
    monkeypatch.setattr(OnnxEncoder, "load", lambda folder, threads=1: encoder())
    yield


def test_ask_prints_answer_source_and_disclaimer(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ask", "can", "low", "b12", "cause", "muscle", "twitching?"]) == 0
    output = capsys.readouterr().out
    assert output.startswith("Yes, low vitamin B12 can cause muscle twitching.")
    assert "Source: Twitching and low B12 › Can low B12 cause muscle twitching?" in output
    assert DISCLAIMER in output


def test_ask_explains_why_it_answered(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ask", "--explain", "can low b12 cause muscle twitching during concerts"]) == 0
    output = capsys.readouterr().out
    assert "terms that no passage covers: concerts" in output
    assert "dense" in output
    assert "twitching#can-low-b12-cause-muscle-twitching-1" in output


def test_ask_explains_why_it_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ask", "--explain", "how much b12 should I take?"]) == 0
    output = capsys.readouterr().out
    assert "refuse: near miss: dose" in output
    assert "Source: " not in output


def test_ask_takes_a_question_for_a_follow_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ask", "--json", "--explain", "why?"]) == 0
    alone = json.loads(capsys.readouterr().out)
    assert cli.main(["ask", "--json", "--explain", "why?", "--after", "can low b12 cause muscle twitching"]) == 0
    after = json.loads(capsys.readouterr().out)
    assert alone["explain"]["question"] == "why?"
    assert after["explain"]["question"] == "why can low b12 cause muscle twitching"


def test_ask_prints_the_answer_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ask", "--json", "--explain", "can low b12 cause muscle twitching"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["kind"] == "answer"
    assert data["text"].endswith(DISCLAIMER)
    assert data["explain"]["hits"][0]["parts"]["dense"] > 0


def test_ask_prints_markup_like_words_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ask", "--explain", "[bold red]b12[/bold red] [/] twitching"]) == 0
    assert "stand-alone question: [bold red]b12[/bold red] [/] twitching" in capsys.readouterr().out


def test_search_prints_scores_and_passages(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["search", "-k", "2", "--json", "which foods contain b12"]) == 0
    hits = json.loads(capsys.readouterr().out)
    assert len(hits) == 2
    assert "meat, fish, eggs" in hits[0]["text"]


def test_index_says_what_it_did(capsys: pytest.CaptureFixture[str], project: Path, tmp_path: Path) -> None:
    assert cli.main(["index", "--articles", str(project / "articles"), "--index", str(tmp_path / "new")]) == 0
    assert "Indexed 1 articles" in capsys.readouterr().out
    assert cli.main(["index", "--articles", str(project / "articles"), "--index", str(tmp_path / "new")]) == 0
    assert "Nothing has changed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["index", "--articles", "no/such/folder"], "no/such/folder"),
        (["search", "--index", "no/such/index", "b12"], "make index"),
        (["ask", "--index", "no/such/index", "b12"], "make index"),
        (["search", "-k", "0", "b12"], "-k"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_code_2(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(argv) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("healthqa: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err
    assert "Traceback" not in captured.err


def test_broken_article_names_the_file(tmp_path: Path, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.md").write_text("---\nslug: x\n---\n\n## A\n\nText.\n", encoding="utf-8")
    assert cli.main(["index", "--articles", str(tmp_path), "--index", str(tmp_path / "index")]) == 2
    assert "bad.md" in capsys.readouterr().err


def test_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("HEALTHQA_THRESHOLD", "high")
    assert cli.main(["ask", "b12"]) == 2
    assert "HEALTHQA_THRESHOLD" in capsys.readouterr().err


def test_serve_needs_a_clone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEALTHQA_ROOT", str(tmp_path))
    assert cli.main(["serve"]) == 2
    assert "scripts/serve.py" in capsys.readouterr().err


def test_serve_hands_over_to_the_script(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda path, argv: calls.append(argv))
    monkeypatch.setattr(os, "chdir", lambda path: None)
    with pytest.raises(TypeError):  # a real execv does not come back
        cli.main(["serve"])
    assert calls[0][1:] == ["-m", "scripts.serve"]


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    output = capsys.readouterr().out
    assert all(name in output for name in ("export-encoder", "index", "search", "ask", "serve"))


def test_answering_works_where_torch_is_not_installed() -> None:
    import subprocess
    import sys

    code = "import sys; sys.modules['torch'] = None; import healthqa.cli, healthqa.assistant"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).resolve().parents[2])
