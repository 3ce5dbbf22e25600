"""One turn of a conversation, the same for all channels: in order, in time, with an alarm or a sentence at its end."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet, WeakValueDictionary

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.lock_store import LockError
from rasa.shared.core.events import BotUttered

from addons.channels._failsafe import Failsafe, log_failure, with_disclaimer
from addons.channels._offers import find_offer, is_command, is_offer_id, parse_command
from addons.channels._replies import BotMessage, Button, Collector
from addons.channels._text import plain_words
from addons.reader_data import StoreUnavailable, reader_data
from healthqa.types import AnswerKind

__all__ = ["Incoming", "OnNewMessage", "TurnResult", "TurnRunner"]

logger = logging.getLogger(__name__)

OnNewMessage = Callable[[UserMessage], Awaitable[Any]]

# The reader must not wait for the store to hear of an alarm.
_KEEP_SECONDS = 0.5
_STALE_BUTTON = "This button belongs to an earlier conversation. Please type your question instead."


@dataclass(frozen=True)
class Incoming:
    """What a reader sent.

    :param conversation_id: Rasa's sender id.
    :param text: cleaned words (`_text.clean_text`), or the id of a button (`_offers.offer_id`).
    :param message_id: the channel's id of the message; it is stored with it.
    :param metadata: what the channel wants stored with the message; nothing about the person.
    """

    conversation_id: str
    text: str
    message_id: str | None = None
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class TurnResult:
    """What to show the reader, in order; at least one message.

    :param failed: nothing was answered or stored; the one message says so, and a retry is worth it.
    :param alarm: the messages are an alarm: show them at once, and nothing beside them.
    :param forgot: the reader said "forget me" in the chat: what was said before is gone.
    """

    messages: tuple[BotMessage, ...]
    failed: bool = False
    alarm: bool = False
    forgot: bool = False


class TurnRunner:
    """Hands messages to Rasa and never lets a reader wait longer than the time-out, whatever fails behind.

    :param new_output: makes the collector of one turn; its class gives the channel's name.
    :param timeout: seconds until the reader is told that something failed, waiting for earlier turns included.
    :param alarm_timeout: the same for a message in which an alarm was seen.
    """

    def __init__(
        self,
        failsafe: Failsafe,
        new_output: Callable[[], Collector],
        timeout: float = 8.0,
        alarm_timeout: float = 2.0,
    ) -> None:
        self.failsafe = failsafe
        self._new_output = new_output
        self._timeout = timeout
        self._alarm_timeout = min(alarm_timeout, timeout)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._running: defaultdict[str, set[asyncio.Task[None]]] = defaultdict(set)
        self._dropped: WeakSet[asyncio.Task[None]] = WeakSet()

    async def run(self, incoming: Incoming, on_new_message: OnNewMessage, agent: Agent | None) -> TurnResult:
        """Return what to show. Raises nothing; cancelling it cancels the turn, of which nothing is stored then.

        :param agent: Rasa's agent as it is now (`app.ctx.agent`); needed for buttons only.
        """
        button = None
        if is_offer_id(incoming.text):
            try:
                button = await self._offered(incoming, agent)
            except (StoreUnavailable, asyncio.TimeoutError) as error:
                log_failure("a button cannot be looked up", error)
                return TurnResult((self.failsafe.error(),), failed=True)
            if button is None:
                return TurnResult((BotMessage(with_disclaimer(_STALE_BUTTON)),))
        output = self._new_output()
        message = self._user_message(incoming, output, button, agent)
        # The look for an alarm goes on beside the turn: it takes as long as an answer.
        looking = asyncio.ensure_future(self.failsafe.find_alarm(message.text or ""))
        failed = await self._finish(message, output, on_new_message, looking)
        result = self._result(await looking, output.messages, failed)
        if result.alarm and not failed and result.messages[0] not in output.messages:
            await self._keep(incoming.conversation_id, result.messages[0], agent)
        return result

    def shown(self, said: Sequence[BotMessage]) -> TurnResult:
        """Return what the reader was shown in a stored turn in which the assistant said this."""
        return self._result(None, said, not said)

    async def forget(self, conversation_id: str, agent: Agent | None, refuse_until: float = 0.0) -> None:
        """Cancel the turns that run and delete the conversation with its feedback.

        :param refuse_until: time (seconds since 1970) up to which the id is refused; 0: it may be used again.
        :raises StoreUnavailable: when it could not be deleted in time.
        """
        data = reader_data(agent)
        for task in tuple(self._running[conversation_id]):
            self._dropped.add(task)
            task.cancel()

        async def delete() -> None:
            # A turn in another process holds Rasa's own lock.
            async with self._lock(conversation_id), agent.lock_store.lock(conversation_id):
                await data.forget(conversation_id, refuse_until)

        try:
            await asyncio.wait_for(delete(), self._timeout)
        except (asyncio.TimeoutError, LockError) as error:
            raise StoreUnavailable("The conversation could not be deleted in time.") from error

    async def _finish(
        self,
        message: UserMessage,
        output: Collector,
        on_new_message: OnNewMessage,
        looking: asyncio.Future[AnswerKind | None],
    ) -> bool:
        """Run the turn; return whether it failed."""
        begun = time.monotonic()
        task = asyncio.ensure_future(self._turn(message, on_new_message))
        running = self._running[message.sender_id]
        running.add(task)
        try:
            # A turn that takes too long is cancelled: Rasa saves a conversation at the end of the turn, so nothing
            # half-done is left behind and the retry does not wait for its lock.
            limit = self._alarm_timeout if await looking else self._timeout
            await asyncio.wait_for(task, max(0.0, limit - (time.monotonic() - begun)))
        except asyncio.TimeoutError as error:
            log_failure(f"{output.name()}: a turn took too long", error)
            return True
        except asyncio.CancelledError:
            if task not in self._dropped:
                task.cancel()
                raise
            return True
        except Exception as error:
            log_failure(f"{output.name()}: a turn failed", error)
            return True
        finally:
            running.discard(task)
            if not running:
                self._running.pop(message.sender_id, None)
        if not output.messages:
            log_failure(f"{output.name()}: a turn brought no reply (is the action server up?)", RuntimeError())
        return not output.messages

    async def _keep(self, conversation_id: str, alarm: BotMessage, agent: Agent | None) -> None:
        """Store the alarm that stood in for what the assistant said, so that a history shows it too."""

        async def keep() -> None:
            async with self._lock(conversation_id), agent.lock_store.lock(conversation_id):
                tracker = await agent.tracker_store.retrieve(conversation_id)
                if tracker:
                    tracker.update(BotUttered(alarm.text, metadata={"answer": dict(alarm.answer or {})}))
                    await agent.tracker_store.save(tracker)

        try:
            if agent is not None:
                await asyncio.wait_for(keep(), _KEEP_SECONDS)
        except Exception as error:
            log_failure("an alarm was shown but could not be stored", error)

    async def _turn(self, message: UserMessage, on_new_message: OnNewMessage) -> None:
        # Rasa's own lock keeps the order too, but looks only once a second whether it is free.
        async with self._lock(message.sender_id):
            await on_new_message(message)

    def _lock(self, conversation_id: str) -> asyncio.Lock:
        return self._locks.setdefault(conversation_id, asyncio.Lock())

    def _result(self, alarm: AnswerKind | None, said: Sequence[BotMessage], failed: bool) -> TurnResult:
        alarms = tuple(message for message in said if message.is_alarm)
        if alarms:
            return TurnResult(alarms, alarm=True)
        if alarm:
            # Whatever the assistant said or failed to say, the reader sees the alarm, and no article beside it.
            return TurnResult((self.failsafe.alarm(alarm),), alarm=True)
        told = next((message for message in said if self.failsafe.is_error(message)), None)
        if failed or told:
            return TurnResult((self.failsafe.error(told.text if told else ""),), failed=True)
        return TurnResult(tuple(said))

    def _user_message(
        self, incoming: Incoming, output: Collector, button: Button | None, agent: Agent | None
    ) -> UserMessage:
        """Return Rasa's form of the message: words, or the parsed command of a button under the button's words."""
        words, parsed = incoming.text, None
        if button and is_command(button.payload):
            words, parsed = button.title, parse_command(button.payload, agent.domain) if agent else None
            if parsed is None:
                logger.warning("%s: a button's command names an intent that the domain does not have", output.name())
        elif button:
            words = button.payload
        return UserMessage(
            plain_words(words),
            output,
            incoming.conversation_id,
            parse_data=parsed,
            input_channel=output.name(),
            message_id=incoming.message_id,
            metadata=dict(incoming.metadata) if incoming.metadata else None,
        )

    async def _offered(self, incoming: Incoming, agent: Agent | None) -> Button | None:
        """Return the button that the text is the id of, if the assistant offered it in this conversation."""
        reading = reader_data(agent).conversation(incoming.conversation_id)
        tracker = await asyncio.wait_for(reading, self._timeout)
        return find_offer(tracker.events, incoming.text) if tracker else None
