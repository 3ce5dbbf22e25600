"""Takes updates in, each once, and answers them in the background."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from addons.channels._background import BackgroundTasks
from addons.channels._failsafe import log_failure
from addons.channels._remembered import Remembered
from addons.channels._telegram_updates import Bot, Received, parse_update

__all__ = ["Intake"]


class Intake:
    """Starts a task for each new update.

    Updates may come twice and out of order, so their numbers are remembered one by one; a highest number would lose
    some. `bot` is completed once Telegram has told our name.
    """

    def __init__(self, bot: Bot, reply: Callable[[Received], Coroutine[Any, Any, None]]) -> None:
        self.bot = bot
        self._reply = reply
        self._seen = Remembered()
        self._tasks = BackgroundTasks("telegram")

    def take(self, update: Any) -> None:  # noqa: ANN401 - whatever JSON it is
        """Take an update; what is none of Telegram's, or is not meant for us, is dropped. Raises nothing."""
        update_id = update.get("update_id") if isinstance(update, dict) else None
        if not isinstance(update_id, int) or not self._seen.add(update_id):
            return
        try:
            received = parse_update(update, self.bot)
        except Exception as error:  # noqa: BLE001 - an unknown structure must not make Telegram repeat the update
            log_failure("telegram: an update cannot be read", error)
            return
        if received is not None:
            self._tasks.start(self._reply(received))

    async def finish(self, seconds: float) -> None:
        """Wait for the answers on their way, then give up on the rest."""
        await self._tasks.finish(seconds)
