from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from healthqa.settings import Settings
from scripts import steps
from scripts.steps import Step, StepError, main, run_steps, steps_of
from scripts.training import component_count, latest_model


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Replace the steps by ones that copy an input file to an output file."""
    made: list[str] = []

    def fake(name: str) -> Step:
        source, target = tmp_path / f"{name}.in", tmp_path / f"{name}.out"
        source.write_text(name, encoding="utf-8")

        def run() -> int:
            made.append(name)
            target.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
            return 0

        def read(path: Path) -> str:
            return path.read_text(encoding="utf-8") if path.exists() else ""

        return Step(name, name, lambda: read(source), lambda: read(target), run)

    fakes = {name: fake(name) for name in steps.ORDER}
    monkeypatch.setattr(steps, "STATE", tmp_path / "state")
    monkeypatch.setattr(steps, "steps_of", lambda settings: fakes)
    yield made


def test_steps_run_in_order_and_only_once(calls: list[str]) -> None:
    assert run_steps("train") == ["encoder", "alarms", "index", "answerability", "train"]
    assert run_steps("train") == []
    assert calls == ["encoder", "alarms", "index", "answerability", "train"]


def test_steps_stop_after_the_one_asked_for(calls: list[str]) -> None:
    assert run_steps("index") == ["encoder", "alarms", "index"]


def test_steps_redo_only_the_one_whose_input_changed(calls: list[str], tmp_path: Path) -> None:
    run_steps("train")
    (tmp_path / "index.in").write_text("another article", encoding="utf-8")
    assert run_steps("train") == ["index"]


def test_steps_redo_the_one_whose_output_is_gone(calls: list[str], tmp_path: Path) -> None:
    run_steps("train")
    (tmp_path / "train.out").unlink()
    assert run_steps("train") == ["train"]


def test_failed_step_is_a_sentence_and_is_tried_again(
    calls: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = steps.steps_of(Settings.from_env({}))
    bad = {**good, "index": replace(good["index"], run=lambda: 1)}
    monkeypatch.setattr(steps, "steps_of", lambda settings: bad)
    with pytest.raises(StepError):
        run_steps("train")
    assert main(["train"]) == 1
    shown = capsys.readouterr().err
    assert "failed" in shown and "Traceback" not in shown
    monkeypatch.setattr(steps, "steps_of", lambda settings: good)
    assert run_steps("train") == ["index", "answerability", "train"]


def test_full_disk_is_a_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def full(last: str) -> list[str]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(steps, "run_steps", full)
    assert main(["train"]) == 1
    assert "disk is full" in capsys.readouterr().err


def test_main_names_the_steps_when_called_wrongly(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nonsense"]) == 2
    assert "encoder, alarms, index, answerability, train" in capsys.readouterr().err


def _project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    contents = "knowledge/articles/a.md", "knowledge/alarms/writer_a.jsonl", "knowledge/lexicon/terms.yml"
    more = "knowledge/lexicon/near_misses.yml", "knowledge/questions/a.yml"
    for name in (*contents, *more, "data/nlu.yml", "data/responses.yml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")
    for name in ("config.yml", "domain.yml", "endpoints.yml"):
        (folder / name).write_text(name, encoding="utf-8")
    monkeypatch.setattr(steps, "ROOT", folder)
    return Settings.from_env({"HEALTHQA_ROOT": str(folder)})


@pytest.mark.parametrize(
    ("changed", "redone"),
    [
        ("knowledge/articles/a.md", {"index", "answerability"}),
        ("knowledge/alarms/writer_a.jsonl", {"alarms"}),
        ("knowledge/lexicon/terms.yml", {"index", "train"}),
        ("knowledge/lexicon/near_misses.yml", {"index", "answerability", "train"}),
        ("knowledge/questions/a.yml", {"index", "answerability"}),
        ("data/nlu.yml", {"train"}),
        ("data/responses.yml", {"train"}),
        ("config.yml", {"train"}),
        ("domain.yml", {"train"}),
        ("endpoints.yml", set()),
    ],
)
def test_changed_file_redoes_just_what_depends_on_it(
    changed: str, redone: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = _project(tmp_path, monkeypatch)
    before = {name: step.inputs() for name, step in steps_of(settings).items()}
    (tmp_path / changed).write_text("changed", encoding="utf-8")
    after = {name: step.inputs() for name, step in steps_of(settings).items()}
    assert {name for name in steps.ORDER if before[name] != after[name]} == redone


def test_another_encoder_redoes_the_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _project(tmp_path, monkeypatch)
    other = replace(settings, encoder_model="another-model", encoder_sha256="")
    assert steps_of(settings)["encoder"].inputs() != steps_of(other)["encoder"].inputs()


def test_latest_model_is_the_newest_archive(tmp_path: Path) -> None:
    import os

    assert latest_model(tmp_path / "models") == ""
    for age, name in ((50, "b.tar.gz"), (10, "a.tar.gz"), (1, "notes.txt")):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (1_000_000 - age, 1_000_000 - age))
    assert latest_model(tmp_path) == "a.tar.gz"


def test_component_count_is_at_least_one(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    assert component_count(config) == 1
    config.write_text("pipeline:\n- name: A\n- name: B\npolicies:\n- name: C\n", encoding="utf-8")
    assert component_count(config) == 3
    config.write_text("pipeline: [", encoding="utf-8")
    assert component_count(config) == 1
