"""A training on a handful of messages: it learns, exports exactly, is not repeated, and breaks nothing on failure."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from healthqa.errors import AlarmModelError
from healthqa.safety import training
from healthqa.safety.classifier import AlarmClassifier, read_alarm_card
from healthqa.safety.examples import KINDS
from healthqa.safety.training import train_alarms
from healthqa.settings import Settings

pytest.importorskip("torch", reason="torch is not installed: the classifier cannot be trained here")

URGENT = ["my chest hurts and I cannot breathe", "she does not wake up", "he swallowed all the tablets"]
CRISIS = ["I want to end my life", "I have written the letters", "nobody would miss me if I was gone"]
CALM = ["can low b12 cause twitching", "which foods contain b12", "my eyelid twitches", "hello there"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("alarms")
    (folder / "examples").mkdir()
    kinds = (("emergency", URGENT), ("crisis", CRISIS), ("none", CALM))
    lines = [json.dumps({"text": text, "kind": kind}) for kind, texts in kinds for text in texts]
    (folder / "examples" / "writer.jsonl").write_text("\n".join(lines * 12), encoding="utf-8")
    settings = Settings.from_env({}, alarms_dir=folder / "examples", alarm_model_dir=folder / "index" / "alarms")
    train_alarms(settings)
    return settings


def test_training_learns_its_examples(trained: Settings) -> None:
    classifier = AlarmClassifier.load(trained.alarm_model_dir)
    chances = classifier.chances([*URGENT, *CRISIS, *CALM])
    assert chances.sum(axis=1) == pytest.approx(np.ones(10))
    wanted = [1] * len(URGENT) + [2] * len(CRISIS) + [0] * len(CALM)
    assert list(chances.argmax(axis=1)) == wanted
    score = classifier.score("I want to end my life")
    assert score.kind == "crisis"
    assert score.chance > 0.5 > classifier.score("which foods contain b12").chance


def test_chance_of_a_message_does_not_depend_on_its_company(trained: Settings) -> None:
    classifier = AlarmClassifier.load(trained.alarm_model_dir)
    alone = classifier.chances(["she does not wake up"])[0]
    beside = classifier.chances(["she does not wake up", "word " * 60])[0]
    assert beside == pytest.approx(alone, abs=1e-4)


@pytest.mark.parametrize("text", ["", "🙂", "\ud800", "x" * 100_000, "\x00"])
def test_any_text_gets_a_chance(trained: Settings, text: str) -> None:
    assert 0.0 <= AlarmClassifier.load(trained.alarm_model_dir).score(text).chance <= 1.0


def test_unchanged_examples_are_not_learned_again(trained: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "AlarmTrainer", None)
    assert train_alarms(trained) == trained.alarm_model_dir


def test_failed_training_leaves_the_model_as_it_was(trained: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_alarm_card(trained.alarm_model_dir)

    def fail(self: object, folder: Path, examples: object) -> None:
        raise AlarmModelError("not exact")

    monkeypatch.setattr(training.AlarmTrainer, "export", fail)
    monkeypatch.setattr(training, "EPOCHS", 1)
    with pytest.raises(AlarmModelError, match="not exact"):
        train_alarms(trained)
    assert read_alarm_card(trained.alarm_model_dir) == before
    assert [path.name for path in trained.alarm_model_dir.parent.iterdir() if path.is_dir()] == ["alarms"]


def test_damaged_or_missing_model_is_named_with_what_to_run(trained: Settings, tmp_path: Path) -> None:
    with pytest.raises(AlarmModelError, match="make alarms"):
        AlarmClassifier.load(tmp_path)
    for name in ("alarms.json", "tokenizer.json", "model.onnx"):
        (tmp_path / name).write_bytes((trained.alarm_model_dir / name).read_bytes()[:-5])
    with pytest.raises(AlarmModelError, match=r"alarms\.json cannot be read"):
        AlarmClassifier.load(tmp_path)
    (tmp_path / "alarms.json").write_bytes((trained.alarm_model_dir / "alarms.json").read_bytes())
    with pytest.raises(AlarmModelError, match=r"model\.onnx is missing or not the file"):
        AlarmClassifier.load(tmp_path)


def test_card_names_the_kinds_in_the_order_of_the_outputs(trained: Settings) -> None:
    assert read_alarm_card(trained.alarm_model_dir).kinds == KINDS
