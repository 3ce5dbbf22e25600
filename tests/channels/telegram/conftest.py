"""A served `telegram` channel for each test module, and somebody who writes to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from telegram_api import BotApi
from telegram_people import People
from telegram_server import Bot, TelegramServer
from web_server import FakeAgent, echo


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    agent = FakeAgent()
    with BotApi() as api, TelegramServer(agent, api, tmp_path_factory.mktemp("telegram")) as server:
        server.on()
        yield Bot(api, agent)


@pytest.fixture
def bot(served: Bot) -> Bot:
    """A bot that repeats what it heard; tests give `agent.script` another one."""
    served.agent.script = echo
    served.agent.heard.clear()
    served.api.planned.clear()
    return served


@pytest.fixture
def people(bot: Bot) -> People:
    """A person whom the bot has greeted already."""
    someone = People(bot.api)
    someone.say("hi")
    bot.agent.heard.clear()
    return someone
