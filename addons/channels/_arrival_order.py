"""Keeps the messages of a conversation in the order in which they came, whatever each has to wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["ArrivalOrder", "Ticket"]


class Ticket:
    """The place of one message in its conversation."""

    def __init__(self, previous: Ticket | None) -> None:
        self._previous = previous
        self._handed_on = asyncio.Event()
        self._answered = asyncio.Event()

    @property
    def is_next(self) -> bool:
        """Whether all messages before this one were handed on."""
        return all(ticket._handed_on.is_set() for ticket in self._before())

    async def wait_until_next(self) -> None:
        """Wait until all messages before this one were handed on."""
        for ticket in self._before():
            await ticket._handed_on.wait()

    def hand_on(self) -> None:
        """Let the next message come; to be called right before this one is handed to the assistant."""
        self._handed_on.set()

    async def wait_for_earlier_answers(self) -> None:
        """Wait until all messages before this one were answered, refused or given up."""
        for ticket in self._before():
            await ticket._answered.wait()

    def close(self) -> None:
        """Give the place up. Does not raise, and may be called at any time."""
        self._handed_on.set()
        self._answered.set()
        if all(ticket._answered.is_set() for ticket in self._before()):
            # Whoever overtook, an alarm, still knows who is on the way before it.
            self._previous = None

    def _before(self) -> Iterator[Ticket]:
        ticket = self._previous
        while ticket:
            yield ticket
            ticket = ticket._previous


class ArrivalOrder:
    """Gives out tickets by conversation; remembers only those in use."""

    def __init__(self) -> None:
        self._latest: dict[str, Ticket] = {}

    @contextmanager
    def ticket(self, conversation_id: str) -> Iterator[Ticket]:
        """Take a place; to be called without waiting for anything after the message came."""
        ticket = self._latest[conversation_id] = Ticket(self._latest.get(conversation_id))
        try:
            yield ticket
        finally:
            ticket.close()
            if self._latest.get(conversation_id) is ticket:
                del self._latest[conversation_id]
