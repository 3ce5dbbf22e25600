"""What is learned from answered and refused questions: fitted, stored, read again; refused where it does not fit."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
from pathlib import Path

import numpy as np
import pytest
import yaml

from healthqa import answerability_training
from healthqa.addressing import Addressing
from healthqa.answerability import (
    ADDRESSES_FILE,
    CARD_FILE,
    VECTORS_FILE,
    Answerability,
    JointVectors,
    Learned,
    joint_vectors,
    load_learned,
)
from healthqa.answerability_training import examples_of, fitted, train_answerability
from healthqa.errors import AnswerabilityError
from healthqa.index import build_index
from healthqa.settings import Settings
from tests.fakes import FakeEncoder
from tests.unit.small_project import ARTICLE, encoder, make_assistant, make_project

SUBJECTS = ["twitching", "cramps", "numbness", "tiredness", "fish", "eggs", "liver", "stress", "coffee", "nerves"]


class FakeReader(FakeEncoder):
    """Reads messages as the alarm classifier does."""

    def vectors(self, texts: list[str]) -> np.ndarray:
        return self.encode(texts)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A publisher's questions: what is linked to B12 is answered, how much of it is refused."""
    questions, lexicon, articles = tmp_path / "questions", tmp_path / "lexicon", tmp_path / "articles"
    for folder in (questions, lexicon, articles):
        folder.mkdir()
    (articles / "first.md").write_text(ARTICLE.replace("slug: twitching", "slug: one"))
    answered = [f"is {one} linked to {other}" for one in SUBJECTS for other in SUBJECTS]
    refused = [f"how much {one} against {other}" for one in SUBJECTS for other in SUBJECTS]
    (questions / "one.yml").write_text(yaml.safe_dump({"passages": {"one#a-1": answered}}))
    examples = {"dose": {"response": "utter_refuse_dose", "texts": refused}}
    (lexicon / "near_misses.yml").write_text(yaml.safe_dump({"rules": [], "examples": examples}))
    folders = {"questions_dir": questions, "lexicon_dir": lexicon, "articles_dir": articles}
    return Settings.from_env({}, **folders, index_dir=tmp_path / "index")


ENCODER, READER = FakeEncoder(), FakeReader(48, "reader-1")


def test_questions_unlike_any_that_was_learned_fall_on_the_right_side(settings: Settings) -> None:
    folder = train_answerability(settings, ENCODER, READER)
    assert folder == settings.answerability_dir
    learned = Learned.load(folder, ENCODER, READER).answerability
    for subject in ("magnesium", "a tremor", "tea"):
        assert learned.score(f"is {subject} linked to cramps") > 0 > learned.score(f"how much {subject} against cramps")


def test_score_is_that_of_the_machine_that_was_fitted(settings: Settings) -> None:
    from sklearn.svm import SVC

    examples = examples_of(settings)
    vectors = joint_vectors([*examples.answered, *examples.refused], ENCODER, READER)
    labels = np.arange(len(vectors)) < len(examples.answered)
    machine = SVC(C=answerability_training.PENALTY, gamma=answerability_training.GAMMA, class_weight="balanced").fit(
        vectors, labels
    )
    learned = Learned.load(train_answerability(settings, ENCODER, READER), ENCODER, READER).answerability
    texts = ["is tea linked to stress", "how much fish", "", "nothing of the kind"]
    wanted = machine.decision_function(joint_vectors(texts, ENCODER, READER))
    assert [learned.score(text) for text in texts] == pytest.approx(list(wanted), abs=0.02)


def test_nothing_is_fitted_again_unless_questions_or_models_changed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits: list[int] = []

    def counted(*arguments: np.ndarray) -> object:
        fits.append(1)
        return fitted(*arguments)

    monkeypatch.setattr(answerability_training, "fitted", counted)
    for _ in range(2):
        train_answerability(settings, ENCODER, READER)
    assert len(fits) == 1
    train_answerability(settings, ENCODER, FakeReader(48, "reader-2"))
    assert len(fits) == 2
    path = settings.lexicon_dir / "near_misses.yml"
    path.write_text(path.read_text().replace("how much fish against fish", "how many grams of fish against fish"))
    train_answerability(settings, ENCODER, FakeReader(48, "reader-2"))
    assert len(fits) == 3


