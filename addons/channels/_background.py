"""Work that goes on after a request was acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from addons.channels._failsafe import log_failure

__all__ = ["BackgroundTasks"]


class BackgroundTasks:
    """Keeps tasks alive until they are done: the event loop itself holds them only loosely."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Start work; what it raises is logged without its words."""
        task = asyncio.ensure_future(self._run(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self, seconds: float) -> None:
        """Wait for what runs, then cancel the rest."""
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=seconds)
            for task in late:
                task.cancel()

    async def _run(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - nobody waits for it
            log_failure(f"{self._channel}: work in the background failed", error)
