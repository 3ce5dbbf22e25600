"""Recall and false alarms of the patterns by themselves on the dev part of the blind sets stay where they are."""

from __future__ import annotations

import pytest

from evaluation.safety.score import FOLDER, read_messages
from healthqa.safety import default_detector
from healthqa.types import RedFlag


def detect(text: str) -> RedFlag | None:
    return default_detector().detect(text)


@pytest.mark.parametrize("name", ["emergencies", "crises"])
def test_detect_finds_97_percent_of_the_alarms_on_blind_dev(name: str) -> None:
    messages = read_messages(FOLDER / "blind" / f"{name}.jsonl", "dev")
    missed = [message.text for message in messages if detect(message.text) is None]
    assert len(messages) == 75
    assert len(missed) <= 0.03 * len(messages), missed


def test_detect_raises_at_most_2_percent_false_alarms_on_blind_dev() -> None:
    messages = read_messages(FOLDER / "blind" / "hard_negatives.jsonl", "dev")
    alarms = [message.text for message in messages if detect(message.text) is not None]
    assert len(messages) == 150
    assert len(alarms) <= 0.02 * len(messages), alarms
