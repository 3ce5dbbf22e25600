"""The red-flag patterns by themselves: what raises an alarm, what does not, and which alarm comes first."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthqa.errors import LexiconError
from healthqa.safety import RedFlagDetector, default_detector
from healthqa.types import RedFlag

FILE = Path(__file__).resolve().parents[2] / "knowledge/lexicon/red_flags.yml"
WORDS = st.sampled_from(
    "i my not no can't breathe chest pain want to die kill myself stroke \" ' , . ? ! 2010 ago 死 نفس 😀 \x00".split(
        " "
    )
)


def detect(text: str) -> RedFlag | None:
    return default_detector().detect(text)


@given(st.text())
@settings(max_examples=200, deadline=None)
def test_detect_never_raises_on_any_text(text: str) -> None:
    flag = detect(text)
    assert flag is None or flag.kind in ("emergency", "crisis")


@given(st.lists(WORDS, max_size=30))
@settings(max_examples=200, deadline=None)
def test_detect_never_raises_on_alarming_words_in_any_order(words: list[str]) -> None:
    detect(" ".join(words))


@given(
    st.sampled_from(["I can't breathe", "I want to die"]),
    st.sampled_from(["Can low B12 cause twitching?", "ok.", "\n"]),
)
@settings(deadline=None)
def test_detect_finds_the_alarm_beside_a_question(alarm: str, other: str) -> None:
    assert detect(f"{other} {alarm}") is not None
    assert detect(f"{alarm}. {other}") is not None
    assert detect(alarm.upper()) is not None


@pytest.mark.parametrize("text", ["", " ", "\x00", "?!", "🙂", "a" * 10_000, "((((", "\\d+ [", "\ud800"])
def test_detect_keeps_quiet_on_what_holds_no_words(text: str) -> None:
    assert detect(text) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("no chest pain but I can't breathe", "emergency"),
        ("No, I have chest pain", "emergency"),
        ("I had a heart attack in 2010 and my chest hurts now", "emergency"),
        ("can B12 cause chest pain? it's happening right now", "emergency"),
        ("my dad is having a stroke", "emergency"),
        ("my thraot is swelling", "emergency"),
        ("I read your article and I want to die", "crisis"),
        ("I'm not suicidal but I don't want to live", "crisis"),
        ('my friend said "I want to die"', "crisis"),
        ("my twitching makes me want to kill myself", "crisis"),
        ("I don\u2019t want to live anymore", "crisis"),
        ("please call 999", "emergency"),
        ("i cant breatheeeee", "emergency"),
        ("no puedo respirar", "emergency"),
        ("我不想活了", "crisis"),
    ],
)
def test_detect_raises_the_alarm(text: str, kind: str) -> None:
    flag = detect(text)
    assert flag is not None
    assert flag.kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "no chest pain or trouble breathing",
        "I had a stroke in 2010",
        "can B12 deficiency cause chest pain?",
        "this is killing me lol",
        "nearly had a heart attack when I saw the bill",
        "in the film the hero has a heart attack",
        "what should I do if someone has a seizure?",
        "my dog had a seizure",
        "no quiero morir",
        "my foot fell asleep",
    ],
)
def test_detect_keeps_quiet_without_a_present_alarm(text: str) -> None:
    assert detect(text) is None


def test_detect_puts_an_overdose_taken_before_the_crisis() -> None:
    flag = detect("I don't want to live anymore, I already took all my pills")
    assert flag is not None
    assert (flag.kind, flag.category) == ("emergency", "overdose")


def test_detect_puts_a_crisis_before_other_emergencies() -> None:
    flag = detect("my chest hurts and I want to die")
    assert flag is not None
    assert flag.kind == "crisis"


def test_detect_returns_the_words_that_raised_the_alarm() -> None:
    flag = detect("Hello. My face is drooping since noon")
    assert flag is not None
    assert "drooping" in flag.evidence


def test_detect_finds_the_alarm_at_the_end_of_a_very_long_message() -> None:
    assert detect("my eyelid twitches. " * 5_000 + "I can't breathe") is not None
    assert detect("I can't breathe " + "and my eyelid twitches " * 5_000) is not None


def test_detect_takes_milliseconds_on_usual_messages() -> None:
    texts = [
        "can low b12 cause muscle twitching?",
        "my left eyelid has been twitching for two weeks, is it b12 or stress?",
    ]
    for text in texts:
        detect(text)
    taken = []
    for _ in range(20):
        start = time.perf_counter()
        for text in texts:
            detect(text)
        taken.append((time.perf_counter() - start) / len(texts))
    assert min(taken) < 0.004  # twice the goal: the test machine is shared


def test_detect_bounds_the_time_of_a_huge_message() -> None:
    start = time.perf_counter()
    detect("can't stop my chest and my breath " * 30_000)
    assert time.perf_counter() - start < 10


def test_default_detector_is_loaded_once() -> None:
    assert default_detector() is default_detector()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("'suicide squad'", "'suicide (squad'", "idioms"),
        ("  - 'suicide squad'", "  - 12", "idioms"),
        ("\nmacros:", "\nmakros:", "field `macros`"),
        ("<pain>", "<pian>", "no macro <pian>"),
        ("\ncrisis:", "\ncrisis: x\ncrises:", "field `crisis`"),
        ("\n  overdose:\n    sure:", "\n  overdose:\n    certain:", "emergency.overdose"),
        ("\nemergency:", "\n emergency:", "line"),
        ("\nmedia: ", "\nmedium: ", "field `media`"),
    ],
)
def test_load_of_a_bad_file_names_file_and_field(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = FILE.read_text(encoding="utf-8").replace("  - suicide squad", "  - 'suicide squad'")
    assert old in text
    path = tmp_path / "red_flags.yml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(LexiconError) as caught:
        RedFlagDetector.load(path)
    assert str(path) in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"just words"])
def test_load_of_no_mapping_is_a_clear_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "red_flags.yml"
    path.write_bytes(content)
    with pytest.raises(LexiconError, match=r"red_flags\.yml"):
        RedFlagDetector.load(path)


def test_load_of_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match="missing"):
        RedFlagDetector.load(tmp_path / "red_flags.yml")
