"""The `telegram` channel: Telegram's Bot API over a webhook or long polling.

docs/channels/telegram.md says how to set it up. What Rasa's own Telegram channel lacks: proof that an update comes from
Telegram, each update once and acknowledged at once, whole messages, groups, and a sentence whatever fails.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel
from sanic import Blueprint, Sanic
from sanic.exceptions import PayloadTooLarge
from sanic.request import Request
from sanic.response import HTTPResponse, empty

from addons.channels._failsafe import Failsafe, log_failure
from addons.channels._request_body import read_body
from addons.channels._telegram_client import TelegramClient, TelegramFailure
from addons.channels._telegram_connection import Connection
from addons.channels._telegram_intake import Intake
from addons.channels._telegram_replies import Replies, TelegramOutput
from addons.channels._telegram_sender import Sender
from addons.channels._telegram_settings import TelegramSettings
from addons.channels._telegram_updates import Bot
from addons.channels._turns import OnNewMessage, TurnRunner
from healthqa.settings import Settings

__all__ = ["TelegramInput"]

logger = logging.getLogger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
# The largest updates, long messages that answer long messages, have some 40 kB.
BODY_LIMIT = 256 * 1024
_SENDING_SECONDS = 2.0


class TelegramInput(InputChannel):
    """Takes updates from Telegram and answers them."""

    def __init__(self, telegram: TelegramSettings, settings: Settings | None = None) -> None:
        self._telegram = telegram
        self._settings = settings or Settings.from_env()

    @classmethod
    def name(cls) -> str:
        """Return the channel's name; Rasa serves it below `/webhooks/telegram`."""
        return "telegram"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> TelegramInput:
        """Make the channel from its block of credentials.yml.

        :raises RasaException: when a setting cannot be used.
        """
        settings = Settings.from_env()
        return cls(TelegramSettings.from_credentials(credentials, settings), settings)

    def blueprint(self, on_new_message: OnNewMessage) -> Blueprint:
        """Return the channel's route and what runs beside it; nothing without a token."""
        routes = Blueprint("telegram_channel", strict_slashes=True)
        if not self._telegram.token:
            logger.info("telegram: off: HEALTHQA_TELEGRAM_TOKEN is not set (docs/channels/telegram.md)")
            return routes
        try:
            client = TelegramClient(self._telegram.token, self._telegram.api_server)
        except TelegramFailure as failure:
            logger.error("telegram: off: HEALTHQA_TELEGRAM_TOKEN cannot be used: %s", failure)
            return routes
        _Service(self._telegram, self._settings, client, on_new_message).add_to(routes)
        return routes


class _Service:
    """The parts of a channel that is on."""

    def __init__(
        self, telegram: TelegramSettings, settings: Settings, client: TelegramClient, on_new_message: OnNewMessage
    ) -> None:
        self._telegram = telegram
        self._failsafe = Failsafe(settings)
        self._app: Sanic | None = None
        self._task: asyncio.Task[None] | None = None
        runner = TurnRunner(self._failsafe, TelegramOutput, telegram.timeout, telegram.alarm_timeout)
        replies = Replies(telegram, runner, Sender(client), on_new_message, self._agent)
        self._intake = Intake(Bot(client.bot_id), replies.reply)
        self._connection = Connection(telegram, client, self._intake)

    def add_to(self, routes: Blueprint) -> None:
        routes.listener("before_server_start")(self._prepare)
        routes.listener("after_server_start")(self._start)
        routes.listener("before_server_stop")(self._stop)
        if self._telegram.mode != "webhook":
            return

        async def webhook(request: Request) -> HTTPResponse:
            return await self._webhook(request)

        routes.add_route(webhook, "/webhook", methods=["POST"], name="webhook", stream=True)

    def _agent(self) -> Agent | None:
        """Return Rasa's agent; it is another one after a model was loaded."""
        return getattr(self._app.ctx, "agent", None) if self._app else None

    async def _prepare(self, app: Sanic, _loop: Any) -> None:  # noqa: ANN401 - Sanic's signature
        self._app = app
        await asyncio.get_running_loop().run_in_executor(None, self._failsafe.prepare)

    async def _start(self, _app: Sanic, _loop: Any) -> None:  # noqa: ANN401 - Sanic's signature
        self._task = asyncio.ensure_future(self._connection.run())

    async def _stop(self, _app: Sanic, _loop: Any) -> None:  # noqa: ANN401 - Sanic's signature
        if self._task:
            self._task.cancel()
        # What was acknowledged is not repeated: answers on their way get the time of a turn, and a little to be sent.
        await self._intake.finish(self._telegram.timeout + _SENDING_SECONDS)
        await self._connection.leave()

    async def _webhook(self, request: Request) -> HTTPResponse:
        """Acknowledge an update. Telegram repeats whatever is not answered with 200, and holds back what follows."""
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._telegram.webhook_secret.encode()):
            return empty(status=403)
        try:
            self._intake.take(json.loads(await read_body(request, BODY_LIMIT)))
        except (ValueError, RecursionError, PayloadTooLarge) as error:
            log_failure("telegram: an update cannot be read", error)
        return empty(status=200)
