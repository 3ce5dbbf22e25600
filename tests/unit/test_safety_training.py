"""A training on a handful of messages: it learns, exports exactly, is not repeated, and breaks nothing on failure."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
import yaml

from healthqa.errors import AlarmModelError, ContentError
from healthqa.safety import trainer, training
from healthqa.safety.classifier import AlarmClassifier, read_alarm_card
from healthqa.safety.examples import KINDS
from healthqa.safety.intent_examples import read_intent_examples
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
    (folder / "data").mkdir()
    intents = {"ask_cause": CALM[:3], "greet": ["hello there", "hi", "good morning"]}
    entries = [
        {"intent": name, "examples": "".join(f"- {text}\n" for text in texts)} for name, texts in intents.items()
    ]
    (folder / "data" / "nlu.yml").write_text(yaml.safe_dump({"nlu": entries}), encoding="utf-8")
    settings = Settings.from_env(
        {}, alarms_dir=folder / "examples", nlu_dir=folder / "data", alarm_model_dir=folder / "index" / "alarms"
    )
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


def test_misspelt_word_is_read_as_the_learned_one(trained: Settings) -> None:
    classifier = AlarmClassifier.load(trained.alarm_model_dir)
    assert (
        classifier.score("he swalowed all the tabletts").chance
        == classifier.score("he swallowed all the tablets").chance
    )


def test_chance_of_a_message_does_not_depend_on_its_company(trained: Settings) -> None:
    classifier = AlarmClassifier.load(trained.alarm_model_dir)
    alone = classifier.chances(["she does not wake up"])[0]
    beside = classifier.chances(["she does not wake up", "word " * 60])[0]
    assert beside == pytest.approx(alone, abs=1e-4)


@pytest.mark.parametrize("text", ["", "🙂", "\ud800", "x" * 100_000, "\x00"])
def test_any_text_gets_a_chance(trained: Settings, text: str) -> None:
    assert 0.0 <= AlarmClassifier.load(trained.alarm_model_dir).score(text).chance <= 1.0


def test_unchanged_examples_are_not_learned_again(trained: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "Trainer", None)
    assert train_alarms(trained) == trained.alarm_model_dir


def test_failed_training_leaves_the_model_as_it_was(trained: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_alarm_card(trained.alarm_model_dir)

    monkeypatch.setattr(training, "MOST_DIFFERENCE", -1.0)
    monkeypatch.setattr(trainer, "EPOCHS", 1)
    with pytest.raises(AlarmModelError, match="not exact"):
        train_alarms(trained, anew=True)
    assert read_alarm_card(trained.alarm_model_dir) == before
    assert [path.name for path in trained.alarm_model_dir.parent.iterdir() if path.is_dir()] == ["alarms"]


def test_damaged_or_missing_model_is_named_with_what_to_run(trained: Settings, tmp_path: Path) -> None:
    with pytest.raises(AlarmModelError, match="make alarms"):
        AlarmClassifier.load(tmp_path)
    for name in ("alarms.json", "tokenizer.json", "model.onnx", "words.txt"):
        (tmp_path / name).write_bytes((trained.alarm_model_dir / name).read_bytes()[:-5])
    with pytest.raises(AlarmModelError, match=r"alarms\.json cannot be read"):
        AlarmClassifier.load(tmp_path)
    (tmp_path / "alarms.json").write_bytes((trained.alarm_model_dir / "alarms.json").read_bytes())
    with pytest.raises(AlarmModelError, match=r"model\.onnx is missing or not the file"):
        AlarmClassifier.load(tmp_path)


def test_card_names_the_kinds_in_the_order_of_the_outputs(trained: Settings) -> None:
    assert read_alarm_card(trained.alarm_model_dir).kinds == KINDS


def test_vectors_have_length_one_and_do_not_depend_on_their_company(trained: Settings) -> None:
    classifier = AlarmClassifier.load(trained.alarm_model_dir)
    texts = ["hello there", "can low b12 cause twitching", "word " * 60, "hi"] * 10
    together = classifier.vectors(texts)
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-5)
    for text, vector in zip(texts[:4], together, strict=False):
        assert classifier.vectors([text])[0] == pytest.approx(vector, abs=1e-3)


def test_vectors_of_one_intent_lie_nearer_than_those_of_another(trained: Settings) -> None:
    greeting, other, question = AlarmClassifier.load(trained.alarm_model_dir).vectors(
        ["good morning", "hi", "which foods contain b12"]
    )
    assert greeting @ other > greeting @ question


def test_intents_are_optional(tmp_path: Path) -> None:
    assert [task.labels for task in training.tasks_of((), ())] == [KINDS]
    with pytest.raises(ContentError, match=r"nlu\.yml"):
        (tmp_path / "nlu.yml").write_text("nlu: [", encoding="utf-8")
        read_intent_examples(tmp_path)


def test_every_message_comes_once_in_every_round_beside_others_of_its_task_and_length() -> None:
    lengths = [[5 + row % 90 for row in range(300)], [7] * 70]
    batches = trainer._batches(lengths, random.Random(1))
    seen = sorted((task, row) for task, rows in batches for row in rows)
    assert seen == [(task, row) for task in (0, 1) for row in range(len(lengths[task]))]
    assert all(
        max(lengths[task][row] for row in rows) - min(lengths[task][row] for row in rows) < 25 for task, rows in batches
    )
    assert batches != trainer._batches(lengths, random.Random(2))
