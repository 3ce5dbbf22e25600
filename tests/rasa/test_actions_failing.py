"""Every action without what it depends on: text and disclaimer in one message, always; alarms before all else."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from actions.services import Services
from healthqa.errors import IndexFolderError
from healthqa.settings import Settings
from tests.rasa.action_runs import (
    ACTIONS,
    NOTICE_START,
    SECRET,
    FakeAssistant,
    check_complete,
    named,
    run,
    services,
    tracker,
)
from tests.rasa.conftest import ROOT


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("cls", ACTIONS)
def test_action_with_everything_broken_says_text_and_disclaimer(
    cls: type[Any], first: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        message, events = run(cls(services(tmp_path, broken=True)), tracker(first=first))
    check_complete(message)
    assert ("automated" in message["text"]) == first
    assert events, "without an event Rasa would take the action for failed"
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    "failure",
    [IndexFolderError(f"no index {SECRET}"), ValueError(SECRET), MemoryError(), KeyError(SECRET)],
    ids=lambda failure: type(failure).__name__,
)
@pytest.mark.parametrize("cls", ACTIONS)
def test_action_with_a_failing_assistant_says_something_complete(
    cls: type[Any], failure: Exception, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        message, _ = run(cls(services(tmp_path, FakeAssistant(failure))), tracker())
    if message["answer"]["kind"] != "smalltalk":
        check_complete(message)
    assert message["text"].startswith(NOTICE_START)
    assert SECRET not in caplog.text


@pytest.mark.parametrize("cls", ACTIONS)
def test_action_raises_the_alarm_before_anything_else(cls: type[Any], tmp_path: Path) -> None:
    assistant = FakeAssistant()
    message, _ = run(
        cls(services(tmp_path, assistant)), tracker("is low b12 why I have crushing chest pain and can't breathe?")
    )
    assert message["answer"]["kind"] == "emergency"
    assert message["answer"]["passages"] == [] and assistant.contexts == []
    assert message["text"].index("call") < message["text"].index("automated")
    check_complete(message)


def test_refusal_needs_no_index(tmp_path: Path) -> None:
    failing = FakeAssistant(IndexFolderError("none"))
    message, _ = run(named("ActionRefuseQuestion")(services(tmp_path, failing)), tracker(intent="request_dose"))
    assert message["answer"]["kind"] == "refuse"
    assert "pharmacist" in message["text"] and "Source:" not in message["text"]


def test_forget_that_fails_promises_nothing(tmp_path: Path) -> None:
    made = services(tmp_path)
    made.conversations.delete = lambda sender_id: (_ for _ in ()).throw(OSError("disk"))  # type: ignore[method-assign]
    message, events = run(named("ActionForgetMe")(made), tracker("yes", "affirm"))
    check_complete(message)
    assert "deleted" not in message["text"]
    assert not any(event["name"] == "forget_requested" for event in events)


def test_services_try_again_after_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = services(tmp_path)
    calls: list[int] = []

    def load(settings: Settings) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise IndexFolderError("not yet")
        return FakeAssistant()

    monkeypatch.setattr("actions.services.Assistant.load", load)
    with pytest.raises(IndexFolderError):
        made.assistant()
    with pytest.raises(IndexFolderError):
        made.assistant()
    assert len(calls) == 1, "not with every turn"
    made._retry_at = 0.0
    assert made.assistant() is not None


def test_services_warm_up_never_stops_the_server(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    services(tmp_path, broken=True).warm_up()
    assert "not ready" in caplog.text


def test_services_name_an_unknown_country_once_at_the_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings.from_env({"HEALTHQA_ROOT": str(ROOT), "HEALTHQA_COUNTRY": "ZZ", "HEALTHQA_DATA": str(tmp_path)})
    made = Services(settings)
    made.check_safety()
    [line] = [record.getMessage() for record in caplog.records if "HEALTHQA_COUNTRY" in record.getMessage()]
    assert "'ZZ'" in line and "GB" in line
    alarm = made.alarm("I have crushing chest pain")
    assert alarm is not None and "your local emergency number" in alarm.text
    caplog.clear()
    Services(Settings.from_env({"HEALTHQA_ROOT": str(ROOT), "HEALTHQA_COUNTRY": "gb"})).check_safety()
    assert not caplog.records
