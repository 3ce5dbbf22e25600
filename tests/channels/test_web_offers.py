"""Commands behind buttons: only those that the assistant offered in this conversation, and nothing that is typed."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from rasa.core.channels.channel import UserMessage
from web_server import DOMAIN, FakeAgent, Served, Server, say, settings

from addons.channels._offers import find_offer, is_offer_id, offer_id, parse_command
from addons.channels._replies import Button
from healthqa.answer import DISCLAIMER

COMMAND = '/ask_diagnosis{"test": "blood test"}'
BUTTONS = [
    {"title": "How is it diagnosed?", "payload": COMMAND},
    {"title": "Yes", "payload": "yes"},
    {"title": "No payload"},
]


async def offer(message: UserMessage) -> None:
    await say(message, "Go on?", buttons=BUTTONS, metadata={"kind": "smalltalk"})


def offered(web: Served, token: str) -> str:
    web.agent.script = offer
    return web.send("hello", token)[1]["buttons"][0]["payload"]


def intent_of(message: UserMessage) -> str | None:
    return message.parse_data and message.parse_data["intent"]["name"]


def test_buttons_show_words_and_never_a_command(web: Served) -> None:
    web.agent.script = offer
    first, second, third = web.send("hello")[1]["buttons"]
    assert first["title"] == "How is it diagnosed?"
    assert is_offer_id(first["payload"])
    assert second == {"title": "Yes", "payload": "yes"}
    assert third == {"title": "No payload", "payload": "No payload"}


def test_offered_button_runs_its_command_under_its_own_words(web: Served) -> None:
    token = web.token()
    web.send(offered(web, token), token)
    heard = web.agent.heard[-1]
    assert heard.text == "How is it diagnosed?"
    assert intent_of(heard) == "ask_diagnosis"
    assert [(entity["entity"], entity["value"]) for entity in heard.parse_data["entities"]] == [("test", "blood test")]


def test_button_of_another_conversation_runs_nothing(web: Served) -> None:
    payload = offered(web, web.token())
    web.agent.heard.clear()
    message = web.send(payload)[1]
    assert web.agent.heard == []
    assert "Please type your question" in message["text"]
    assert message["text"].endswith(DISCLAIMER)


@pytest.mark.parametrize("text", [COMMAND, "/restart", "button:0123", "BUTTON:c7cf34873d9165f61f73", "see button:1"])
def test_typed_command_is_plain_words_even_where_a_button_offers_it(web: Served, text: str) -> None:
    token = web.token()
    offered(web, token)
    web.send(text, token)
    heard = web.agent.heard[-1]
    assert heard.parse_data is None
    assert heard.text == text.lstrip("/")


def test_offer_holds_after_a_restart(tmp_path: Path) -> None:
    credentials = {"secret": "s" * 40}
    with Server(FakeAgent(tmp_path), settings(tmp_path), **credentials) as before:
        token = before.token()
        payload = offered(before, token)
    with Server(FakeAgent(tmp_path), settings(tmp_path), **credentials) as after:
        after.send(payload, token)
        assert intent_of(after.agent.heard[-1]) == "ask_diagnosis"


def test_command_of_an_intent_that_is_gone_becomes_the_words_on_the_button(
    web: Served, caplog: pytest.LogCaptureFixture
) -> None:
    async def old(message: UserMessage) -> None:
        await say(message, "Go on?", buttons=[{"title": "Old one", "payload": "/no_such_intent"}])

    caplog.set_level(logging.WARNING)
    web.agent.script = old
    token = web.token()
    payload = web.send("hello", token)[1]["buttons"][0]["payload"]
    with pytest.warns(UserWarning, match="no_such_intent"):
        assert parse_command("/no_such_intent", DOMAIN) is None
    web.send(payload, token)
    assert (web.agent.heard[-1].text, web.agent.heard[-1].parse_data) == ("Old one", None)
    assert any("does not have" in record.getMessage() for record in caplog.records)


def test_button_while_the_store_is_out_of_order_can_be_retried(tmp_path: Path) -> None:
    agent = FakeAgent(tmp_path)
    with Server(agent, settings(tmp_path)) as web:
        token = web.token()
        payload = offered(web, token)
        agent.store.file.close()
        stored = tmp_path / "conversations.db"
        kept = stored.read_bytes()
        stored.write_bytes(b"this is no database" * 100)
        *_, last = web.send(payload, token, "b1")
        assert (last["event"], last["retry"]) == ("error", True)
        for path in tmp_path.glob("conversations.db*"):
            path.unlink()
        stored.write_bytes(kept)
        web.send(payload, token, "b1")
        assert intent_of(agent.heard[-1]) == "ask_diagnosis"


def test_every_id_fits_telegram() -> None:
    long = Button("Ω" * 300, "/ask_diagnosis" + "Ω" * 3000)
    assert len(offer_id(long).encode()) <= 64
    assert is_offer_id(offer_id(long))
    assert offer_id(long) != offer_id(Button("Ω" * 300, "/ask_symptoms"))
    assert find_offer([], offer_id(long)) is None
