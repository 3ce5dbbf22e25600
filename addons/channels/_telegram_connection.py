"""From the start of the server to its end: who are we at Telegram, and how do the updates reach us."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from addons.channels._telegram_client import TelegramClient, TelegramFailure
from addons.channels._telegram_intake import Intake
from addons.channels._telegram_settings import TelegramSettings
from addons.channels._telegram_updates import ALLOWED_UPDATES, Bot

__all__ = ["Connection"]

logger = logging.getLogger(__name__)

_MENU = [
    {"command": "start", "description": "Say hello"},
    {"command": "help", "description": "What I can answer"},
    {"command": "forget", "description": "Delete this conversation"},
]
# Telegram answers a question for updates after this time at the latest.
_POLL_SECONDS = 50
_LONGEST_PAUSE = 60.0


class Connection:
    """Runs in the background: nothing here stops or delays the server and its other channels.

    :param pause: seconds between tries while Telegram cannot be reached; doubled up to a minute.
    """

    def __init__(self, telegram: TelegramSettings, client: TelegramClient, intake: Intake, pause: float = 1.0) -> None:
        self._telegram = telegram
        self._client = client
        self._intake = intake
        self._pause = pause
        self._offset: int | None = None

    async def run(self) -> None:
        """Introduce the bot, then set the webhook or fetch updates until cancelled. Raises nothing else."""
        try:
            me = await self._persistently("getMe")
            self._intake.bot = Bot(int(me["id"]), str(me.get("username") or ""))
            await self._offer_commands()
            if self._telegram.mode == "webhook":
                await self._set_webhook()
            else:
                await self._poll()
        except TelegramFailure as failure:
            self._tell(failure)
        except Exception as error:  # noqa: BLE001 - whatever Telegram answered, the server goes on
            logger.error("telegram: off: Telegram gave an answer that makes no sense (%s)", type(error).__name__)

    async def leave(self) -> None:
        """Let Telegram know which updates have arrived, so that it does not repeat them, and hang up."""
        if self._offset is not None:
            try:
                await self._client.call("getUpdates", tries=1, seconds=2, offset=self._offset, limit=1, timeout=0)
            except TelegramFailure as failure:
                logger.debug("telegram: %s", failure)
        await self._client.close()

    async def _offer_commands(self) -> None:
        """Fill the menu of commands that Telegram shows beside the text field; without it all else works."""
        try:
            await self._client.call("setMyCommands", commands=_MENU)
        except TelegramFailure as failure:
            logger.warning("telegram: the menu of commands could not be set (%s)", failure)

    async def _set_webhook(self) -> None:
        await self._persistently(
            "setWebhook",
            url=self._telegram.webhook_url,
            secret_token=self._telegram.webhook_secret,
            allowed_updates=ALLOWED_UPDATES,
        )
        logger.info("telegram: on: @%s, updates come to %s", self._intake.bot.username, self._telegram.webhook_url)

    async def _poll(self) -> None:
        webhook = await self._persistently("getWebhookInfo")
        if webhook.get("url"):
            # Taking it away could silence the bot that readers use: somebody has to decide that.
            raise TelegramFailure("conflict", "a webhook is set")
        logger.info("telegram: on: open https://t.me/%s", self._intake.bot.username)
        while True:
            updates = await self._persistently(
                "getUpdates",
                seconds=_POLL_SECONDS + 10,
                offset=self._offset,
                timeout=_POLL_SECONDS,
                allowed_updates=ALLOWED_UPDATES,
            )
            for update in updates:
                self._intake.take(update)
                self._offset = max(int(update["update_id"]) + 1, self._offset or 0)

    async def _persistently(self, method: str, **parameters: Any) -> Any:  # noqa: ANN401 - the API's
        """Call a method until Telegram can be reached.

        :raises TelegramFailure: for a failure that time does not mend.
        """
        pause, silent = self._pause, False
        while True:
            try:
                result = await self._client.call(method, tries=2, **parameters)
            except TelegramFailure as failure:
                if failure.reason not in ("unreachable", "conflict") or "webhook" in str(failure):
                    raise
                if not silent:
                    logger.warning("telegram: %s; trying again until it works", _explained(failure))
                silent = True
            else:
                if silent:
                    logger.warning("telegram: reached again")
                return result
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _tell(self, failure: TelegramFailure) -> None:
        if failure.reason == "token":
            problem = "off: Telegram does not know the token; check HEALTHQA_TELEGRAM_TOKEN"
        elif failure.reason == "conflict":
            problem = (
                "off: this bot has a webhook, so there is nothing to fetch; remove it with "
                "'.venv/bin/python -m scripts.telegram --remove-webhook', or set mode: webhook"
            )
        else:
            problem = f"Telegram refuses the webhook {self._telegram.webhook_url}: {failure}"
        logger.error("telegram: %s (docs/channels/telegram.md)", problem)


def _explained(failure: TelegramFailure) -> str:
    if failure.reason == "conflict":
        return "another program fetches the updates of this bot"
    return f"Telegram cannot be reached ({failure})"
