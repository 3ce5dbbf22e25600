"""The anticipated questions in knowledge/questions: reading, checking, and what they do to the index."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from healthqa.anticipated import MAX_QUESTION, load_questions, with_questions
from healthqa.articles import read_articles
from healthqa.errors import ContentError
from healthqa.index import Index, build_index
from healthqa.passages import split_articles
from healthqa.settings import Settings
from healthqa.types import Passage
from tests.fakes import FakeEncoder

ROOT = Path(__file__).resolve().parents[2]
ARTICLE = (
    "---\ntitle: Sleep and cats\n---\n\n## Why do cats sleep?\n\nCats sleep a great deal to save their strength.\n"
)
ID = "cats#why-do-cats-sleep-1"


def _passage(passage_id: str) -> Passage:
    slug, section = passage_id.split("#")
    return Passage(passage_id, slug, section, "text", "Text.", ("Text.",), "T", "S", "u", encode_texts=("Text.",))


def _write(folder: Path, text: str, name: str = "cats.yml") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def _listed(*questions: str, passage_id: str = ID) -> str:
    return f"passages:\n  {passage_id}:\n" + "".join(f"    - {question}\n" for question in questions)


def test_questions_are_read_in_order_from_all_files(tmp_path: Path) -> None:
    _write(tmp_path, _listed("why  do cats nap", "Are cats lazy?"))
    _write(tmp_path, _listed("Do dogs nap?", passage_id="dogs#naps-1"), "dogs.yml")
    assert load_questions(tmp_path) == {ID: ("why do cats nap", "Are cats lazy?"), "dogs#naps-1": ("Do dogs nap?",)}


def test_questions_without_a_folder_are_none(tmp_path: Path) -> None:
    assert load_questions(tmp_path / "none") == {}
    passages = (_passage(ID),)
    assert with_questions(passages, tmp_path / "none") == with_questions(passages, None) == passages


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("passages: [", "not valid YAML"),
        ("- a", "no list of passages"),
        ("", "no list of passages"),
        ("passages: {}\nother: 1", "no list of passages"),
        (_listed("Do dogs nap?", passage_id="dogs#naps-1"), "not one of the article 'cats'"),
        (f"passages:\n  {ID}: []", "no questions"),
        (f"passages:\n  {ID}: why", "no questions"),
        (_listed("12"), "12 is not a question"),
        (_listed("''"), "not a question"),
        (_listed("a" * (MAX_QUESTION + 1)), "too long"),
        (_listed("Why nap?") + _listed("And why not?").split("\n", 1)[1], "stands there twice"),
    ],
)
def test_questions_file_that_cannot_be_used_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ContentError, match=re.escape(message)) as caught:
        load_questions(_write(tmp_path, text))
    assert caught.value.path == tmp_path / "cats.yml"


def test_questions_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "cats.yml").write_bytes(b"passages: \xff\xfe")
    with pytest.raises(ContentError, match="UTF-8"):
        load_questions(tmp_path)


def test_question_below_two_passages_is_an_error_however_it_is_written(tmp_path: Path) -> None:
    _write(tmp_path, _listed("Why nap?") + "  cats#why-do-cats-sleep-2:\n    - why nap\n")
    with pytest.raises(ContentError, match=re.escape(ID)) as caught:
        load_questions(tmp_path)
    assert "cats#why-do-cats-sleep-2" in caught.value.where


def test_question_in_two_files_is_an_error(tmp_path: Path) -> None:
    _write(tmp_path, _listed("Why nap?"))
    _write(tmp_path, _listed("Why nap?", passage_id="dogs#naps-1"), "dogs.yml")
    with pytest.raises(ContentError, match=r"dogs\.yml"):
        load_questions(tmp_path)


def test_unknown_passage_is_an_error_that_names_the_nearest(tmp_path: Path) -> None:
    _write(tmp_path, _listed("Why nap?", passage_id="cats#why-do-cats-slep-1"))
    with pytest.raises(ContentError, match=f"Did you mean `{ID}`") as caught:
        with_questions((_passage("cats#what-do-cats-eat-1"), _passage(ID)), tmp_path)
    assert caught.value.path == tmp_path / "cats.yml" and "slep" in caught.value.where


def test_questions_of_other_articles_are_left_aside(tmp_path: Path) -> None:
    _write(tmp_path, _listed("Why nap?"))
    passages = (_passage("dogs#naps-1"),)
    assert with_questions(passages, tmp_path) == passages


def test_questions_follow_the_passages_own_texts_once(tmp_path: Path) -> None:
    _write(tmp_path, _listed("Why nap?", "Text."))
    assert with_questions((_passage(ID),), tmp_path)[0].encode_texts == ("Text.", "Why nap?")


def test_index_gets_a_vector_for_each_question_and_encodes_only_new_ones(tmp_path: Path) -> None:
    articles = tmp_path / "articles"
    _write(articles, ARTICLE, "cats.md")
    settings = replace(
        Settings.from_env({}), index_dir=tmp_path / "index", questions_dir=_write(tmp_path / "q", _listed("Lazy tom?"))
    )
    encoder = FakeEncoder()
    first = build_index(articles, settings, encoder)
    assert build_index(articles, settings, encoder).unchanged
    _write(tmp_path / "q", _listed("Lazy tom?", "Snoozing kitten?"))
    second = build_index(articles, settings, encoder)
    assert (second.unchanged, second.encoded, second.vectors) == (False, 1, first.vectors + 1)
    with Index.load(settings.index_dir, encoder) as index:
        (hit,) = index.search(encoder.encode(["Snoozing kitten?"]), 3)
        assert index.passages[hit.ordinal].id == ID and np.isclose(hit.score, 1.0, atol=1e-5)
        assert "kitten" not in index.passages[hit.ordinal].text


def test_index_build_with_a_wrong_question_file_leaves_the_index_in_use(tmp_path: Path) -> None:
    articles = tmp_path / "articles"
    _write(articles, ARTICLE, "cats.md")
    settings = replace(Settings.from_env({}), index_dir=tmp_path / "index", questions_dir=tmp_path / "q")
    first = build_index(articles, settings, FakeEncoder())
    _write(tmp_path / "q", "passages: 3")
    with pytest.raises(ContentError):
        build_index(articles, settings, FakeEncoder())
    assert (settings.index_dir / "current").read_text().strip().endswith(first.version)


def test_settings_take_the_questions_folder_from_the_environment() -> None:
    default = Settings.from_env({})
    assert default.questions_dir == default.root / "knowledge" / "questions"
    other = Settings.from_env({"HEALTHQA_QUESTIONS": "other/questions"})
    assert other.questions_dir == other.root / "other" / "questions"


def test_projects_questions_fit_its_articles_and_ask_for_no_dose_or_price() -> None:
    settings = Settings.from_env({})
    assert settings.questions_dir is not None
    passages = split_articles(read_articles(settings.articles_dir), settings)
    questions = load_questions(settings.questions_dir)
    plain = sum(len(passage.encode_texts) for passage in passages)
    extended = with_questions(passages, settings.questions_dir)
    assert sum(len(passage.encode_texts) for passage in extended) > plain + 800
    # Introductions alone answer nothing and have no questions; everything else has.
    without = {passage.id for passage in passages} - set(questions)
    assert all(passage.kind == "text" and passage.words < 30 for passage in passages if passage.id in without), without
    forbidden = re.compile(
        r"\b(how (much|many (pills|tablets|mg|mcg))|dos(e|es|age)s?|mcg|mg|price|cost|brand|buy)\b", re.I
    )
    assert not [one for listed in questions.values() for one in listed if forbidden.search(one)]
