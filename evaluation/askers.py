"""Ways to put a question to the assistant: the core alone, or the running servers over HTTP."""

from __future__ import annotations

import json
import urllib.request
import uuid
from dataclasses import dataclass
from typing import Protocol

from healthqa.assistant import Assistant
from healthqa.types import Answer, Context

__all__ = ["Asker", "CoreAsker", "Reply", "RestAsker"]

_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Reply:
    """What came back: the whole text, and how many messages it came in (0: nothing at all)."""

    text: str
    messages: int


class Asker(Protocol):
    """Asks one thing after another in one conversation until `start` opens the next."""

    def start(self) -> None:
        """Open a new conversation."""

    def ask(self, text: str) -> Reply:
        """Send the reader's words and wait for the reply."""


class CoreAsker:
    """The core without Rasa: no intents, follow-ups from the last answer only."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._context = Context()

    def start(self) -> None:
        """Forget the last answer."""
        self._context = Context()

    def ask(self, text: str) -> Reply:
        """Reply as `healthqa ask` does."""
        answer: Answer = self._assistant.reply(text, self._context)
        if answer.passages:
            shown = tuple(hit.passage.id for hit in answer.passages)
            self._context = Context(topic=answer.topic, last_question=answer.question, last_passages=shown)
        return Reply(answer.text, 1)


class RestAsker:
    """The running servers, over Rasa's `rest` channel.

    :param base: address of the Rasa server, such as `http://127.0.0.1:5005`.
    """

    def __init__(self, base: str) -> None:
        self._url = f"{base.rstrip('/')}/webhooks/rest/webhook"
        self.start()

    def start(self) -> None:
        """Take a new conversation id, and let its first message carry the automated notice."""
        self._sender = f"evaluation-{uuid.uuid4().hex}"

    def ask(self, text: str) -> Reply:
        """Post the words; several messages are joined.

        :raises OSError: when the server does not answer.
        """
        body = json.dumps({"sender": self._sender, "message": text}).encode()
        request = urllib.request.Request(self._url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:
            messages = json.loads(response.read())
        return Reply("\n".join(message.get("text", "") for message in messages), len(messages))
