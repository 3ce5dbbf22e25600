"""A bare "why?" asks for the medical reason after a passage, and for the refusal's reason after a refusal."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.action_explain_answer import ActionExplainAnswer
from actions.services import Services
from healthqa.answer import compose_answer, compose_fixed
from healthqa.settings import Settings
from healthqa.types import Answer, Context, Hit, Passage

PASSAGE = Passage(
    "a#b-1", "a", "b", "text", "Low B12 harms the nerves.", ("Low B12 harms the nerves.",), "A", "B", "http://127.0.0.1/a#b"
)  # fmt: skip


class WhyAssistant:
    """Knows one passage, or none."""

    def __init__(self, knows: bool = True) -> None:
        self.knows = knows

    def reply(self, question: str, context: Context) -> Answer:
        assert context.intent == "ask_mechanism"
        answer = compose_answer([Hit(PASSAGE, 0.9)], question=question)
        return answer if self.knows else replace(compose_fixed("refuse", "Not known."), passages=())

    def hidden(self, question: str, context: Context) -> Answer | None:
        return None

    def explain(self, context: Context) -> Answer:
        return compose_fixed("smalltalk", "I compared your question with every passage.")


def said(tmp_path: Path, text: str, last_kind: str, knows: bool = True) -> str:
    services = Services(Settings.from_env({}, data_dir=tmp_path / "var"))
    services._assistant = WhyAssistant(knows)  # type: ignore[assignment]
    events = [
        {"event": "session_started", "timestamp": 1.0},
        {"event": "bot", "text": "earlier", "timestamp": 2.0, "metadata": {"answer": {"kind": last_kind}}},
        {"event": "user", "text": text, "timestamp": 3.0},
    ]
    message = {"text": text, "intent": {"name": "request_why", "confidence": 0.9}, "entities": []}
    tracker = Tracker("reader", {"last_question": "can it?"}, message, events, False, None, {}, "action_listen")
    dispatcher = CollectingDispatcher()
    asyncio.run(ActionExplainAnswer(services).run(dispatcher, tracker, {}))
    return str(dispatcher.messages[0]["text"])


@pytest.mark.parametrize("text", ["why?", "Why", "but why??", "how come", "Why is that?"])
def test_bare_why_after_a_passage_is_answered_from_the_articles(tmp_path: Path, text: str) -> None:
    assert said(tmp_path, text, "answer").startswith("Low B12 harms the nerves.\nSource: ")


@pytest.mark.parametrize(
    ("text", "last_kind", "knows"),
    [("why?", "refuse", True), ("why did you show me that?", "answer", True), ("why?", "answer", False)],
)
def test_other_whys_are_about_the_assistant(tmp_path: Path, text: str, last_kind: str, knows: bool) -> None:
    assert said(tmp_path, text, last_kind, knows).startswith("I compared")
