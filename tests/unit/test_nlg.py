"""Fixed texts as Rasa says them: complete in one message, with everything a channel needs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import yaml
from rasa.core.actions.action import ActionBotResponse
from rasa.core.channels.channel import OutputChannel
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from addons.nlg import HealthNlg
from healthqa.answer import DISCLAIMER

ROOT = Path(__file__).resolve().parents[2]
RESPONSES: dict[str, Any] = yaml.safe_load((ROOT / "data/responses.yml").read_text(encoding="utf-8"))["responses"]
NOTICE = RESPONSES["utter_notice"][0]["text"]
MEDICAL = [
    name for name, variants in RESPONSES.items() if variants[0]["metadata"]["kind"] not in ("smalltalk", "notice")
]


class Listening(OutputChannel):
    """Records the keyword arguments that channel code gets."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        self.calls.append((text, kwargs))

    async def send_text_with_buttons(
        self, recipient_id: str, text: str, buttons: list[dict[str, Any]], **kwargs: Any
    ) -> None:
        self.calls.append((text, {**kwargs, "buttons": buttons}))


def nlg() -> HealthNlg:
    domain = Domain.from_dict({"responses": RESPONSES})
    made = NaturalLanguageGenerator.create(EndpointConfig(type="addons.nlg.HealthNlg"), domain)
    assert isinstance(made, HealthNlg)
    return made


def tracker(*events: Any) -> DialogueStateTracker:
    return DialogueStateTracker.from_events("a", [SessionStarted(), UserUttered("reader words"), *events])


def say(name: str, *events: Any, **values: Any) -> dict[str, Any]:
    message = asyncio.run(nlg().generate(name, tracker(*events), "rest", **values))
    assert message is not None
    return message


@pytest.mark.parametrize("name", MEDICAL)
@pytest.mark.parametrize("later", [(), (BotUttered("before"),)], ids=["first", "later"])
def test_nlg_puts_text_and_disclaimer_in_one_message(name: str, later: tuple[BotUttered, ...]) -> None:
    message = say(name, *later)
    assert message["text"].endswith(DISCLAIMER)
    assert message["text"].count(DISCLAIMER) == 1
    assert "\n\n" not in message["text"], "a channel would split it there"
    assert message["answer"]["disclaimer"] == DISCLAIMER
    assert message["answer"]["passages"] == []
    assert not any(line.startswith("Source: ") for line in message["text"].splitlines())


@pytest.mark.parametrize("name", ["utter_emergency", "utter_crisis"])
@pytest.mark.parametrize("country", ["", "GB", "US", "ZZ"])
def test_nlg_puts_the_alarm_first_and_fills_the_numbers(
    name: str, country: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEALTHQA_COUNTRY", country)
    text = say(name)["text"]
    lines = text.splitlines()
    assert "{" not in text and "}" not in text
    assert "call" in text.lower()
    assert lines.index(NOTICE) == len(lines) - 2, "after the alarm, before the disclaimer"


def test_nlg_says_once_that_it_is_automated() -> None:
    assert say("utter_greet")["text"].startswith(NOTICE)
    assert NOTICE not in say("utter_greet", BotUttered("earlier"))["text"]
    assert say("utter_greet", BotUttered("earlier"), SessionStarted())["text"].startswith(NOTICE)


def test_nlg_treats_a_response_without_kind_as_medical() -> None:
    generator = nlg()
    generator.responses = {"utter_new": [{"text": "B12 is a vitamin."}]}
    message = asyncio.run(generator.generate("utter_new", tracker(), "rest"))
    assert message is not None and message["text"].endswith(DISCLAIMER)


def test_nlg_small_talk_has_no_disclaimer() -> None:
    assert DISCLAIMER not in say("utter_thank")["text"]


def test_nlg_unknown_response_is_none() -> None:
    assert asyncio.run(nlg().generate("utter_nothing", tracker(), "rest")) is None


def test_nlg_alarm_comes_without_hotlines_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEALTHQA_LEXICON", str(tmp_path))
    text = say("utter_emergency")["text"]
    assert "{" not in text and "local emergency number" in text


@pytest.mark.parametrize("name", ["utter_emergency", "utter_confirm_forget"])
def test_nlg_answer_reaches_channel_code_as_keyword(name: str) -> None:
    channel = Listening()
    domain = Domain.from_dict({"responses": RESPONSES})
    [event] = asyncio.run(ActionBotResponse(name).run(channel, nlg(), tracker(), domain))
    assert isinstance(event, BotUttered)
    again = BotUttered.from_parameters(event.as_dict())
    asyncio.run(channel.send_response("a", again.message()))
    [(text, kwargs)] = channel.calls
    assert kwargs["answer"]["v"] == 1
    assert text == event.text
    if name == "utter_confirm_forget":
        assert kwargs["answer"]["suggestions"] == ["Yes, forget me", "No, keep it"]
        assert all(button["payload"] == button["title"] for button in kwargs["buttons"])
