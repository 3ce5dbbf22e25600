"""The `slack` channel beside a local Slack."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from channel_server import ChannelServer
from rasa.core.channels.rest import RestInput
from slack_api import TOKEN, SlackApi
from slack_people import SECRET, People
from web_server import FakeAgent, settings

from addons.channels import _slack_client
from addons.channels._slack_settings import SlackSettings
from addons.channels.slack import SlackInput


class SlackServer(ChannelServer):
    """Serves the channel with Rasa's `rest` beside it."""

    def __init__(self, agent: FakeAgent, api: SlackApi, folder: Path, **credentials: Any) -> None:
        secrets = {"slack_token": TOKEN, "slack_signing_secret": SECRET}
        secrets.update({name: credentials.pop(name) for name in list(credentials) if name in secrets})
        core = settings(folder, **secrets)
        limits = {"conversation_limit": "", "user_limit": "", "timeout": 1, "alarm_timeout": 0.5}
        slack = SlackSettings.from_credentials({"api_url": api.api_url, **limits, **credentials}, core)
        super().__init__(agent, SlackInput(slack, core), RestInput())
        self.agent, self.api = agent, api

    def person(self) -> People:
        return People(self.api, self.root)


class Bot:
    """The served channel and who talks to it."""

    def __init__(self, server: SlackServer) -> None:
        self.api, self.agent, self._server = server.api, server.agent, server

    @property
    def heard(self) -> list[str]:
        return [message.text for message in self.agent.heard]

    def newcomer(self) -> People:
        return self._server.person()


def no_proxies(patch: pytest.MonkeyPatch) -> None:
    """Without those of this machine, which slack_sdk takes from the environment."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        patch.delenv(name, raising=False)


def quick(patch: pytest.MonkeyPatch) -> None:
    """Without proxies and with short pauses."""
    no_proxies(patch)
    patch.setattr(_slack_client.SlackClient.__init__, "__defaults__", (2.0, 0.02))


def quiet(seconds: float = 0.5) -> None:
    """Give a reply that should not come the time to come."""
    time.sleep(seconds)
