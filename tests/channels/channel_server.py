"""One or more channels served in a thread, and ended as Sanic ends them: nothing stays open."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, TypeVar

import pytest
from local_api import end_tasks
from web_server import FakeAgent, Serving

from addons.channels._failsafe import Failsafe

Self = TypeVar("Self", bound="ChannelServer")


class ChannelServer(Serving):
    """Serves channels, ours or Rasa's own; use as a context manager."""

    def __enter__(self: Self) -> Self:
        super().__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self._socket.close()

    async def _start(self, app: Any) -> None:
        self._server = await app.create_server(sock=self._socket, return_asyncio_server=True, access_log=False)
        await self._server.startup()
        await self._server.before_start()
        await self._server.after_start()

    async def _end(self) -> None:
        await self._server.before_stop()
        self._server.close()
        for connection in tuple(self._server.connections):
            connection.abort()
        await self._server.after_stop()
        self._agent.store.file.close()
        await end_tasks()
        await asyncio.get_running_loop().shutdown_default_executor()


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
