"""One or more channels served in a thread, and ways to slow down what they wait for."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TypeVar

import pytest
from web_server import FakeAgent, Serving

from addons.channels._failsafe import Failsafe

Self = TypeVar("Self", bound="ChannelServer")


class ChannelServer(Serving):
    """Serves channels, ours or Rasa's own; use as a context manager."""

    def __enter__(self: Self) -> Self:
        super().__enter__()
        return self


def wait_for_log(caplog: pytest.LogCaptureFixture, words: str, seconds: float = 10) -> logging.LogRecord:
    """Return the first record with these words."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for record in caplog.records:
            if words in record.getMessage():
                return record
        time.sleep(0.02)
    raise AssertionError(f"{words!r} is not in the log:\n{caplog.text}")


def slow_look_ups(patch: pytest.MonkeyPatch, agent: FakeAgent, *seconds: float) -> None:
    """Let the store take its time with the first questions whether a conversation has begun."""
    summary, delays = agent.store.summary, iter(seconds)

    async def slow(sender_id: str) -> object:
        await asyncio.sleep(next(delays, 0))
        return await summary(sender_id)

    patch.setattr(agent.store, "summary", slow)


def slow_alarms(patch: pytest.MonkeyPatch, **seconds: float) -> None:
    """Let the look for an alarm take its time with these texts."""
    find_alarm = Failsafe.find_alarm

    async def slow(failsafe: Failsafe, text: str, thorough: bool = True) -> object:
        await asyncio.sleep(seconds.get(text, 0))
        return await find_alarm(failsafe, text, thorough)

    patch.setattr(Failsafe, "find_alarm", slow)
