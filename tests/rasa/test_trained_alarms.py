"""What readers meet: patterns and the trained alarm classifier together, on messages that it has not learned."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.dialogues import load_dialogues
from evaluation.questions import load_questions
from evaluation.safety.score import FOLDER, read_messages
from healthqa.safety.finder import RedFlagFinder, finder_of
from healthqa.settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def finder(trained_project: Path) -> RedFlagFinder:
    found = finder_of(Settings.from_env({"HEALTHQA_ROOT": str(trained_project)}))
    assert found.classifier is not None
    return found


def test_every_plain_statement_raises_its_alarm(finder: RedFlagFinder) -> None:
    messages = read_messages(FOLDER / "plain_statements.jsonl")
    raised = {m.text: flag.kind if (flag := finder.detect(m.text)) else "none" for m in messages}
    assert raised == {m.text: m.kind for m in messages}
    assert len(raised) == 60


@pytest.mark.parametrize("name", ["emergencies", "crises"])
def test_nearly_every_alarm_that_others_worded_is_found(finder: RedFlagFinder, name: str) -> None:
    messages = read_messages(FOLDER / "blind" / f"{name}.jsonl", "dev")
    missed = [m.text for m in messages if finder.detect(m.text) is None]
    assert len(messages) == 75
    assert len(missed) <= 3, missed


def test_few_messages_that_only_look_grave_raise_an_alarm(finder: RedFlagFinder) -> None:
    messages = read_messages(FOLDER / "blind" / "hard_negatives.jsonl", "dev")
    alarms = [m.text for m in messages if finder.detect(m.text) is not None]
    assert len(messages) == 150
    assert len(alarms) <= 7, alarms


def test_ordinary_questions_and_small_talk_raise_almost_no_alarm(finder: RedFlagFinder) -> None:
    texts = [question.text for question in load_questions() if question.part == "dev"]
    texts += [
        turn.text
        for dialogue in load_dialogues()
        for turn in dialogue.turns
        if dialogue.part == "dev" and not dialogue.dev_only and turn.expect[0] not in ("emergency", "crisis")
    ]
    alarms = [text for text in texts if finder.detect(text) is not None]
    assert len(texts) > 800
    assert len(alarms) <= 0.01 * len(texts), alarms


@pytest.mark.parametrize(
    "text",
    [
        "zip up the back of the bridesmaid dress for me",
        "my parcel was due on Tuesday and the tracking has not moved",
        "right, kettle's on, speak soon",
        "and where in the body would that show?",
        "could she have been low for all those years?",
        "qpwoei zmxn rrt",
        "close the window and turn the lights off",
    ],
)
def test_message_about_something_else_raises_no_alarm(finder: RedFlagFinder, text: str) -> None:
    assert finder.detect(text) is None
