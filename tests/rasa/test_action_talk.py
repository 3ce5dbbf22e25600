"""Words about the assistant get their fixed text, unless a question for the articles hides in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from healthqa.errors import IndexFolderError
from healthqa.settings import Settings
from healthqa.texts import Texts
from healthqa.types import Answer, Context
from tests.rasa.action_runs import NOTICE_START, PASSAGE, FakeAssistant, named, run, services, tracker

RESPONSES = {
    "request_help": "utter_help",
    "request_provenance": "utter_about_articles",
    "challenge_doctor": "utter_challenge_doctor",
    "other_language": "utter_other_language",
}


class Hiding(FakeAssistant):
    """Finds a question in everything."""

    def hidden(self, question: str, context: Context) -> Answer | None:
        return self._answer(context)


@pytest.mark.parametrize(("intent", "response"), RESPONSES.items())
def test_words_about_the_assistant_get_their_fixed_text_and_its_buttons(
    tmp_path: Path, intent: str, response: str
) -> None:
    message, _ = run(named("ActionTalk")(services(tmp_path, FakeAssistant())), tracker(intent=intent, first=False))
    texts = Texts.load(Settings.from_env({}).responses_path)
    said = (
        message["text"].split("\n" + message["answer"]["disclaimer"])[0]
        if message["answer"]["disclaimer"]
        else (message["text"])
    )
    assert " ".join(said.split()) in {" ".join(text.split()) for text in texts.variants[response]}
    assert bool(message["answer"]["disclaimer"]) == (texts.kinds[response] != "smalltalk")
    assert [button["title"] for button in message["buttons"]] == list(texts.buttons[response])


@pytest.mark.parametrize("action", ["ActionTalk", "ActionShowSources", "ActionExplainAnswer"])
def test_hidden_question_is_answered_and_remembered(tmp_path: Path, action: str) -> None:
    message, events = run(named(action)(services(tmp_path, Hiding())), tracker(intent="request_help", first=False))
    assert PASSAGE.text in message["text"]
    assert {"last_question", "last_passages"} <= {event.get("name") for event in events}


def test_fixed_text_needs_no_index(tmp_path: Path) -> None:
    broken = FakeAssistant(IndexFolderError("gone"))
    message, _ = run(named("ActionTalk")(services(tmp_path, broken)), tracker(intent="request_help"))
    assert message["text"].startswith(NOTICE_START)
    assert "I find the part of the publisher's articles" in message["text"]
