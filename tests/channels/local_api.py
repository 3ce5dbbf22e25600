"""A platform's own server, played on this machine: what the Bot API and the Web API of the tests have in common."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from aiohttp import web

Self = TypeVar("Self", bound="LocalApi")


class LocalApi:
    """Serves on a free port in a thread; use as a context manager. A subclass adds its routes in `routes`.

    `planned[method]` holds what comes before the right answers; the subclass says what may stand there.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any], float]] = []
        self.messages: list[dict[str, Any]] = []
        self.planned: dict[str, list[Any]] = defaultdict(list)
        self.address = ""
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def routes(self, app: web.Application) -> None:
        raise NotImplementedError

    def __enter__(self: Self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def made(self, method: str) -> list[dict[str, Any]]:
        """The parameters of all calls of a method."""
        with self._changed:
            return [parameters for name, parameters, _ in self.calls if name == method]

    def times(self, method: str) -> list[float]:
        """When a method was called, in seconds."""
        with self._changed:
            return [moment for name, _, moment in self.calls if name == method]

    def wait(self, true: Callable[[], Any], seconds: float = 10) -> Any:
        """Return what is true as soon as it is."""
        with self._changed:
            assert self._changed.wait_for(true, seconds), f"not within {seconds} s; sent: {self.messages}"
            return true()

    def note(self, method: str = "", parameters: Any = None) -> None:
        """Keep a call, and wake whoever waits for a change."""
        with self._changed:
            if method:
                self.calls.append((method, parameters, time.monotonic()))
            self._changed.notify_all()

    def next_planned(self, method: str) -> Any:
        return self.planned[method].pop(0) if self.planned[method] else None

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._ready.set()
        self._loop.run_forever()

    async def _start(self) -> None:
        app = web.Application()
        self.routes(app)
        # Its access log would hold the token that the tests look for in the log.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.address = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _stop(self) -> None:
        await self._runner.cleanup()
        await end_tasks()


async def end_tasks() -> None:
    """Cancel whatever still runs in this loop and wait for its end: what is pending when a loop closes is leaked."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
