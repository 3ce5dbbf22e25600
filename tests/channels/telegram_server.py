"""The `telegram` channel beside a local Bot API."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
from rasa.core.channels.rest import RestInput
from telegram_api import TOKEN, BotApi
from telegram_people import People
from web_server import FakeAgent, Serving, settings

from addons.channels._telegram_settings import TelegramSettings
from addons.channels.telegram import TelegramInput


class Bot(NamedTuple):
    """The local Bot API and the assistant behind the channel."""

    api: BotApi
    agent: FakeAgent


class TelegramServer(Serving):
    """Serves the channel, with Rasa's `rest` beside it, and ends it as Sanic does."""

    def __init__(self, agent: FakeAgent, api: BotApi, folder: Path, **credentials: Any) -> None:
        core = settings(folder, telegram_token="")
        given = {"token": TOKEN, "api_server": api.address, "timeout": 1, "alarm_timeout": 0.5, "rate_limit": ""}
        telegram = TelegramSettings.from_credentials({**given, "webhook_url": "http://127.0.0.1", **credentials}, core)
        super().__init__(agent, TelegramInput(telegram, core), RestInput())
        # The port is known only now.
        object.__setattr__(telegram, "webhook_url", f"{self.root}/webhooks/telegram/webhook")
        self._api, self.agent = api, agent

    def __enter__(self) -> TelegramServer:
        super().__enter__()
        return self

    def on(self) -> People:
        """Wait until Telegram knows the webhook."""
        self._api.wait(lambda: self._api.webhook["url"])
        return People(self._api)

    def rest_works(self) -> bool:
        """Whether another channel of the same server answers."""
        question = {"sender": "x", "message": "hello"}
        replies = requests.post(f"{self.root}/webhooks/rest/webhook", json=question, timeout=10).json()
        return [reply["text"] for reply in replies] == ["heard: hello"]

    def __exit__(self, *_: object) -> None:
        self.stop()
        super().__exit__()

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._server.before_stop(), self._loop).result(10)

    async def _start(self, app: Any) -> None:
        server = await app.create_server(sock=self._socket, return_asyncio_server=True, access_log=False)
        self._server = server
        await server.startup()
        await server.before_start()
        await server.after_start()


def wait_for_log(caplog: pytest.LogCaptureFixture, words: str, seconds: float = 10) -> logging.LogRecord:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for record in caplog.records:
            if words in record.getMessage():
                return record
        time.sleep(0.02)
    raise AssertionError(f"{words!r} is not in the log:\n{caplog.text}")
