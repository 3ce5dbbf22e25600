"""Whether a conversation has begun already: at its start the reader is told where the words go."""

from __future__ import annotations

import asyncio

from rasa.core.agent import Agent

from addons.channels._failsafe import log_failure
from addons.channels._remembered import Remembered
from addons.reader_data import StoreUnavailable, reader_data

__all__ = ["AUTOMATED", "FirstContact"]

AUTOMATED = "This is an automated assistant, not a person."
# The assistant's own words in the first reply of a conversation.
_AUTOMATED_ALREADY = "automated assistant"

# Counting one conversation's messages takes a millisecond; a store that takes longer must hold up nobody.
_LOOK_UP_SECONDS = 1.0


class FirstContact:
    """Says it once in a conversation, and again after the conversation was deleted.

    The store knows which conversations have begun. Memory helps where nothing is stored: after a failure, or when the
    store is out of order.

    :param channel: name of the channel, for the log.
    :param notice: what is said.
    """

    def __init__(self, channel: str, notice: str) -> None:
        self._channel = channel
        self._notice = notice
        self._told = Remembered()

    async def notes(self, conversation_id: str, agent: Agent | None) -> list[str]:
        """Return what to tell before the next reply. To be asked before the turn, which the store then knows."""
        if await self.is_stored(conversation_id, agent):
            self._told.discard(conversation_id)
            return []
        return [self._notice] if self._told.add(conversation_id) else []

    def complete(self, notes: list[str], text: str) -> list[str]:
        """Return the notes of `notes`, at first contact with the word that this is automated.

        :param text: what the reader will see; the assistant mostly says it itself, a failure or an alarm does not.
        """
        if self._notice in notes and _AUTOMATED_ALREADY not in text:
            return [AUTOMATED, *notes]
        return notes

    async def is_stored(self, conversation_id: str, agent: Agent | None) -> bool | None:
        """Return whether messages of this conversation are stored; `None` when the store cannot say."""
        try:
            summary = await asyncio.wait_for(reader_data(agent).summary(conversation_id), _LOOK_UP_SECONDS)
        except (StoreUnavailable, asyncio.TimeoutError) as error:
            if agent is not None:
                log_failure(f"{self._channel}: the store cannot say whether a conversation has begun", error)
            return None
        return summary.messages > 0
