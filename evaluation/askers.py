"""Ways to put a question to the assistant: the core alone, or the running servers over HTTP."""

from __future__ import annotations

import json
import urllib.request
import uuid
from dataclasses import dataclass
from typing import Protocol

from healthqa.assistant import Assistant
from healthqa.errors import HealthQAError
from healthqa.followup import remembered
from healthqa.types import Answer, Context

__all__ = ["Asker", "CoreAsker", "Reply", "RestAsker", "ServerError"]

_TIMEOUT_SECONDS = 60


class ServerError(HealthQAError):
    """The server that was to be measured does not answer, or is no Rasa server."""


@dataclass(frozen=True)
class Reply:
    """What came back.

    :param messages: the texts as the reader gets them; none: nothing came at all.
    :param context: what the conversation had come to when the question was asked, where that is known.
    """

    messages: tuple[str, ...]
    context: Context | None = None

    @property
    def text(self) -> str:
        """All messages, one below the other."""
        return "\n".join(self.messages)


class Asker(Protocol):
    """Asks one thing after another in one conversation until `start` opens the next."""

    @property
    def talks(self) -> bool:
        """Whether it answers small talk at all."""

    def start(self) -> None:
        """Open a new conversation."""

    def ask(self, text: str) -> Reply:
        """Send the reader's words and wait for the reply."""


class CoreAsker:
    """The core without Rasa: no intents, no small talk, follow-ups from the last answer only."""

    talks = False

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._context = Context()

    def start(self) -> None:
        """Forget the last answer."""
        self._context = Context()

    def ask(self, text: str) -> Reply:
        """Reply as `healthqa ask` does."""
        before = self._context
        answer: Answer = self._assistant.reply(text, before)
        self._context = remembered(before, answer)
        return Reply((answer.text,), before)


class RestAsker:
    """The running servers, over Rasa's `rest` channel.

    :param base: address of the Rasa server, such as `http://127.0.0.1:5005`.
    :raises ServerError: for something that is no address.
    """

    talks = True

    def __init__(self, base: str) -> None:
        if not base.startswith(("http://", "https://")):
            raise ServerError(f"{base} is no address: --server takes one like http://127.0.0.1:5005.")
        self._url = f"{base.rstrip('/')}/webhooks/rest/webhook"
        self.start()

    def start(self) -> None:
        """Take a new conversation id, and let its first message carry the automated notice."""
        self._sender = f"evaluation-{uuid.uuid4().hex}"

    def ask(self, text: str) -> Reply:
        """Post the words.

        :raises ServerError: when the server does not answer, or not as Rasa's `rest` channel does.
        """
        body = json.dumps({"sender": self._sender, "message": text}).encode()
        request = urllib.request.Request(self._url, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:
                messages = json.loads(response.read())
            return Reply(tuple(message["text"] for message in messages if message.get("text")))
        except OSError as error:
            why = getattr(error, "reason", error)
            raise ServerError(f"{self._url} does not answer ({why}). Start the servers: `make run`.") from error
        except (ValueError, AttributeError, TypeError, KeyError) as error:
            raise ServerError(f"{self._url} is no `rest` channel of Rasa: name the Rasa server's address.") from error
