"""What the `slack` channel does with one message: limits first, alarms before them, then a turn with Rasa."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from rasa.core.agent import Agent

from addons.channels._arrival_order import ArrivalOrder, Ticket
from addons.channels._failsafe import log_failure, with_disclaimer
from addons.channels._first_contact import FirstContact
from addons.channels._rate_limits import RateLimits, parse_rate
from addons.channels._remembered import Remembered
from addons.channels._replies import BotMessage, Collector
from addons.channels._sentences import BUSY, TOO_LONG, TOO_MANY, WAITING, WORDS_ONLY
from addons.channels._slack_events import Received
from addons.channels._slack_render import render
from addons.channels._slack_sender import Sender
from addons.channels._slack_settings import SlackSettings
from addons.channels._text import TEXT_LIMIT
from addons.channels._turns import Incoming, OnNewMessage, TurnResult, TurnRunner

__all__ = ["FIRST_CONTACT", "Replies", "SlackOutput"]

FIRST_CONTACT = "Messages here pass through Slack's servers: please leave out names and personal details."
TEXT_ONLY = "I can read text only. Please type your question."


class SlackOutput(Collector):
    """Collects one turn's messages."""

    @classmethod
    def name(cls) -> str:
        """Return the channel's name, as Rasa stores it with each message."""
        return "slack"


class Replies:
    """Answers what readers send.

    :param agent: gives Rasa's agent now; it is another one after a model was loaded.
    """

    def __init__(
        self,
        slack: SlackSettings,
        runner: TurnRunner,
        sender: Sender,
        on_new_message: OnNewMessage,
        agent: Callable[[], Agent | None],
    ) -> None:
        self._runner = runner
        self._sender = sender
        self._on_new_message = on_new_message
        self._agent = agent
        self._contact = FirstContact("slack", FIRST_CONTACT)
        self._limits = RateLimits(slack.redis_url, slack.signing_secret)
        self._conversation_rate = parse_rate("slack-conversation", slack.conversation_limit)
        self._user_rate = parse_rate("slack-user", slack.user_limit)
        self._hint_rate = parse_rate("slack-hint", "1/minute")
        self._running: Counter[str] = Counter()
        self._presses: set[tuple[str, str]] = set()
        # Conversations of this process, and those of them whose first turn failed or still goes on.
        self._threads = Remembered()
        self._unstored = Remembered()
        self._order = ArrivalOrder()

    async def reply(self, received: Received) -> None:
        """Answer one message; whatever happens the reader gets a sentence."""
        conversation = received.place.conversation_id
        press = (conversation, received.text)
        if received.choice and press in self._presses:
            return
        self._running[conversation] += 1
        if received.choice:
            self._presses.add(press)
        is_busy = self._running[conversation] > WAITING
        try:
            with self._order.ticket(conversation) as ticket:
                await self._answer(received, ticket, is_busy)
        except Exception as error:
            log_failure("slack: a message was not answered", error)
            said = await self._runner.failsafe.alarm_or_error(received.text)
            await self._sender.send(received.place, render(said), said.is_alarm)
        finally:
            self._running -= Counter([conversation])
            if received.choice:
                self._presses.discard(press)

    async def _answer(self, received: Received, ticket: Ticket, is_busy: bool) -> None:
        if not ticket.is_next and not await self._runner.failsafe.find_alarm(received.text):
            await ticket.wait_until_next()  # an alarm waits for nobody
        if not await self._takes_part(received):
            return
        refused = await self._refusal(received, is_busy)
        if refused is not None and not refused.text:
            return
        notes = await self._contact.notes(received.place.conversation_id, self._agent())
        ticket.hand_on()
        if refused is not None:
            result = TurnResult((refused,), alarm=refused.is_alarm)
        else:
            incoming = Incoming(received.place.conversation_id, received.text, message_id=received.message_id)
            result = await self._runner.run(incoming, self._on_new_message, self._agent())
            notes += [WORDS_ONLY] if received.unreadable else []
        if not result.alarm:
            await ticket.wait_for_earlier_answers()
        await self._send(received, result, notes)
        if received.place.is_shared:
            await self._note_stored(received)

    async def _takes_part(self, received: Received) -> bool:
        """Say whether a message is meant for the assistant: it was named, or it was in this thread before."""
        conversation = received.place.conversation_id
        if received.is_addressed:
            if self._threads.add(conversation):
                self._unstored.add(conversation)
            return True
        stored = await self._contact.is_stored(conversation, self._agent())
        if stored is None:
            return conversation in self._threads
        if not stored and conversation not in self._unstored:
            self._threads.discard(conversation)  # deleted: it begins anew with a mention
            return False
        return True

    async def _note_stored(self, received: Received) -> None:
        """Leave it to the store how long a thread goes on, once it knows the thread."""
        conversation = received.place.conversation_id
        if conversation in self._unstored and await self._contact.is_stored(conversation, self._agent()):
            self._unstored.discard(conversation)

    async def _refusal(self, received: Received, is_busy: bool) -> BotMessage | None:
        """Return the sentence for what is not handed to Rasa, an empty one for silence; `None`: hand it over."""
        sentence = await self._reason(received, is_busy)
        if not sentence:
            return None
        alarm = await self._runner.failsafe.find_alarm(received.text, thorough=sentence != TOO_MANY)
        if alarm:
            return self._runner.failsafe.alarm(alarm)
        told = f"{received.place.conversation_id}:{received.place.user}"
        if sentence != TOO_LONG and await self._limits.hit([(self._hint_rate, told)]):
            return BotMessage("")
        return BotMessage(with_disclaimer(sentence))

    async def _reason(self, received: Received, is_busy: bool) -> str:
        place = received.place
        counted = [(self._conversation_rate, place.conversation_id), (self._user_rate, place.user)]
        if await self._limits.hit(counted):
            return TOO_MANY
        if is_busy:
            return BUSY
        if len(received.text) > TEXT_LIMIT:
            return TOO_LONG
        return TEXT_ONLY if received.unreadable and not received.text else ""

    async def _send(self, received: Received, result: TurnResult, notes: list[str]) -> None:
        first, *others = result.messages
        outgoing = render(first, self._contact.complete(notes, first.text), received.choice)
        for message in others:
            outgoing += render(message)
        await self._sender.send(received.place, outgoing, result.alarm)
