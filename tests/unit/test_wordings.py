from __future__ import annotations

from pathlib import Path

import pytest

from healthqa.errors import LexiconError
from healthqa.lexicon import Lexicon
from healthqa.wordings import Wordings

FOLDER = Path(__file__).resolve().parents[2] / "knowledge" / "lexicon"


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.load(FOLDER)


@pytest.mark.parametrize(
    ("asked", "plain"),
    [
        ("Which populations are predisposed?", "Which people are at risk?"),
        ("how long b4 it works", "how long before it works"),
        ("is it nbd or should i freak out", "is it harmless or should i worry"),
        ("Is it attributable  to stress?", "Is it caused by stress?"),
        ("wat is it exactley", "what is it exactly"),
        ("dose b12 help", "does B12 help"),
        ("twitching, dose it stop", "twitching, does it stop"),
        ("what dose it do", "what does it do"),
    ],
)
def test_question_is_read_in_plain_words(lexicon: Lexicon, asked: str, plain: str) -> None:
    assert lexicon.correct(asked) == plain


@pytest.mark.parametrize("asked", ["what dose should i take", "which dose", "dose of B12", "is that the usual dose?"])
def test_a_dose_stays_a_dose(lexicon: Lexicon, asked: str) -> None:
    assert lexicon.correct(asked) == asked


def test_part_of_a_word_is_left_alone() -> None:
    wordings = Wordings({"prone": "at risk"})
    assert wordings.apply("prone, Prone and pronely") == "at risk, at risk and pronely"
    assert Wordings().apply("prone") == "prone"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([], "no mapping"),
        ({"people": "folks"}, "`people`"),
        ({"people": [1]}, "`people`"),
        ({"people": ["folk"], "men": ["folk"]}, "'folk' stands below 'people'"),
    ],
)
def test_unusable_plain_words_are_named(content: object, says: str) -> None:
    with pytest.raises(LexiconError, match=says):
        Wordings.read(Path("terms.yml"), content)
