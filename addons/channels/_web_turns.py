"""One turn per message id: a repeated message gets the reply it had, a failed one a new try."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from rasa.core.channels.channel import UserMessage

from addons.channels._failsafe import Failsafe, log_failure
from addons.channels._web_errors import RequestRefused
from addons.channels._web_input import MessageRequest, plain_words
from addons.channels._web_output import WebOutput

__all__ = ["Turns"]

Events = list[dict[str, Any]]
Task = asyncio.Task[Events]
OnNewMessage = Callable[[UserMessage], Awaitable[Any]]

_CONVERSATIONS = 5_000
_REPLIES = 32
_WAITING = 4
_LOOKED_AT = 8
# Replies are kept for a retry only, and the words of the reader not at all: forgetting must not leave them here.
_KEPT_SECONDS = 600.0


@dataclass
class _Conversation:
    """Replies and running turns of one conversation by message id, each with the hash of the message's text."""

    replies: OrderedDict[str, tuple[str, Events]] = field(default_factory=OrderedDict)
    running: dict[str, tuple[str, Task]] = field(default_factory=dict)
    used: float = field(default_factory=time.monotonic)


class Turns:
    """Hands messages to Rasa, each once, and never lets a reader wait longer than the time-out."""

    def __init__(self, failsafe: Failsafe, timeout: float, alarm_timeout: float) -> None:
        self._failsafe = failsafe
        self._timeout = timeout
        self._alarm_timeout = min(alarm_timeout, timeout)
        self._conversations: OrderedDict[str, _Conversation] = OrderedDict()

    def start(self, conversation_id: str, message: MessageRequest, on_new_message: OnNewMessage) -> Task:
        """Return the task whose result is the message's events; it goes on when the browser hangs up.

        :raises RequestRefused: when the id was used for another text, or too many messages wait.
        """
        conversation = self._conversation(conversation_id)
        known = conversation.replies.get(message.id) or conversation.running.get(message.id)
        if known and known[0] != _hash(message.text):
            raise RequestRefused(409, "id_used", "This id belongs to another message: take a new one.")
        if message.id in conversation.running:
            return conversation.running[message.id][1]
        if message.id in conversation.replies:
            return asyncio.ensure_future(_ready(conversation.replies[message.id][1]))
        if len(conversation.running) >= _WAITING:
            raise RequestRefused(429, "too_many", "Please wait for the answer before you ask again.")
        task = asyncio.ensure_future(self._turn(conversation_id, conversation, message, on_new_message))
        conversation.running[message.id] = (_hash(message.text), task)
        return task

    def _conversation(self, conversation_id: str) -> _Conversation:
        conversation = self._conversations.setdefault(conversation_id, _Conversation())
        conversation.used = time.monotonic()
        self._conversations.move_to_end(conversation_id)
        self._let_go()
        return conversation

    def _let_go(self) -> None:
        """Drop conversations that rest, the oldest first, and the oldest when there are too many."""
        limit = time.monotonic() - _KEPT_SECONDS
        for key, conversation in list(itertools.islice(self._conversations.items(), _LOOKED_AT)):
            if conversation.used > limit and len(self._conversations) <= _CONVERSATIONS:
                return
            if not conversation.running:
                del self._conversations[key]

    async def _turn(
        self, conversation_id: str, conversation: _Conversation, message: MessageRequest, on_new_message: OnNewMessage
    ) -> Events:
        try:
            events, final = await self._reply(conversation_id, message, on_new_message)
        finally:
            conversation.running.pop(message.id, None)
        if final:
            # Only what was answered is kept: a retry after a failure is a new turn.
            conversation.replies[message.id] = (_hash(message.text), events)
            while len(conversation.replies) > _REPLIES:
                conversation.replies.popitem(last=False)
        return events

    async def _reply(
        self, conversation_id: str, message: MessageRequest, on_new_message: OnNewMessage
    ) -> tuple[Events, bool]:
        """Return the events of a new turn and whether they answer the message for good."""
        words = plain_words(message.text)
        alarm = self._failsafe.alarm_kind(words)
        output = WebOutput()
        user_message = UserMessage(
            words, output, conversation_id, input_channel=WebOutput.name(), message_id=message.id
        )
        try:
            # A turn that takes too long is cancelled: Rasa saves a conversation at the end of the turn, so nothing
            # half-done is left behind and the retry does not wait for its lock.
            await asyncio.wait_for(on_new_message(user_message), self._alarm_timeout if alarm else self._timeout)
            failed = not output.events
            if failed:
                log_failure("a turn brought no reply (is the action server up?)", RuntimeError())
        except asyncio.TimeoutError as error:
            log_failure("a turn took too long", error)
            failed = True
        except Exception as error:
            log_failure("a turn failed", error)
            failed = True
        if alarm and (failed or not output.alarmed):
            # Whatever the assistant said or failed to say, the reader sees the alarm, and no article beside it.
            return [self._failsafe.alarm_event(alarm), _done()], True
        told = next((event["text"] for event in output.events if self._failsafe.is_error(event["text"])), "")
        if failed or told:
            return [self._failsafe.error_event(told)], False
        return [*output.events, _done()], True


def _done() -> dict[str, Any]:
    return {"v": 1, "event": "done"}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def _ready(events: Events) -> Events:
    return events
