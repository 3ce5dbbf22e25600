"""Exchanges: read with clear errors, learned, and heard in the ranking and the evidence of follow-ups."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from healthqa.addressing import LAST_SHARE, exchange_vectors
from healthqa.answerability import CARD_FILE, EXCHANGES_FILE, Learned
from healthqa.answerability_training import examples_of, shares_of, train_answerability
from healthqa.articles import read_articles
from healthqa.coefficients import EXCHANGED_LEANING_COEFFICIENTS, JUDGED_LEANING_COEFFICIENTS, coefficients_of
from healthqa.errors import AnswerabilityError, ContentError
from healthqa.exchanges import Exchange, load_exchanges
from healthqa.index import build_index, current_version
from healthqa.passages import split_articles
from healthqa.settings import Settings
from healthqa.types import Context
from healthqa.weights import ADDRESSED, EXCHANGE, FOLLOW_UP_WEIGHTS, weights_of
from tests.unit.small_project import encoder, make_project
from tests.unit.test_addressing import DIAGNOSIS, FOODS, READER, learned_of, retriever_of, write_questions
from tests.unit.test_answerability import SUBJECTS

GOOD = {"after": "which foods have it", "ask": "like what", "answers": [FOODS]}
PASSAGES = [DIAGNOSIS, FOODS]


def write(folder: Path, *entries: object, name: str = "first") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.yml").write_text(yaml.safe_dump({"follow_ups": list(entries)}), encoding="utf-8")
    return folder


def test_entries_are_read_in_order_with_spaces_tidied(tmp_path: Path) -> None:
    none = {"after": "is it in  fish", "ask": " how\nmuch ", "answers": []}
    found = load_exchanges(write(tmp_path, GOOD, none), PASSAGES)
    assert found == (Exchange("which foods have it", "like what", (FOODS,)), Exchange("is it in fish", "how much", ()))


def test_no_folder_means_no_exchanges(tmp_path: Path) -> None:
    assert load_exchanges(None, PASSAGES) == load_exchanges(tmp_path / "none", PASSAGES) == ()


def test_file_of_another_collection_is_left_aside_even_where_nothing_answers(tmp_path: Path) -> None:
    other = {"after": "sleep", "ask": "how long", "answers": ["sleep#how-long-1"]}
    unanswered = {"after": "sleep", "ask": "which bed", "answers": []}
    folder = write(tmp_path, other, unanswered, name="sleep")
    write(
        folder,
        GOOD,
        {**GOOD, "ask": "more", "answers": ["sleep#a-1", FOODS]},
        {**GOOD, "ask": "x", "answers": ["sleep#b-1"]},
    )
    assert [one.ask for one in load_exchanges(folder, PASSAGES)] == ["like what", "more"]
    assert load_exchanges(folder, PASSAGES)[1].answers == (FOODS,)
    assert len(load_exchanges(folder)) == 5


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("like what", r"entry 2.*fields `after`, `ask` and `answers`"),
        ({"after": "a", "ask": "b"}, r"entry 2.*fields"),
        ({**GOOD, "more": 1}, r"entry 2.*fields"),
        ({**GOOD, "ask": " "}, r"entry 2.*`ask` is ' '"),
        ({**GOOD, "after": 12}, r"entry 2.*`after` is 12"),
        ({**GOOD, "ask": "so " * 31}, r"entry 2.*too long"),
        ({**GOOD, "answers": FOODS}, r"entry 2.*no list of passage ids"),
        ({**GOOD, "answers": ["foods"]}, r"entry 2.*no list of passage ids"),
        ({**GOOD, "ask": "Like what?"}, r"entry 2 \(`Like what\?`\).*twice"),
        (
            {**GOOD, "ask": "x", "answers": ["twitching#which-foods-hold-vitamin-b12-1"]},
            r"entry 2.*Did you mean `.*which-foods-contain",
        ),
    ],
)
def test_what_cannot_be_used_is_named_with_its_entry(tmp_path: Path, entry: object, problem: str) -> None:
    folder = write(tmp_path, GOOD, entry)
    with pytest.raises(ContentError) as caught:
        load_exchanges(folder, PASSAGES)
    assert "first.yml" in str(caught.value)
    assert re.search(problem, str(caught.value).replace("\n", " "))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("follow_ups: [", "line 2"),
        ("passages: {}", "no list of follow-ups"),
        ("follow_ups: {}", "no list of follow-ups"),
    ],
)
def test_file_that_is_no_list_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "bad.yml").write_text(text + "\n")
    with pytest.raises(ContentError, match=problem):
        load_exchanges(tmp_path)


def test_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.yml").write_bytes(b"follow_ups: [\xff]")
    with pytest.raises(ContentError, match="UTF-8"):
        load_exchanges(tmp_path)


def test_delivered_exchanges_name_passages_that_are_there() -> None:
    settings = Settings.from_env({})
    passages = [one.id for one in split_articles(read_articles(settings.articles_dir), settings)]
    exchanges = load_exchanges(settings.follow_ups_dir, passages)
    unanswered = sum(not one.answers for one in exchanges)
    assert len(exchanges) >= 4_000
    assert 0.2 < unanswered / len(exchanges) < 0.5
    assert len({key for one in exchanges for key in one.answers}) >= 70


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """What "and that?" is for depends on what was asked before, and on nothing else."""
    folder = tmp_path_factory.mktemp("project")
    settings = make_project(folder)
    questions = write_questions(folder, settings)
    entries: list[dict[str, Any]] = []
    for one in SUBJECTS:
        for other in SUBJECTS:
            entries.append({"after": f"who finds out about {one} and {other}", "ask": f"and {one}", "answers": [FOODS]})
            entries.append({"after": f"whence comes {one} beside {other}", "ask": f"and {one}", "answers": [DIAGNOSIS]})
    follow_ups = write(folder / "follow_ups", *entries)
    asked = dataclasses.replace(settings, questions_dir=questions, follow_ups_dir=follow_ups)
    build_index(asked.articles_dir, asked, encoder())
    return asked


@pytest.fixture(scope="module")
def learned(project: Settings) -> Learned:
    """What its questions and exchanges taught."""
    return learned_of(project)


@pytest.mark.parametrize(
    ("last", "passage"), [("who finds out about tea and fish", FOODS), ("whence comes tea beside fish", DIAGNOSIS)]
)
def test_same_words_are_for_the_passage_that_exchanges_name_after_such_a_question(
    project: Settings, learned: Learned, last: str, passage: str
) -> None:
    hits = retriever_of(project, learned).search("and cramps", Context(last_question=last), spoken="and cramps")
    parts = {hit.passage.id: hit.parts["exchange"] for hit in hits}
    assert max(parts, key=lambda key: parts[key]) == passage
    assert all(0.0 <= share <= 1.0 for share in parts.values())
    weights = weights_of(leans=True, learned=True, exchanged=True)
    for hit in hits:
        assert hit.score == pytest.approx(sum(weight * hit.parts[name] for name, weight in weights.items()), abs=1e-6)


def test_question_that_leans_on_nothing_hears_no_exchanges(project: Settings, learned: Learned) -> None:
    assert all("exchange" not in hit.parts for hit in retriever_of(project, learned).search("whence comes tea"))


def test_weights_with_exchanges_add_up_to_those_of_the_parts() -> None:
    beside = ADDRESSED + EXCHANGE
    wanted = (sum(FOLLOW_UP_WEIGHTS.values()) + beside) / (1.0 + beside)
    assert sum(weights_of(leans=True, learned=True, exchanged=True).values()) == pytest.approx(wanted)
    assert "exchange" not in weights_of(leans=True, learned=False, exchanged=True)
    assert "exchange" not in weights_of(leans=False, learned=True, exchanged=True)


def test_evidence_has_weights_of_its_own_where_exchanges_were_learned() -> None:
    features = {"own": 0.5, "answerability": 1.0, "exchange": 0.3}
    assert coefficients_of(features) is EXCHANGED_LEANING_COEFFICIENTS
    assert coefficients_of({"own": 0.5, "answerability": 1.0}) is JUDGED_LEANING_COEFFICIENTS
    assert coefficients_of({"own": 0.5, "exchange": 0.3}) is not EXCHANGED_LEANING_COEFFICIENTS


def test_too_few_exchanges_teach_nothing(project: Settings, tmp_path: Path) -> None:
    few = dataclasses.replace(project, follow_ups_dir=write(tmp_path / "few", GOOD), index_dir=tmp_path / "index")
    assert examples_of(few).exchanges == ()
    found = learned_of(few)
    assert found.exchanges is None
    assert not (few.answerability_dir / EXCHANGES_FILE).exists()
    context = Context(last_question="whence comes tea beside fish")
    hits = retriever_of(dataclasses.replace(few, index_dir=project.index_dir), found).search(
        "and", context, spoken="and"
    )
    assert all("exchange" not in hit.parts for hit in hits)


def test_changed_exchange_is_learned_anew_and_a_damaged_file_refused(project: Settings, tmp_path: Path) -> None:
    entries = yaml.safe_load((project.follow_ups_dir or tmp_path).joinpath("first.yml").read_text())["follow_ups"]
    folder = write(tmp_path / "follow_ups", *entries)
    own = dataclasses.replace(project, follow_ups_dir=folder, index_dir=tmp_path / "index")
    place = train_answerability(own, encoder(), READER)
    assert place is not None
    before = json.loads((place / CARD_FILE).read_text())["examples"]
    write(folder, *entries, GOOD)
    train_answerability(own, encoder(), READER)
    assert json.loads((place / CARD_FILE).read_text())["examples"] != before
    (place / EXCHANGES_FILE).write_bytes(b"no arrays")
    with pytest.raises(AnswerabilityError, match="damaged"):
        Learned.load(place, encoder(), READER)


def test_passages_that_answer_share_what_the_regression_is_to_say() -> None:
    shares = shares_of([("a",), ("a", "b"), ()], ("a", "b"))
    assert shares == pytest.approx(np.array([[1.0, 0.0], [0.5**0.5, 0.5**0.5], [0.0, 0.0]]))


def test_question_before_counts_less_than_the_words_of_the_follow_up() -> None:
    own, last = np.eye(2, dtype=np.float32), np.ones((2, 2), dtype=np.float32)
    assert exchange_vectors(own, last) == pytest.approx(np.hstack([own, LAST_SHARE * last]))
    assert 0.0 < LAST_SHARE < 1.0


def test_follow_up_of_a_passage_that_is_gone_stops_the_index_before_anything_changes(
    project: Settings, tmp_path: Path
) -> None:
    wrong = write(tmp_path / "wrong", {**GOOD, "answers": ["twitching#which-foods-hold-vitamin-b12-1"]})
    own = dataclasses.replace(project, follow_ups_dir=wrong, index_dir=tmp_path / "index")
    with pytest.raises(ContentError, match="no passage"):
        build_index(own.articles_dir, own, encoder())
    assert current_version(own.index_dir) == ""
    build_index(own.articles_dir, dataclasses.replace(own, questions_dir=None), encoder())
    assert current_version(own.index_dir) != ""
