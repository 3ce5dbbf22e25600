"""POST session and messages: turns, retries, limits, tokens."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid

import pytest
import requests
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.nlu.classifiers.regex_message_handler import RegexMessageHandler
from rasa.shared.core.domain import Domain
from rasa.shared.nlu.training_data.message import Message
from web_scripts import hang, reply
from web_server import ANSWER_TEXT, Served, answer, events, say

from addons.channels._web_sessions import SessionTokens
from healthqa.answer import DISCLAIMER


def test_session_tokens_name_different_conversations(web: Served) -> None:
    first = web.post("session", {})
    assert first.status_code == 201
    assert first.json()["expires_in"] > 0
    web.send("one", first.json()["token"])
    web.send("two", web.token())
    web.send("three", first.json()["token"])
    senders = [message.sender_id for message in web.agent.heard]
    assert senders[0] == senders[2] != senders[1]


def test_answer_arrives_whole_with_its_disclaimer_in_one_message(web: Served) -> None:
    async def blank_lines(message: UserMessage) -> None:
        await say(message, f"First part.\n\nSecond part.\n\n{DISCLAIMER}", answer=answer())

    web.agent.script = blank_lines
    typing, message, done = web.send("can low B12 cause twitching?")
    assert typing == {"v": 1, "event": "typing"}
    assert message["text"] == f"First part.\nSecond part.\n{DISCLAIMER}"
    assert message["answer"]["kind"] == "answer"
    assert done == {"v": 1, "event": "done"}


def test_bundled_collecting_channel_splits_the_same_answer() -> None:
    """The defect that the channel cures: the disclaimer would arrive alone."""
    channel = CollectingOutputChannel()
    asyncio.run(channel.send_response("x", {"text": f"First part.\n\n{DISCLAIMER}"}))
    assert len(channel.messages) == 2


@pytest.mark.parametrize("kind", ["answer", "refuse", "clarify", "emergency", ""])
def test_disclaimer_is_added_where_an_action_forgot_it(web: Served, kind: str) -> None:
    async def forgetful(message: UserMessage) -> None:
        await say(message, "Twitching can come from low B12.", answer=answer(kind) if kind else None)

    web.agent.script = forgetful
    assert web.send("why?")[1]["text"].endswith(f"\n{DISCLAIMER}")


def test_small_talk_carries_no_disclaimer(web: Served) -> None:
    assert DISCLAIMER not in web.send("hello")[1]["text"]


def test_repeated_id_gets_the_same_reply_and_no_second_turn(web: Served) -> None:
    web.agent.script = reply
    token, message_id = web.token(), uuid.uuid4().hex
    first = web.send("can low B12 cause twitching?", token, message_id)
    assert web.send("can low B12 cause twitching?", token, message_id) == first
    assert len(web.agent.heard) == 1


def test_repeated_id_joins_the_turn_in_flight(web: Served) -> None:
    async def slowly(message: UserMessage) -> None:
        await asyncio.sleep(0.4)
        await reply(message)

    web.agent.script = slowly
    token, message_id = web.token(), uuid.uuid4().hex
    replies: list[object] = []
    threads = [
        threading.Thread(target=lambda: replies.append(web.send("twitching?", token, message_id)[1:])) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(web.agent.heard) == 1
    assert replies[0] == replies[1] == replies[2]


def test_browser_that_hangs_up_does_not_stop_the_turn(web: Served) -> None:
    finished = threading.Event()

    async def slowly(message: UserMessage) -> None:
        await asyncio.sleep(0.4)
        await reply(message)
        finished.set()

    web.agent.script = slowly
    body = {"token": web.token(), "id": uuid.uuid4().hex, "text": "twitching?"}
    with requests.post(f"{web.address}messages", json=body, stream=True, timeout=5) as response:
        next(response.iter_lines())
    assert finished.wait(3)
    again = events(web.post("messages", body))
    assert again[1]["answer"]["kind"] == "answer"
    assert len(web.agent.heard) == 1


def test_same_id_with_other_words_is_refused(web: Served) -> None:
    token = web.token()
    web.send("one", token, "same")
    response = web.post("messages", {"token": token, "id": "same", "text": "two"})
    assert response.status_code == 409
    assert response.json()["error"]["code"] == "id_used"


def test_same_id_in_another_conversation_is_another_message(web: Served) -> None:
    web.send("one", web.token(), "same")
    assert web.send("two", web.token(), "same")[1]["text"] == "heard: two"


def test_too_many_waiting_messages_are_refused(web: Served) -> None:
    web.agent.script = hang
    token = web.token()
    threads = [threading.Thread(target=web.send, args=(f"question {number}", token)) for number in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.4)
    assert web.post("messages", {"token": token, "id": "fifth", "text": "hello"}).status_code == 429
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("text", ["/restart", "/session_start", '/ask_dose{"x":"y"}', " //restart", "\u200b/restart"])
def test_command_reaches_rasa_as_plain_words(web: Served, text: str) -> None:
    web.send(text)
    heard = web.agent.heard[0].text
    assert not heard.startswith("/")
    domain = Domain.from_yaml("intents: [restart, session_start, ask_dose]")
    parsed = RegexMessageHandler().process([Message({"text": heard})], domain)[0]
    assert parsed.get("intent") is None
    assert RegexMessageHandler().process([Message({"text": "/restart"})], domain)[0].get("intent") is not None


def test_slash_alone_is_no_question(web: Served) -> None:
    response = web.post("messages", {"token": web.token(), "id": "1", "text": " / "})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "text_empty")


def test_control_and_invisible_characters_are_removed(web: Served) -> None:
    web.send("low\x00 B12\x1b[31m\u202e and\ncramps\ud800?")
    assert web.agent.heard[0].text == "low B12[31m and cramps?"


def test_joined_emoji_and_other_scripts_stay(web: Served) -> None:
    text = "क्‍ष 👩‍⚕️ ¿qué?"
    web.send(text)
    assert web.agent.heard[0].text == text


@pytest.mark.parametrize(
    ("length", "status"), [(1, 200), (2000, 200), (2001, 400), (15000, 400)], ids=["1", "2000", "2001", "15000"]
)
def test_text_length_is_limited(web: Served, length: int, status: int) -> None:
    response = web.post("messages", {"token": web.token(), "id": str(length), "text": "a" * length})
    assert response.status_code == status


@pytest.mark.parametrize("path", ["messages", "session"])
def test_large_body_is_refused(web: Served, path: str) -> None:
    response = web.post(path, {"token": "x", "id": "1", "text": "a" * 17_000})
    assert (response.status_code, response.json()["error"]["code"]) == (413, "body_too_large")


def test_large_body_without_announced_length_is_refused(web: Served) -> None:
    chunks = (b"a" * 1000 for _ in range(40))
    try:
        response = requests.post(f"{web.address}messages", data=chunks, timeout=10)
    except requests.ConnectionError:
        return  # closed while still sending: refused as well
    assert response.status_code == 413


def test_reply_is_kept_for_a_retry_only_and_without_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    from addons.channels import _web_turns
    from addons.channels._failsafe import Failsafe
    from addons.channels._turns import Incoming, TurnRunner
    from addons.channels._web_output import WebOutput

    async def run() -> tuple[str, int]:
        turns, runner = _web_turns.RepeatSafeTurns(), TurnRunner(Failsafe(), WebOutput, 1, 1)
        for conversation_id, text in (("first", "my secret worry"), ("second", "hello")):
            incoming = Incoming(conversation_id, text, "1")
            await turns.start(incoming, lambda incoming=incoming: runner.run(incoming, reply, None))
            if conversation_id == "first":
                kept = repr(turns._conversations["first"])
                monkeypatch.setattr(_web_turns, "_KEPT_SECONDS", -1.0)
        return kept, len(turns._conversations)

    kept, conversations = asyncio.run(run())
    assert "secret worry" not in kept
    assert ANSWER_TEXT in kept
    assert conversations <= 1


FORGED = SessionTokens("x" * 40, 1).issue()[0]


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", FORGED], ids=["nonsense", "three parts", "another key"])
def test_forged_token_is_refused(web: Served, token: str) -> None:
    response = web.post("messages", {"token": token, "id": "1", "text": "hello"})
    assert (response.status_code, response.json()["error"]["code"]) == (401, "session_invalid")


def test_expired_token_says_so() -> None:
    from addons.channels._web_errors import RequestRefused

    tokens = SessionTokens("x" * 40, -1)
    with pytest.raises(RequestRefused) as refused:
        tokens.read(tokens.issue()[0])
    assert (refused.value.status, refused.value.code) == (401, "session_expired")
