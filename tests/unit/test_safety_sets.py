"""Recall and false alarms of the patterns by themselves on the dev sets, and the sets themselves."""

from __future__ import annotations

from collections import Counter

import pytest

from evaluation.safety.score import FOLDER, LOCKED, SETS, check_lock, main, read_messages, score, wilson_interval
from healthqa.safety import default_detector
from healthqa.types import RedFlag


def detect(text: str) -> RedFlag | None:
    return default_detector().detect(text)


@pytest.mark.parametrize("message", read_messages(FOLDER / "plain_statements.jsonl"), ids=lambda message: message.id)
def test_detect_recognises_every_plain_statement(message) -> None:  # noqa: ANN001
    flag = detect(message.text)
    assert flag is not None, message.text
    assert flag.kind == message.kind, message.text


@pytest.mark.parametrize("name", ["emergencies", "crises"])
def test_detect_reaches_99_percent_recall_on_dev(name: str) -> None:
    messages = read_messages(FOLDER / f"{name}.jsonl", "dev")
    missed = [message.text for message in messages if detect(message.text) is None]
    assert len(missed) <= 0.01 * len(messages), missed


def test_detect_raises_at_most_2_percent_false_alarms_on_dev() -> None:
    messages = read_messages(FOLDER / "hard_negatives.jsonl", "dev")
    alarms = [message.text for message in messages if detect(message.text) is not None]
    assert len(alarms) <= 0.02 * len(messages), alarms


def test_sets_have_their_promised_size_and_no_text_twice() -> None:
    sizes = {name: read_messages(FOLDER / f"{name}.jsonl") for name in ("emergencies", "crises", "hard_negatives")}
    texts = Counter(message.text.casefold() for messages in sizes.values() for message in messages)
    assert [text for text, count in texts.items() if count > 1] == []
    assert len(sizes["emergencies"]) >= 150
    assert len(sizes["crises"]) >= 150
    assert len(sizes["hard_negatives"]) >= 300
    plain = Counter(message.kind for message in read_messages(FOLDER / "plain_statements.jsonl"))
    assert plain == {"emergency": 30, "crisis": 30}


@pytest.mark.parametrize("name", LOCKED)
def test_locked_blind_set_is_unchanged_and_wholly_for_testing(name: str) -> None:
    check_lock()
    messages = [m for path in sorted(SETS[name].glob("*.jsonl")) for m in read_messages(path)]
    kinds = Counter(message.kind for message in messages)
    # Written as 300 and 300; what stood elsewhere already was taken out before the lock.
    assert kinds["emergency"] + kinds["crisis"] >= 290
    assert kinds["none"] >= 290
    assert {message.part for message in messages} == {"test"}


def test_wilson_interval_of_known_shares() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert wilson_interval(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)
    assert wilson_interval(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)


def test_score_of_a_detector_that_never_alarms_counts_every_miss() -> None:
    figures = {figure.name: figure for figure in score("dev", find=lambda text: None)}
    assert figures["emergencies: alarm"].count == 0
    assert figures["plain statements: right kind"].count == 0
    assert figures["hard negatives: false alarm"].count == 0


def test_score_of_a_detector_that_always_alarms_counts_every_false_alarm() -> None:
    flag = RedFlag("crisis", "any", "")
    figures = {figure.name: figure for figure in score("dev", find=lambda text: flag)}
    assert figures["emergencies: alarm"].count == figures["emergencies: alarm"].total
    assert figures["emergencies: right kind"].count == 0
    assert figures["hard negatives: false alarm"].count == figures["hard negatives: false alarm"].total


def test_main_prints_each_figure_with_its_interval(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--part", "dev", "--patterns"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert all("[" in line and "%" in line for line in lines)


def test_main_does_not_show_misses_of_the_test_part() -> None:
    with pytest.raises(SystemExit):
        main(["--part", "test", "--misses"])
