"""One turn per message id: a repeated message gets the reply it had, a failed one a new try."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from addons.channels._turns import Incoming, TurnResult
from addons.channels._web_errors import RequestRefused

__all__ = ["RepeatSafeTurns"]

Task = asyncio.Task[TurnResult]

_CONVERSATIONS = 5_000
_REPLIES = 32
_WAITING = 4
_WAITING_SECONDS = 2
_LOOKED_AT = 8
# Replies are kept for a retry only, and the words of the reader not at all: forgetting must not leave them here.
_KEPT_SECONDS = 600.0


@dataclass
class _Conversation:
    """Replies and running turns of one conversation by message id, each with the hash of the message's text."""

    replies: OrderedDict[str, tuple[str, TurnResult]] = field(default_factory=OrderedDict)
    running: dict[str, tuple[str, Task]] = field(default_factory=dict)
    used: float = field(default_factory=time.monotonic)


class RepeatSafeTurns:
    """Starts the turn of a message at most once."""

    def __init__(self) -> None:
        self._conversations: OrderedDict[str, _Conversation] = OrderedDict()

    def start(self, incoming: Incoming, turn: Callable[[], Awaitable[TurnResult]]) -> Task:
        """Return the task whose result is the message's reply; it goes on when the browser hangs up.

        :param turn: what makes the reply, where this is no repeat.
        :raises RequestRefused: when the id was used for another text, or too many messages wait.
        """
        message_id, text_hash = incoming.message_id or "", _hash(incoming.text)
        conversation = self._conversation(incoming.conversation_id)
        known = conversation.replies.get(message_id) or conversation.running.get(message_id)
        if known and known[0] != text_hash:
            raise RequestRefused(409, "id_used", "This id belongs to another message: take a new one.")
        if message_id in conversation.running:
            return conversation.running[message_id][1]
        if message_id in conversation.replies:
            return asyncio.ensure_future(_ready(conversation.replies[message_id][1]))
        if len(conversation.running) >= _WAITING:
            raise RequestRefused(
                429, "too_many_waiting", "Please wait for the answer before you ask again.", _WAITING_SECONDS
            )
        task = asyncio.ensure_future(self._keep(conversation, message_id, text_hash, turn()))
        conversation.running[message_id] = (text_hash, task)
        return task

    async def settled(self, conversation_id: str) -> None:
        """Wait until the turns of a conversation that run now have ended; each has its own limit of time."""
        conversation = self._conversations.get(conversation_id)
        if conversation is not None and conversation.running:
            await asyncio.wait({task for _, task in conversation.running.values()})

    def forget(self, conversation_id: str) -> None:
        """Drop the replies of a conversation; a turn that still runs keeps none either."""
        self._conversations.pop(conversation_id, None)

    def forget_replies(self, conversation_id: str) -> None:
        """Drop the replies of a conversation that goes on."""
        conversation = self._conversations.get(conversation_id)
        if conversation is not None:
            conversation.replies.clear()

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

    async def _keep(
        self, conversation: _Conversation, message_id: str, text_hash: str, turn: Awaitable[TurnResult]
    ) -> TurnResult:
        try:
            result = await turn
        finally:
            conversation.running.pop(message_id, None)
        if not result.failed:
            # Only what was answered is kept: a retry after a failure is a new turn.
            conversation.replies[message_id] = (text_hash, result)
            while len(conversation.replies) > _REPLIES:
                conversation.replies.popitem(last=False)
        return result


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def _ready(result: TurnResult) -> TurnResult:
    return result
