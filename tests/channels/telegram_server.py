"""The `telegram` channel beside a local Bot API."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import requests
from channel_server import ChannelServer
from rasa.core.channels.rest import RestInput
from telegram_api import TOKEN, BotApi
from telegram_people import People
from web_server import FakeAgent, settings

from addons.channels._telegram_settings import TelegramSettings
from addons.channels.telegram import TelegramInput


class Bot(NamedTuple):
    """The local Bot API and the assistant behind the channel."""

    api: BotApi
    agent: FakeAgent


class TelegramServer(ChannelServer):
    """Serves the channel with Rasa's `rest` beside it."""

    def __init__(self, agent: FakeAgent, api: BotApi, folder: Path, **credentials: Any) -> None:
        core = settings(folder, telegram_token=credentials.pop("telegram_token", TOKEN))
        given = {"api_server": api.address, "timeout": 1, "alarm_timeout": 0.5, "rate_limit": ""}
        telegram = TelegramSettings.from_credentials({**given, "webhook_url": "http://127.0.0.1", **credentials}, core)
        super().__init__(agent, TelegramInput(telegram, core), RestInput())
        # The port is known only now.
        object.__setattr__(telegram, "webhook_url", f"{self.root}/webhooks/telegram/webhook")
        self._api, self.agent = api, agent

    def on(self) -> People:
        """Wait until Telegram knows the webhook."""
        self._api.wait(lambda: self._api.webhook["url"])
        return People(self._api)

    def rest_works(self) -> bool:
        """Whether another channel of the same server answers."""
        question = {"sender": "x", "message": "hello"}
        replies = requests.post(f"{self.root}/webhooks/rest/webhook", json=question, timeout=10).json()
        return [reply["text"] for reply in replies] == ["heard: hello"]
