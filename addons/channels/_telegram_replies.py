"""What the `telegram` channel does with one message: limits first, alarms before them, then a turn with Rasa."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rasa.core.agent import Agent

from addons.channels._arrival_order import ArrivalOrder, Ticket
from addons.channels._failsafe import log_failure, with_disclaimer
from addons.channels._first_contact import FirstContact
from addons.channels._offers import is_offer_id
from addons.channels._rate_limits import RateLimits, parse_rate
from addons.channels._remembered import Remembered
from addons.channels._replies import BotMessage, Collector
from addons.channels._sentences import BUSY, TOO_LONG, TOO_MANY, WAITING, WORDS_ONLY
from addons.channels._telegram_render import Outgoing, render
from addons.channels._telegram_sender import Sender
from addons.channels._telegram_settings import TelegramSettings
from addons.channels._telegram_updates import Received
from addons.channels._text import TEXT_LIMIT
from addons.channels._turns import Incoming, OnNewMessage, TurnRunner

__all__ = ["FIRST_CONTACT", "Replies", "TelegramOutput"]

FIRST_CONTACT = "Messages in this chat pass through Telegram's servers: please leave out names and personal details."
TEXT_ONLY = "This automated assistant can read text only. Please type your question."


class TelegramOutput(Collector):
    """Collects one turn's messages."""

    @classmethod
    def name(cls) -> str:
        """Return the channel's name, as Rasa stores it with each message."""
        return "telegram"


class Replies:
    """Answers what readers send.

    :param agent: gives Rasa's agent now; it is another one after a model was loaded.
    """

    def __init__(
        self,
        telegram: TelegramSettings,
        runner: TurnRunner,
        sender: Sender,
        on_new_message: OnNewMessage,
        agent: Callable[[], Agent | None],
    ) -> None:
        self._runner = runner
        self._sender = sender
        self._on_new_message = on_new_message
        self._agent = agent
        self._contact = FirstContact("telegram", FIRST_CONTACT)
        self._limits = RateLimits(telegram.redis_url, telegram.token)
        self._rate = parse_rate("telegram-chat", telegram.rate_limit)
        self._hint_rate = parse_rate("telegram-hint", "1/minute")
        self._running: dict[str, list[int]] = {}
        self._used_keyboards = Remembered()
        self._order = ArrivalOrder()

    async def reply(self, received: Received) -> None:
        """Answer one message; whatever happens the reader gets a sentence."""
        # Beside the answer: neither waits for the other where Telegram asks for a pause.
        confirming = asyncio.ensure_future(self._confirm(received))
        if await self._answer(received) and received.callback_id:
            await self._sender.remove_keyboard(received.chat, received.message_id)
        await confirming

    async def _confirm(self, received: Received) -> None:
        if received.callback_id:
            await self._sender.answer_press(received.callback_id)

    async def _answer(self, received: Received) -> bool:
        """Say whether the message was answered, not refused and not passed over."""
        conversation = received.chat.conversation_id
        running = self._running.setdefault(conversation, [])
        running.append(received.update_id)
        try:
            with self._order.ticket(conversation) as ticket:
                if received.callback_id:
                    return await self._press(received, ticket)
                return await self._message(received, received.text, ticket)
        except Exception as error:
            log_failure("telegram: a message was not answered", error)
            said = await self._runner.failsafe.alarm_or_error(received.text)
            await self._send(received, render(said), at_once=said.is_alarm)
            return False
        finally:
            running.remove(received.update_id)
            if not running:
                self._running.pop(conversation, None)

    async def _press(self, received: Received, ticket: Ticket) -> bool:
        """Take the first press on a keyboard; a turn that fails leaves the keyboard for another one."""
        key = (received.chat.id, received.message_id)
        if not self._used_keyboards.add(key):
            return False
        answered = False
        try:
            words = received.button if is_offer_id(received.button) else received.text
            answered = await self._message(received, words, ticket)
        finally:
            if not answered:
                self._used_keyboards.discard(key)
        return answered

    async def _message(self, received: Received, words: str, ticket: Ticket) -> bool:
        refused = await self._refusal(received)
        if refused is None:
            return await self._turn(received, words, ticket)
        if refused.text:
            notes = await self._contact.notes(received.chat.conversation_id, self._agent())
            outgoing = render(refused, self._contact.complete(notes, refused.text))
            await self._send(received, outgoing, at_once=refused.is_alarm)
        return False

    async def _refusal(self, received: Received) -> BotMessage | None:
        """Return the sentence for what is not handed to Rasa, an empty one for silence; `None`: hand it over."""
        conversation = received.chat.conversation_id
        if await self._limits.hit([(self._rate, conversation)]):
            sentence = TOO_MANY
        elif len(self._running.get(conversation, ())) > WAITING:
            sentence = BUSY
        elif len(received.text) > TEXT_LIMIT:
            sentence = TOO_LONG
        elif received.unreadable and not received.text:
            sentence = TEXT_ONLY
        else:
            return None
        alarm = await self._runner.failsafe.find_alarm(received.text, thorough=sentence != TOO_MANY)
        if alarm:
            return self._runner.failsafe.alarm(alarm)
        if sentence != TOO_LONG and await self._limits.hit([(self._hint_rate, conversation)]):
            return BotMessage("")
        return BotMessage(with_disclaimer(sentence))

    async def _turn(self, received: Received, text: str, ticket: Ticket) -> bool:
        """Hand the words to Rasa and send what comes back; say whether they were answered."""
        agent = self._agent()
        conversation = received.chat.conversation_id
        if not ticket.is_next and not await self._runner.failsafe.find_alarm(text):
            await ticket.wait_until_next()  # an alarm waits for nobody
        async with self._sender.typing(received.chat):
            notes = await self._contact.notes(conversation, agent)
            incoming = Incoming(conversation, text, message_id=str(received.update_id))
            ticket.hand_on()
            result = await self._runner.run(incoming, self._on_new_message, agent)
        if not result.alarm:
            await ticket.wait_for_earlier_answers()
        first, *others = result.messages
        notes = self._contact.complete(notes, first.text) + ([WORDS_ONLY] if received.unreadable else [])
        outgoing = render(first, notes, choice=received.text if received.callback_id else "")
        for said in others:
            outgoing += render(said)
        await self._send(received, outgoing, at_once=result.alarm)
        return not result.failed

    async def _send(self, received: Received, messages: list[Outgoing], at_once: bool = False) -> None:
        """Send to where the message came from; as an answer to it where it is not plain what is answered."""
        running = self._running.get(received.chat.conversation_id) or [received.update_id]
        unclear = received.chat.is_group or received.edited or running[-1] != received.update_id
        reply_to = received.message_id if unclear and not received.callback_id else None
        await self._sender.send(received.chat, messages, reply_to, at_once)
