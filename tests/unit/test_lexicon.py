from __future__ import annotations

import time
from pathlib import Path

import pytest

from healthqa.errors import LexiconError
from healthqa.lexicon import Lexicon
from healthqa.spelling import Speller, fold_spelling

FOLDER = Path(__file__).resolve().parents[2] / "knowledge" / "lexicon"


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.load(FOLDER).with_vocabulary(
        ["A blood test can diagnose it. Nerves, calves, vegans, injections, worse."]
    )


def write(folder: Path, text: str) -> Path:
    (folder / "terms.yml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("anaemia and diarrhoea", "anemia and diarrhea"),
        ("paraesthesia", "paresthesia"),
        ("is it recognised", "is it recognized"),
        ("fibre", "fiber"),
    ],
)
def test_lexicon_compares_british_and_american_words_as_equal(lexicon: Lexicon, british: str, american: str) -> None:
    assert lexicon.normalise(british) == lexicon.normalise(american)


def test_spelling_leaves_words_on_ise_alone_that_are_no_british_spellings() -> None:
    text = "exercise advise otherwise disease promise surprise raise noise precise compromise"
    assert fold_spelling(text) == text


@pytest.mark.parametrize("written", ["b12", "B-12", "b 12", "vit b12", "Vitamin B-12", "vit. B12", "b twelve"])
def test_lexicon_knows_every_way_to_write_b12(lexicon: Lexicon, written: str) -> None:
    assert "B12" in lexicon.correct(f"what does {written} do")


@pytest.mark.parametrize(
    ("typo", "right"),
    [
        ("muscle twiching", "twitching"),
        ("deficency", "deficiency"),
        ("injektions", "injections"),
        ("veganns", "vegans"),
    ],
)
def test_lexicon_mends_a_typo(lexicon: Lexicon, typo: str, right: str) -> None:
    assert right in lexicon.correct(typo)


@pytest.mark.parametrize("word", ["nerves", "calves", "worst", "tests", "clamps", "twice", "aspirin", "nurse", "vegan"])
def test_lexicon_never_changes_a_real_word(lexicon: Lexicon, word: str) -> None:
    assert lexicon.correct(word) == word


def test_lexicon_never_changes_a_word_of_the_corpus() -> None:
    speller = Speller(["twitching", "twitchingz"])
    assert speller.correct("twitchingz") == "twitchingz"
    assert speller.correct("Twitchin") == "Twitching"


def test_lexicon_finds_terms_by_their_synonyms(lexicon: Lexicon) -> None:
    found = {(entity.entity, entity.value) for entity in lexicon.entities("fasciculations and pins and needles")}
    assert found == {("symptom", "muscle twitching"), ("symptom", "pins and needles")}


def test_lexicon_folds_synonyms_to_one_token(lexicon: Lexicon) -> None:
    assert set(lexicon.normalise("fasciculations")) & set(lexicon.normalise("my muscle twitches")) >= {
        "=muscle_twitching"
    }


def test_lexicon_entity_spans_are_those_of_the_text(lexicon: Lexicon) -> None:
    text = "Can low potassium cause cramps?"
    for entity in lexicon.entities(text):
        assert text[entity.start : entity.end].lower() in {"low potassium", "potassium", "cramps"}


def test_lexicon_writes_terms_in_their_canonical_form(lexicon: Lexicon) -> None:
    assert lexicon.analyse("why fasciculations now").canonical_text == "why muscle twitching now"


def test_lexicon_takes_less_than_3_ms_a_question(lexicon: Lexicon) -> None:
    lexicon.correct("warmm up")
    start = time.perf_counter()
    for number in range(50):
        lexicon.analyse(f"can low b12 cause muscle twiching in my calfs and is it permanent {number}")
    # Twice the goal: the machine of the test may be busy.
    assert (time.perf_counter() - start) / 50 < 0.006


def test_lexicon_fingerprint_follows_the_file(tmp_path: Path) -> None:
    one = Lexicon.load(write(tmp_path, "terms:\n- {value: cramp, entity: symptom}\n")).fingerprint
    two = Lexicon.load(write(tmp_path, "terms:\n- {value: cramps, entity: symptom}\n")).fingerprint
    assert one != two


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("terms: {", "not YAML"),
        ("words: []", "terms:"),
        ("terms:\n- {value: cramp}", "entry 1"),
        ("terms:\n- {value: cramp, entity: symptom, synonyms: x}", "entry 1"),
        ("terms:\n- {value: cramp, entity: symptom}\n- {value: Cramp, entity: test}", "two types"),
    ],
)
def test_lexicon_says_which_entry_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(LexiconError, match=message):
        Lexicon.load(write(tmp_path, text))


def test_lexicon_says_that_the_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match="cannot be read"):
        Lexicon.load(tmp_path)
