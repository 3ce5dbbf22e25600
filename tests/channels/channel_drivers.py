"""One way to talk to each channel, for the tests that all of them must pass.

A driver is a context manager: it serves its channel with the given agent, and `ask` returns what the reader then sees,
one text a message, with the addresses of links after them. To add a channel, write one and put it into `DRIVERS`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from slack_api import SlackApi, links, shown
from slack_people import People
from slack_server import SlackServer
from telegram_api import BotApi
from telegram_server import TelegramServer
from web_server import FakeAgent, Served, Server, settings


class Driver(Protocol):
    """A reader in one conversation."""

    def ask(self, text: str) -> list[str]:
        """Send a text and return the messages that come back, at least one."""


class WebReader:
    """Somebody on the chat page."""

    def __init__(self, served: Served) -> None:
        self._served, self._token = served, served.token()

    def ask(self, text: str) -> list[str]:
        events = self._served.send(text, self._token)
        return [event["text"] for event in events if event["event"] in ("message", "error")]


class TelegramReader:
    """Somebody in a private chat."""

    def __init__(self, server: TelegramServer) -> None:
        self._people = server.on()

    def ask(self, text: str) -> list[str]:
        sent = self._people.replies(self._people.message(text))
        return ["\n".join([message["text"], *message["links"]]) for message in sent]


class SlackReader:
    """Somebody who writes direct messages."""

    def __init__(self, people: People) -> None:
        self._people = people

    def ask(self, text: str) -> list[str]:
        sent = self._people.replies(text)
        return ["\n".join([shown(message), *links(message)]) for message in sent]


@contextmanager
def web(agent: FakeAgent, folder: Path) -> Iterator[WebReader]:
    with Server(agent, settings(folder), timeout=1, alarm_timeout=0.5) as served:
        yield WebReader(served)


@contextmanager
def telegram(agent: FakeAgent, folder: Path) -> Iterator[TelegramReader]:
    with BotApi() as api, TelegramServer(agent, api, folder) as server:
        yield TelegramReader(server)


@contextmanager
def slack(agent: FakeAgent, folder: Path) -> Iterator[SlackReader]:
    with SlackApi() as api, SlackServer(agent, api, folder) as server:
        yield SlackReader(server.person())


DRIVERS = [web, telegram, slack]
