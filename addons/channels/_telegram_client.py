"""Calls of Telegram's Bot API through aiogram: repeated where that helps, and never with the token in an error.

aiogram puts the token into every address that it calls, and aiohttp puts addresses into its errors.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Literal

from aiogram import Bot
from aiogram.bot.api import TelegramAPIServer
from aiogram.utils import exceptions
from aiogram.utils.payload import prepare_arg

__all__ = ["Reason", "TelegramClient", "TelegramFailure"]

logger = logging.getLogger(__name__)

Reason = Literal["token", "gone", "rejected", "conflict", "unreachable"]

_SECONDS = 10.0
# Doubled after each try.
_PAUSE = 0.5
# Whoever waits for a message has gone after that, and a longer wait would hold up the messages behind it.
_PATIENCE = 120.0


class TelegramFailure(Exception):
    """A call that failed for good. The text never holds the token or a reader's words.

    :param reason: `token`: Telegram does not know the token; `gone`: the reader blocked the bot or it was removed;
        `rejected`: the request cannot be carried out; `conflict`: another program fetches the updates;
        `unreachable`: no answer, or only errors of the server.
    """

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class TelegramClient:
    """One bot.

    :param token: from @BotFather.
    :param api_server: address of the Bot API.
    :param pause: seconds before the second try.
    :raises TelegramFailure: with `token` for something that cannot be a token.
    """

    def __init__(self, token: str, api_server: str, pause: float = _PAUSE) -> None:
        try:
            self._bot = Bot(token, server=TelegramAPIServer.from_base(api_server))
        except exceptions.ValidationError:
            raise TelegramFailure("token", "this is no token of a bot: it looks like 123456:ABC-DEF") from None
        self._token = token
        self._pause = pause

    @property
    def bot_id(self) -> int:
        """The bot's number, the part of the token before the colon."""
        return int(self._bot.id)

    async def call(
        self,
        method: str,
        *,
        tries: int = 4,
        seconds: float = _SECONDS,
        **parameters: Any,  # noqa: ANN401 - the API's
    ) -> Any:  # noqa: ANN401 - what the method returns, as JSON
        """Call a method of the Bot API. Waits as long as Telegram asks for, and repeats what failed on its side.

        :param tries: how often at most; answers that ask for a pause (429) count too.
        :param seconds: time-out of one try.
        :param parameters: those of the method; `None` is left out.
        :raises TelegramFailure: when the last try failed, or at once where a repetition cannot help.
        """
        data = {key: prepare_arg(value) for key, value in parameters.items() if value is not None}
        problem = "no answer"
        for attempt in range(1, tries + 1):
            pause = self._pause * 2 ** (attempt - 1)
            try:
                with self._bot.request_timeout(seconds):
                    return await self._bot.request(method, data)
            except exceptions.RetryAfter as error:
                problem, pause = f"Telegram asks for a pause of {error.timeout} s", float(error.timeout)
                if pause > _PATIENCE:
                    break
            except exceptions.MigrateToChat as error:
                # The group became a supergroup: the same chat, under another number.
                data["chat_id"], pause = error.migrate_to_chat_id, 0.0
            except Exception as error:  # noqa: BLE001 - sorted out there; what is unknown counts as unreachable
                final = self._final(error)
                if final is not None:
                    raise final from None
                problem = type(error).__name__
            if attempt < tries:
                await asyncio.sleep(pause)
        raise TelegramFailure("unreachable", f"{method}: {problem}")

    async def close(self) -> None:
        """Close the connections."""
        await self._bot.session.close()

    def _final(self, error: Exception) -> TelegramFailure | None:
        """Return what no repetition can mend; `None` for the rest."""
        # Telegram's own description of the request. It quotes addresses and tags, never a whole message.
        text = str(error).replace(self._token, "<token>")
        if isinstance(error, exceptions.NotFound):
            return TelegramFailure("token", text)
        if isinstance(error, exceptions.Unauthorized):
            return TelegramFailure("token" if text.lower() == "unauthorized" else "gone", text)
        if isinstance(error, exceptions.ConflictError):
            return TelegramFailure("conflict", text)
        if isinstance(error, exceptions.BadRequest):
            return TelegramFailure("rejected", text)
        return None
