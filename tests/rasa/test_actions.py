"""What the actions say and remember when all they depend on works; failures: test_actions_failing.py."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from rasa.core.actions.action import RemoteAction
from rasa.core.channels.channel import CollectingOutputChannel
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.shared.core.trackers import DialogueStateTracker

from actions.health_action import HealthAction, Reply, Turn
from actions.services import Services
from healthqa.answer import DISCLAIMER, compose_fixed
from healthqa.settings import Settings
from healthqa.types import Answer
from tests.rasa.action_runs import (
    ACTIONS,
    NOTICE_START,
    PASSAGE,
    SECRET,
    FakeAssistant,
    check_complete,
    named,
    run,
    services,
    tracker,
)
from tests.rasa.conftest import ROOT


def test_actions_are_those_of_the_domain() -> None:
    import yaml

    domain = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
    made = {cls(services=Services(Settings.from_env())).name() for cls in ACTIONS}
    assert made == {name for name in domain["actions"] if name.startswith("action_")}


def test_actions_all_build_on_the_base() -> None:
    assert all(issubclass(cls, HealthAction) for cls in ACTIONS)


def test_action_cannot_override_run() -> None:
    with pytest.raises(TypeError, match="reply"):

        class Forgetful(HealthAction):
            async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:  # type: ignore[misc]
                return []


def test_answer_carries_text_json_buttons_and_memory(tmp_path: Path) -> None:
    assistant = FakeAssistant()
    message, events = run(named("ActionAnswerQuestion")(services(tmp_path, assistant)), tracker(topic="cramps"))
    check_complete(message)
    assert PASSAGE.text in message["text"] and "\nSource: Twitching › Overview" in message["text"]
    assert message["buttons"] == [{"title": "And?", "payload": "And?"}]
    slots = {event["name"]: event["value"] for event in events}
    assert slots["topic"] == "twitching" and slots["last_passages"] == [PASSAGE.id]
    assert assistant.contexts[0].intent == "ask_cause_link" and assistant.contexts[0].topic == "cramps"


def test_answer_json_reaches_the_channel_as_keyword(tmp_path: Path) -> None:
    message, _ = run(named("ActionAnswerQuestion")(services(tmp_path, FakeAssistant())), tracker())
    seen: dict[str, Any] = {}

    class Channel(CollectingOutputChannel):
        async def send_text_with_buttons(self, recipient_id: str, text: str, buttons: Any, **kwargs: Any) -> None:
            seen.update(kwargs, text=text)

    channel = Channel()
    [event] = asyncio.run(
        RemoteAction._utter_responses(
            [dict(message)], channel, TemplatedNaturalLanguageGenerator({}), DialogueStateTracker("a", [])
        )
    )
    asyncio.run(channel.send_response("a", event.message()))
    assert seen["answer"] == message["answer"] and seen["text"] == message["text"]


def test_notice_comes_with_the_first_message_only(tmp_path: Path) -> None:
    action = named("ActionHandoff")(services(tmp_path))
    assert run(action, tracker(first=True))[0]["text"].startswith(NOTICE_START)
    assert NOTICE_START not in run(action, tracker(first=False))[0]["text"]


def test_more_remembers_every_passage_shown(tmp_path: Path) -> None:
    one = tracker(intent="request_more", last_passages=["x#y-1"], last_question="q")
    _, events = run(named("ActionShowMore")(services(tmp_path, FakeAssistant())), one)
    assert {"event": "slot", "timestamp": None, "name": "last_passages", "value": ["x#y-1", PASSAGE.id]} in events


def test_stored_data_counts_this_message_too(tmp_path: Path) -> None:
    message, _ = run(named("ActionShowStoredData")(services(tmp_path)), tracker())
    assert "1 of your messages" in message["text"]


def test_forget_deletes_before_it_says_so(tmp_path: Path) -> None:
    from healthqa.conversations import Feedback

    made = services(tmp_path)
    made.conversations.add_feedback("reader-1", Feedback("bad", comment=SECRET))
    message, events = run(named("ActionForgetMe")(made), tracker("yes", "affirm"))
    assert made.conversations.feedback() == []
    assert "deleted" in message["text"]
    assert any(event["name"] == "forget_requested" and event["value"] is True for event in events)


def test_feedback_keeps_words_only_after_we_asked_for_them(tmp_path: Path) -> None:
    made = services(tmp_path)
    action = named("ActionSaveFeedback")(made)
    run(action, tracker("great, thanks", "give_praise", last_question="private question", last_passages=["p#1-1"]))
    asked = tracker("it did not name the test", "give_praise", last_question="how is it diagnosed?")
    asked.events.insert(1, {"event": "bot", "text": "?", "metadata": {"utter_action": "utter_ask_feedback_comment"}})
    run(action, asked)
    praise, comment = made.conversations.feedback()
    assert (praise.rating, praise.comment, praise.question, praise.passages) == ("good", "", "", "p#1-1")
    assert (comment.rating, comment.comment) == ("bad", "it did not name the test")
    assert comment.question == "how is it diagnosed?"


def test_handoff_names_the_configured_place(tmp_path: Path) -> None:
    made = services(tmp_path)
    assert "http" not in run(named("ActionHandoff")(made), tracker(first=False))[0]["text"]
    made.settings = Settings.from_env({"HEALTHQA_ROOT": str(ROOT)}, handoff="https://example.org/help")
    assert "https://example.org/help" in run(named("ActionHandoff")(made), tracker())[0]["text"]


def test_base_gives_a_lost_disclaimer_back(tmp_path: Path) -> None:
    class Careless(HealthAction):
        def name(self) -> str:
            return "action_careless"

        def reply(self, turn: Turn) -> Reply:
            answer = compose_fixed("refuse", "Something medical.")
            return Reply(Answer(**{**answer.__dict__, "text": "Something medical.", "disclaimer": ""}))

    message, _ = run(Careless(services(tmp_path)), tracker(first=False))
    assert message["text"] == f"Something medical.\n{DISCLAIMER}"
