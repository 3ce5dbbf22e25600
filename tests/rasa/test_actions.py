"""Every action, with and without what it depends on: text and disclaimer in one message, always."""

from __future__ import annotations

import asyncio
import importlib
import logging
import pkgutil
from pathlib import Path
from typing import Any

import pytest
from rasa.core.actions.action import RemoteAction
from rasa.core.channels.channel import CollectingOutputChannel
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.shared.core.trackers import DialogueStateTracker
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

import actions
from actions.health_action import HealthAction, Reply, Turn
from actions.services import Services
from healthqa.answer import DISCLAIMER, compose_answer, compose_fixed
from healthqa.errors import IndexFolderError
from healthqa.settings import Settings
from healthqa.types import Answer, Context, Hit, Passage
from tests.rasa.conftest import ROOT

SECRET = "zanzibar twitch of my left knee"
NOTICE_START = "This is an automated assistant"
PASSAGE = Passage(
    "twitching#overview-1", "twitching", "overview", "text", "Low B12 can do that.", ("Low B12 can do that.",),
    "Twitching", "Overview", "http://127.0.0.1/a",
)  # fmt: skip


class FakeAssistant:
    """Answers with one passage, or fails as told."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.contexts: list[Context] = []

    def reply(self, question: str, context: Context) -> Answer:
        return self._answer(context)

    def more(self, context: Context) -> Answer:
        return self._answer(context)

    def sources(self, context: Context) -> Answer:
        return self._answer(context)

    def explain(self, context: Context) -> Answer:
        return self._answer(context)

    def _answer(self, context: Context) -> Answer:
        self.contexts.append(context)
        if self.failure:
            raise self.failure
        return compose_answer([Hit(PASSAGE, 0.9)], question="can b12 do it?", topic="twitching", suggestions=["And?"])


def all_actions() -> list[type[Action]]:
    """Every Action subclass of the package, found the way the action server finds them."""
    for module in pkgutil.walk_packages(actions.__path__, "actions."):
        importlib.import_module(module.name)

    def below(cls: type[Action]) -> list[type[Action]]:
        return [sub for one in cls.__subclasses__() for sub in (one, *below(one))]

    return [cls for cls in below(Action) if cls.__module__.startswith("actions.") and cls is not HealthAction]


ACTIONS = all_actions()


def services(tmp_path: Path, assistant: Any = None, broken: bool = False) -> Services:
    missing = tmp_path / "nowhere"
    overrides: dict[str, Any] = {"data_dir": tmp_path / "var"}
    if broken:
        blocked = tmp_path / "blocked"
        blocked.write_text("a file where a folder should be", encoding="utf-8")
        overrides = {
            "data_dir": blocked,
            "responses_path": missing,
            "lexicon_dir": missing,
            "index_dir": missing,
            "encoder_dir": missing,
        }
    made = Services(Settings.from_env({"HEALTHQA_ROOT": str(ROOT)}, **overrides))
    made._assistant = assistant
    return made


def tracker(text: str = SECRET, intent: str = "ask_cause_link", *, first: bool = True, **slots: Any) -> Tracker:
    message = {"text": text, "intent": {"name": intent, "confidence": 0.9}, "entities": []}
    events: list[dict[str, Any]] = [{"event": "session_started", "timestamp": 1.0}]
    if not first:
        events.append({"event": "bot", "text": "earlier", "timestamp": 2.0, "metadata": {}})
    events.append({"event": "user", "text": text, "timestamp": 3.0})
    return Tracker("reader-1", slots, message, events, False, None, {}, "action_listen")


def run(action: Action, one: Tracker) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    dispatcher = CollectingDispatcher()
    events = asyncio.run(action.run(dispatcher, one, {}))
    assert len(dispatcher.messages) == 1, "the disclaimer must be in the same message"
    return dispatcher.messages[0], list(events)


def named(name: str) -> type[Any]:
    return next(cls for cls in ACTIONS if cls.__name__ == name)


def check_complete(message: dict[str, Any]) -> None:
    assert message["text"].endswith(DISCLAIMER)
    assert len(message["text"]) > len(DISCLAIMER) + 20
    assert "\n\n" not in message["text"]
    assert message["answer"]["v"] == 1 and message["answer"]["disclaimer"] == DISCLAIMER


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


def test_refusal_needs_no_index(tmp_path: Path) -> None:
    failing = FakeAssistant(IndexFolderError("none"))
    message, _ = run(named("ActionRefuseQuestion")(services(tmp_path, failing)), tracker(intent="request_dose"))
    assert message["answer"]["kind"] == "refuse"
    assert "pharmacist" in message["text"] and "Source:" not in message["text"]


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


def test_forget_that_fails_promises_nothing(tmp_path: Path) -> None:
    made = services(tmp_path)
    made.conversations.delete = lambda sender_id: (_ for _ in ()).throw(OSError("disk"))  # type: ignore[method-assign]
    message, events = run(named("ActionForgetMe")(made), tracker("yes", "affirm"))
    check_complete(message)
    assert "deleted" not in message["text"]
    assert not any(event["name"] == "forget_requested" for event in events)


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