def test_too_few_questions_teach_nothing_and_what_others_taught_goes(settings: Settings) -> None:
    train_answerability(settings, ENCODER, READER)
    assert settings.answerability_dir.exists()
    assert train_answerability(dataclasses.replace(settings, questions_dir=None), ENCODER, READER) is None
    assert not settings.answerability_dir.exists()


def test_questions_of_articles_that_are_not_there_teach_nothing(settings: Settings) -> None:
    assert len(examples_of(settings).answered) == 100
    article = settings.articles_dir / "first.md"
    article.write_text(article.read_text().replace("slug: one", "slug: another"))
    assert examples_of(settings).answered == {}


def test_only_passages_with_anticipated_questions_are_judged_by_what_was_learned(tmp_path: Path) -> None:
    class Refuses(Answerability):
        def __init__(self) -> None:
            pass

        def score(self, text: str) -> float:
            return -2.0

    vectors = JointVectors(encoder(), READER)
    nobody = Addressing(("no passage",), np.zeros((1, 560), np.float32), np.zeros((1, 1), np.float32), 0.5)
    refuses = Learned(Refuses(), nobody, None, vectors)
    project = make_project(tmp_path)
    question = "can low b12 cause muscle twitching?"
    assert make_assistant(project, refuses).reply(question).kind == "answer"
    questions = tmp_path / "questions"
    questions.mkdir()
    listed = {"twitching#can-low-b12-cause-muscle-twitching-1": [question, "is twitching from low b12"]}
    (questions / "twitching.yml").write_text(yaml.safe_dump({"passages": listed}))
    asked = dataclasses.replace(project, questions_dir=questions)
    build_index(asked.articles_dir, asked, encoder())
    assert make_assistant(asked).reply(question).kind == "answer"
    assert make_assistant(asked, refuses).reply(question).kind != "answer"


@pytest.mark.parametrize("damage", ["no card", "card", "format", "vectors", "no vectors", "no addresses"])
def test_damage_is_refused_and_mended_by_a_new_fit(settings: Settings, damage: str) -> None:
    folder = train_answerability(settings, ENCODER, READER)
    assert folder is not None
    card, vectors = folder / CARD_FILE, folder / VECTORS_FILE
    if damage == "no card":
        card.unlink()
    elif damage == "card":
        card.write_text("{")
    elif damage == "format":
        card.write_text(json.dumps({**json.loads(card.read_text()), "format": 99}))
    elif damage == "vectors":
        vectors.write_bytes(vectors.read_bytes()[:-100])
    elif damage == "no addresses":
        (folder / ADDRESSES_FILE).unlink()
    else:
        vectors.unlink()
    with pytest.raises(AnswerabilityError, match="make index"):
        Learned.load(folder, ENCODER, READER)
    train_answerability(settings, ENCODER, READER)
    Learned.load(folder, ENCODER, READER)


def test_other_models_than_those_it_was_fitted_with_are_refused(settings: Settings) -> None:
    folder = train_answerability(settings, ENCODER, READER)
    for other, reader in ((FakeEncoder(fingerprint="other"), READER), (ENCODER, FakeReader(48, "other"))):
        with pytest.raises(AnswerabilityError, match="other models"):
            Learned.load(folder, other, reader)


def test_full_disk_leaves_what_is_in_use(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = train_answerability(settings, ENCODER, READER)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(AnswerabilityError, match="No space left on device.*unchanged.*make index"):
        train_answerability(settings, ENCODER, FakeReader(48, "reader-2"))
    Learned.load(folder, ENCODER, READER)
    assert sorted(path.name for path in settings.index_dir.iterdir() if path.is_dir()) == ["answerability"]


def test_unusable_folder_is_logged_and_left_out(
    settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Finder:
        classifier = READER

    monkeypatch.setattr("healthqa.answerability.finder_of", lambda settings: Finder())
    monkeypatch.setattr("healthqa.answerability.AlarmClassifier", FakeReader)
    assert load_learned(settings, ENCODER) is None
    assert caplog.records == []
    folder = train_answerability(settings, ENCODER, READER)
    assert load_learned(settings, ENCODER) is not None
    (folder / CARD_FILE).unlink()
    with caplog.at_level(logging.ERROR):
        assert load_learned(settings, ENCODER) is None
    assert "make index" in caplog.text
