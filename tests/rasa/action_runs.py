"""For the tests of the actions: all of them, services with fake or missing parts, one run without a server."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
from pathlib import Path
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

import actions
from actions.health_action import HealthAction
from actions.services import Services
from healthqa.answer import DISCLAIMER, compose_answer
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

    def hidden(self, question: str, context: Context) -> Answer | None:
        if self.failure:
            raise self.failure
        return None

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
