"""A publisher's own articles: questions from a file, what is reached, and how the command behaves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluation.own_articles import Asked, Coverage, Section, cover, own_questions
from evaluation.question_files import load_question_file
from healthqa import cli
from healthqa.answer import compose_answer, compose_fixed
from healthqa.encoder import OnnxEncoder
from healthqa.errors import ContentError
from healthqa.types import Hit, Passage, PassageKind
from tests.unit.small_project import encoder, make_project


def passage(number: int, section: str, text: str, kind: PassageKind = "text", question: str = "") -> Passage:
    slug = section.lower().strip("?").replace(" ", "-")
    return Passage(f"a#{slug}-{number}", "a", slug, kind, text, (text,), "Article", section, "", question)


def answered(question: str, *shown: Passage, home: Section | None = None) -> Asked:
    hits = [Hit(found, 0.9) for found in shown]
    return Asked(question, compose_answer(hits), hits[0], home)


def refused(question: str, home: Section | None = None) -> Asked:
    return Asked(question, compose_fixed("refuse", "No."), None, home)


CAUSES = passage(1, "What causes it?", "Too little of it causes it.")
MORE = passage(2, "What causes it?", "Strain can cause it as well.")
TESTS = passage(1, "Tests", "A blood test shows it.")


def ids(coverage: Coverage) -> list[str]:
    return [found.id for found in coverage.idle]


def test_section_is_reached_when_one_of_its_passages_is_shown() -> None:
    coverage = cover([answered("why?", CAUSES)], [CAUSES, MORE, TESTS], 90)
    assert [section.title for section in coverage.unreached] == ["Tests"]
    assert ids(coverage) == [MORE.id]  # those of unreached sections are not named twice
    assert not coverage.complete


def test_nothing_to_mend_when_everything_is_shown() -> None:
    coverage = cover([answered("why?", CAUSES, MORE), answered("how?", TESTS)], [CAUSES, MORE, TESTS], 90)
    assert coverage.complete
    assert not cover([*coverage.asked, refused("cost?")], [CAUSES, MORE, TESTS], 90).complete


def test_question_without_a_passage_is_unanswered() -> None:
    coverage = cover([answered("why?", CAUSES), refused("cost?")], [CAUSES], 90)
    assert [one.question for one in coverage.unanswered] == ["cost?"]


def test_items_count_with_their_list_and_rows_with_their_table() -> None:
    whole = passage(1, "Signs", "Signs are:\n- Numb feet.\n- A sore tongue.", "list")
    items = [passage(2, "Signs", "Signs are:\n- Numb feet.", "list"), passage(3, "Signs", "A sore tongue.", "list")]
    table = passage(1, "Table", "Stress – Place: eye\nCoffee – Place: any", "table")
    rows = [passage(2, "Table", "Stress – Place: eye", "row"), passage(3, "Table", "Coffee – Place: any", "row")]
    passages = [whole, *items, table, *rows]
    assert ids(cover([answered("signs?", whole), answered("table?", table)], passages, 90)) == []
    assert ids(cover([answered("signs?", whole), answered("stress?", rows[0])], passages, 90)) == [rows[1].id]


def test_long_passage_that_is_shown_in_part_counts_as_shown() -> None:
    cut = Passage(**{**CAUSES.__dict__, "text": "Too little"})
    assert ids(cover([answered("why?", cut)], [CAUSES], 90)) == []


def test_own_questions_are_headings_that_ask_and_the_faq() -> None:
    faq = passage(1, "Frequent questions", "No.", "faq", "Is it contagious?")
    found = own_questions([CAUSES, MORE, TESTS, faq])
    assert [question for question, _ in found] == ["What causes it?", "Is it contagious?"]
    assert found[0][1] == Section("a", "what-causes-it", "What causes it?")


def test_heading_that_another_section_answers_is_named_and_idle_passages_are_no_fault_of_headings() -> None:
    home = Section("a", "what-causes-it", "What causes it?")
    wrong = cover([answered("What causes it?", TESTS, home=home)], [CAUSES, TESTS], 90)
    assert [one.question for one in wrong.elsewhere] == ["What causes it?"]
    right = cover([answered("What causes it?", CAUSES, home=home)], [CAUSES, MORE], 90)
    assert (ids(right), right.elsewhere, right.complete) == ([MORE.id], (), True)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("q.txt", "\ufeff# mine\n\nWhy  does it hurt?\n  Is it bad?\nIs it bad?\n"),
        ("q.yml", "- Why does it hurt?\n- Is it bad?\n"),
        ("q.yaml", "pain:\n  - Why does it hurt?\nother:\n  - Is it bad?\n"),
    ],
)
def test_questions_are_read_from_text_and_yaml(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert load_question_file(tmp_path / name) == ("Why does it hurt?", "Is it bad?")


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("q.txt", b"# nothing\n", "q.txt: There is no question"),
        ("q.txt", b"\xff\xfe\x00", "q.txt: The questions cannot be read (it is not UTF-8 text)"),
        ("none.txt", None, "none.txt: The questions cannot be read (No such file or directory)"),
        ("q.yml", b"- a?\n- b: c\n", "q.yml, line 2: This is not a question"),
        ("q.yml", b"a:\n  b?\n", "q.yml, line 2: Below a heading there is no list"),
        ("q.yml", b"- a?\n- 'b\n", "q.yml, line 3: The file is not valid YAML"),
        ("q.yml", b"why?\n", "q.yml, line 1: It is no list"),
        ("q.yml", b"- a?\n-\n", "q.yml, line 2: This is not a question"),
    ],
)
def test_unusable_file_is_named_with_its_line(tmp_path: Path, name: str, content: bytes | None, problem: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ContentError) as error:
        load_question_file(tmp_path / name)
    assert problem in str(error.value)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a project")
    make_project(folder)
    return folder


@pytest.fixture
def command(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in [name for name in os.environ if name.startswith("HEALTHQA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HEALTHQA_LEXICON", str(project / "lexicon"))
    monkeypatch.setenv("HEALTHQA_INDEX", str(project / "no index"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(OnnxEncoder, "load", lambda folder, threads=1: encoder())
    yield project / "articles"


def test_command_says_what_is_not_reached_and_leaves_no_index(
    command: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "q.txt").write_text("can low b12 cause muscle twitching\nhow much does it cost\n", encoding="utf-8")
    assert cli.main(["evaluate", "--articles", str(command), "--questions", "q.txt"]) == 1
    output = capsys.readouterr().out
    assert "articles 1, sections 4, passages 4; questions 2, from q.txt" in output
    assert "how much does it cost" in output
    assert "Which foods contain vitamin B12?" in output
    assert not (command.parent / "no index").exists()


def test_command_is_content_when_every_section_answers_its_heading(
    command: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["evaluate", "--articles", str(command)]) == 0
    assert "Every question is answered, and every section is reached." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--articles", "no/such"], "no/such: There is no such folder"),
        (["--articles", ".", "--questions", "none.txt"], "none.txt"),
        (["--articles", "."], "."),
        (["--server", "localhost:5005", "--index", "x"], "--index"),
        (["--questions", "q.txt"], "--articles"),
        (["--articles", ".", "--part", "test"], "--questions only"),
        (["--part", "test", "--misses"], "by count only"),
    ],
)
def test_wrong_use_is_told_and_ends_with_2(
    command: Path,
    argv: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        code = cli.main(["evaluate", *argv])
    except SystemExit as stop:
        code = int(stop.code or 0)
    error = capsys.readouterr().err
    assert code == 2
    assert message in error
    assert "Traceback" not in error


def test_help_of_the_command_is_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["evaluate", "--help"])
    assert "--misses" in capsys.readouterr().out


def test_command_needs_a_clone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEALTHQA_ROOT", str(tmp_path))
    assert cli.main(["evaluate"]) == 2
    assert "evaluation/run.py" in capsys.readouterr().err
