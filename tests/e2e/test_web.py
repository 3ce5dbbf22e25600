"""The `web` channel over real HTTP with real servers: the two questions, and forgetting."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest

from healthqa.answer import DISCLAIMER
from tests.e2e.conftest import Servers, stored_bytes

pytestmark = pytest.mark.slow


class Chat:
    """One session of the chat page."""

    def __init__(self, servers: Servers) -> None:
        self._base = f"{servers.url}/webhooks/web"
        self._sent = 0
        self._token = json.loads(self._post("session", {}))["token"]

    def _post(self, path: str, body: dict[str, Any]) -> bytes:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._base}/{path}", json.dumps(body).encode(), headers, method="POST")
        with urllib.request.urlopen(request, timeout=60) as response:
            return bytes(response.read())

    def say(self, text: str) -> list[dict[str, Any]]:
        self._sent += 1
        lines = self._post("messages", {"token": self._token, "id": str(self._sent), "text": text}).splitlines()
        events = [json.loads(line) for line in lines]
        assert events[-1]["event"] == "done", events
        return [event for event in events if event["event"] == "message"]


def test_web_answers_the_two_questions_in_one_message_each(servers: Servers) -> None:
    chat = Chat(servers)
    for question, word in (("can low B12 cause twitching?", "twitch"), ("how is it diagnosed?", "blood")):
        (message,) = chat.say(question)
        assert word in message["text"].lower() and "\nSource: " in message["text"]
        assert message["text"].rstrip().endswith(DISCLAIMER)
        assert message["answer"]["v"] == 1 and message["answer"]["kind"] == "answer"
        assert message["answer"]["passages"] and message["answer"]["disclaimer"] == DISCLAIMER


def test_web_forget_me_leaves_no_word_in_database_and_write_ahead_log(servers: Servers) -> None:
    secret, chat = "flamingotrombone", Chat(servers)
    chat.say(f"can low B12 cause twitching? I am {secret}")
    assert secret.encode() in stored_bytes(servers.data), "nothing was stored, so this test would prove nothing"
    chat.say("forget me")
    assert "deleted" in chat.say("Yes, forget me")[0]["text"]
    assert secret.encode() not in stored_bytes(servers.data)
