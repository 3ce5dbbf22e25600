"""The trained agent on a server where encoder, index and alarm classifier are missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import actions.services
from actions.services import Services
from addons.stores import ForgettingSQLiteTrackerStore
from healthqa.answer import DISCLAIMER
from healthqa.settings import Settings
from tests.rasa.conversations import Conversation, load_agent

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bare(trained_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Conversation]:
    """A conversation with nothing but the Rasa model, the lexicon and the fixed texts."""
    nowhere = tmp_path_factory.mktemp("nowhere")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEALTHQA_DATA", str(nowhere / "var"))
        for variable in ("HEALTHQA_ENCODER_DIR", "HEALTHQA_INDEX", "HEALTHQA_ALARM_MODEL"):
            patch.setenv(variable, str(nowhere / "missing"))
        patch.setattr(actions.services, "_shared", Services(Settings.from_env()))
        agent, endpoint = load_agent(trained_project, ForgettingSQLiteTrackerStore())
        yield Conversation(agent, endpoint, "bare")


def test_question_is_not_answered_so_the_parts_are_missing(bare: Conversation) -> None:
    message = bare.say("can low B12 cause twitching?")
    assert "Source:" not in message["text"] and message["text"].endswith(DISCLAIMER)


@pytest.mark.parametrize(
    ("text", "kind"), [("I have crushing chest pain", "emergency"), ("I want to kill myself", "crisis")]
)
def test_alarm_comes_all_the_same(bare: Conversation, text: str, kind: str) -> None:
    bare.endpoint.ran.clear()
    message = bare.say(text)
    assert message["answer"]["kind"] == kind and bare.last_intent() == kind
    assert "call" in message["text"].lower() and message["text"].endswith(DISCLAIMER)
    assert bare.endpoint.ran == [], "the alarm needs no action"
