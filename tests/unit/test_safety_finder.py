"""Patterns and classifier together: who raises the alarm, who takes it back, and what happens when one fails."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Literal

import pytest

from healthqa.safety import RedFlagFinder, default_detector, finder_of
from healthqa.safety.classifier import AlarmScore
from healthqa.safety.closings import closes_chat
from healthqa.safety.finder import ALARM_CHANCE, EXPLAINED_CHANCE, HARMLESS_CHANCE
from healthqa.settings import Settings
from healthqa.types import RedFlag


class Scripted:
    """Gives every message the same chance."""

    def __init__(self, chance: float, kind: Literal["emergency", "crisis"] = "crisis") -> None:
        self.chance = chance
        self.kind = kind

    def score(self, text: str) -> AlarmScore:
        return AlarmScore(self.kind, self.chance, text)


class Broken:
    def score(self, text: str) -> AlarmScore:
        raise RuntimeError(text)


def found(text: str, classifier: Scripted | Broken | None) -> RedFlag | None:
    return RedFlagFinder(default_detector(), classifier).detect(text)


PLAIN = "I have crushing chest pain and can't breathe"
HIDDEN = "I have written the letters and found a home for the cat"


def test_patterns_work_without_a_classifier() -> None:
    flag = found(PLAIN, None)
    assert flag is not None
    assert flag.kind == "emergency"
    assert found(HIDDEN, None) is None


@pytest.mark.parametrize("kind", ["emergency", "crisis"])
def test_classifier_finds_what_no_pattern_spells_out(kind: Literal["emergency", "crisis"]) -> None:
    assert found(HIDDEN, Scripted(ALARM_CHANCE[kind], kind)) == RedFlag(kind, "classifier", HIDDEN)
    assert found(HIDDEN, Scripted(ALARM_CHANCE[kind] - 0.01, kind)) is None


def test_pattern_keeps_its_kind_beside_the_classifier() -> None:
    flag = found(PLAIN, Scripted(1.0))
    assert flag is not None
    assert flag.kind == "emergency"


def test_pattern_stands_unless_the_classifier_is_nearly_certain_that_it_is_harmless() -> None:
    assert found(PLAIN, Scripted(HARMLESS_CHANCE)) is not None
    assert found(PLAIN, Scripted(HARMLESS_CHANCE / 2)) is None
    assert found("My speech is slurred.", Scripted(0.0)) is not None
    assert found("I am having a severe allergic reaction.", Scripted(0.0)) is not None


@pytest.mark.parametrize(
    ("text", "chance", "alarm"),
    [
        ("My husband had crushing chest pain and he is fine now", EXPLAINED_CHANCE, True),
        ("My husband had crushing chest pain and he is fine now", EXPLAINED_CHANCE - 0.01, False),
        ("My husband has crushing chest pain", EXPLAINED_CHANCE - 0.01, True),
        ("I do not want to live with this any more, not one day", EXPLAINED_CHANCE - 0.01, True),
    ],
)
def test_emergency_told_at_length_is_taken_back_sooner_but_no_crisis(text: str, chance: float, alarm: bool) -> None:
    assert found(text, None) is not None
    assert bool(found(text, Scripted(chance))) is alarm


def test_a_symptom_that_is_asked_about_beside_others_is_judged_by_the_classifier() -> None:
    assert found("and short of breath?", Scripted(0.0)) is None
    assert found("and short of breath?", Scripted(HARMLESS_CHANCE)) is not None
    assert found("heart attack too?", Scripted(0.0)) is not None
    assert found("short of breath", Scripted(0.0)) is not None


def test_failing_classifier_leaves_the_patterns_word(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert found(PLAIN, Broken()) is not None
    assert found(HIDDEN, Broken()) is None
    assert "RuntimeError" in caplog.text
    assert HIDDEN not in caplog.text


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_empty_message_is_not_shown_to_the_classifier(text: str) -> None:
    assert found(text, Scripted(1.0)) is None


def test_missing_model_is_said_once_and_the_patterns_work(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings.from_env({}, alarm_model_dir=tmp_path / "none")
    assert finder_of(settings).detect(PLAIN) is not None
    assert finder_of(settings).detect(HIDDEN) is None
    assert caplog.text.count("Only plainly worded emergencies are recognised") == 1
    assert "make alarms" in caplog.text


def test_pattern_stands_in_a_message_that_is_longer_than_the_classifier_reads_at_once() -> None:
    long = f"{'it is a long story and ' * 20} {PLAIN}"
    assert found(long, Scripted(0.0)) is not None
    assert found(f"it is a long story and {PLAIN}", Scripted(0.0)) is None


@pytest.mark.parametrize(
    "text",
    [
        "a rattlesnake bit me on the ankle just now",
        "my ICD has fired four times in ten minutes",
        "there is a bone sticking out of my shin",
        "the baby's head is coming out and the midwife is stuck",
    ],
)
def test_rare_emergency_is_not_taken_back(text: str) -> None:
    flag = found(text, Scripted(0.0, "emergency"))
    assert flag is not None
    assert flag.category == "rare"


@pytest.mark.parametrize(
    "text",
    ["I was bitten by a snake in 1998", "a snake bit my dog", "what if a snake bites me", "a snake got me a job"],
)
def test_talk_of_snakes_is_no_emergency(text: str) -> None:
    assert found(text, Scripted(0.0)) is None


@pytest.mark.parametrize(
    "text",
    [
        "That will be all for today. Goodbye and thank you for your help.",
        "this is my last message for today",
        "I don't need anything else. Goodbye.",
        "No more questions from me, thanks a lot!",
        "I have nothing more to ask, I wish you all the best, goodbye",
        "Night night!",
    ],
)
def test_end_of_a_chat_is_no_farewell(text: str) -> None:
    assert found(text, Scripted(0.9)) is None


@pytest.mark.parametrize(
    "text",
    [
        "Goodbye.",
        "Thank you for everything. Goodbye.",
        "this was my last message",
        "I wish you all the best, goodbye",
        "night night everyone, be good to mum",
        "that's all, I don't need anything anymore",
        "That will be all for today. Goodbye, and tell my wife I loved her.",
    ],
)
def test_farewell_that_may_mean_more_is_left_to_the_classifier(text: str) -> None:
    assert found(text, Scripted(0.9)) is not None


@pytest.mark.parametrize(
    "text", ["for today ok and then so " * 7 + "x", "for now" + " !?.,-" * 30 + "x", "no more questions " + "ok " * 80]
)
def test_what_is_long_or_says_more_ends_no_chat(text: str) -> None:
    # The first two go through the whole pattern before they fail: it must not try every way to split them.
    assert not closes_chat(text)
