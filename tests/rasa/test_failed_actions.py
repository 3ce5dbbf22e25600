"""What happens when an action fails or hangs, and in conversations that nobody foresaw."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
import rasa.core.actions.action as rasa_action
from jsonschema import ValidationError
from rasa.engine.graph import ExecutionContext
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from addons.action_calls import tune_action_calls
from addons.components.failed_action_policy import FailedActionPolicy
from tests.rasa.conftest import ROOT

DOMAIN = Domain.from_dict(
    {
        "actions": ["action_answer_question"],
        "responses": {"utter_error": [{"text": "sorry"}], "utter_x": [{"text": "x"}]},
    }
)


@pytest.fixture()
def policy(
    model_storage: LocalModelStorage, resource: Resource, execution_context: ExecutionContext
) -> FailedActionPolicy:
    made = FailedActionPolicy.load(FailedActionPolicy.get_default_config(), model_storage, resource, execution_context)
    assert isinstance(made, FailedActionPolicy)
    return made


def predicted(policy: FailedActionPolicy, *events: Event) -> tuple[str | None, float]:
    tracker = DialogueStateTracker.from_events("a", list(events))
    prediction = policy.predict_action_probabilities(tracker, DOMAIN)
    best = prediction.max_confidence
    return (DOMAIN.action_names_or_texts[prediction.max_confidence_index] if best else None), best


def test_policy_says_the_error_after_an_action_that_left_nothing(policy: FailedActionPolicy) -> None:
    failed = [SessionStarted(), UserUttered("x"), ActionExecuted("action_answer_question")]
    assert predicted(policy, *failed) == ("utter_error", 1.0)


@pytest.mark.parametrize("event", [BotUttered("answer"), SlotSet("topic", "x")])
def test_policy_is_content_with_any_event(policy: FailedActionPolicy, event: Event) -> None:
    done = [SessionStarted(), UserUttered("x"), ActionExecuted("action_answer_question"), event]
    assert predicted(policy, *done)[0] != "utter_error"


def test_policy_listens_after_the_error(policy: FailedActionPolicy) -> None:
    said = [SessionStarted(), UserUttered("x"), ActionExecuted("action_answer_question")]
    said += [ActionExecuted("utter_error"), BotUttered("sorry")]
    name, confidence = predicted(policy, *said)
    assert name == "action_listen" and 0.3 < confidence < 1.0


def test_policy_keeps_out_of_rasa_test(policy: FailedActionPolicy) -> None:
    assert predicted(policy, UserUttered("x"), ActionExecuted("action_answer_question")) == (None, 0.0)


def test_policy_keeps_out_before_anything_was_said(policy: FailedActionPolicy) -> None:
    assert predicted(policy, SessionStarted(), UserUttered("x")) == (None, 0.0)


def test_policy_stands_above_rule_policy_in_the_config() -> None:
    import yaml

    config = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    rules = next(p for p in config["policies"] if p["name"] == "RulePolicy")
    default = FailedActionPolicy.get_default_config()
    assert default["priority"] > 6
    assert default["listen_confidence"] > rules["core_fallback_threshold"]


def test_action_call_that_hangs_is_given_up_after_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    async def call() -> None:
        server = await asyncio.start_server(hang, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        action = rasa_action.RemoteAction("action_answer_question", EndpointConfig(f"http://127.0.0.1:{port}/webhook"))
        try:
            await action.run(None, None, DialogueStateTracker("a", []), DOMAIN)  # type: ignore[arg-type]
        finally:
            server.close()

    monkeypatch.setattr(rasa_action, "DEFAULT_REQUEST_TIMEOUT", 300)
    tune_action_calls(1)
    start = time.monotonic()
    with pytest.raises(Exception):  # noqa: B017 - the processor catches whatever it is
        asyncio.run(call())
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    "reply", [{"events": "x"}, {"responses": [1]}, {"events": [{"event": "unknown secret"}]}], ids=["a", "b", "c"]
)
def test_action_reply_of_another_form_is_refused_without_its_content(reply: dict[str, Any]) -> None:
    tune_action_calls()
    with pytest.raises(ValidationError) as caught:
        rasa_action.RemoteAction("x", None)._validate_action_result(reply)
    assert "secret" not in str(caught.value)


def test_action_reply_is_checked_fast() -> None:
    tune_action_calls()
    action = rasa_action.RemoteAction("x", None)
    good = {
        "events": [{"event": "slot", "name": "topic", "value": "x", "timestamp": None}],
        "responses": [{"text": "x"}],
    }
    assert action._validate_action_result(good)
    seconds = []
    for _ in range(20):
        start = time.perf_counter()
        action._validate_action_result(good)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.005, "compiling the schema alone takes 15 ms"
