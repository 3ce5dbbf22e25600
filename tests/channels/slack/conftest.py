"""A served `slack` channel for each test module, and somebody who writes to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from slack_api import SlackApi
from slack_people import People
from slack_server import Bot, SlackServer, quick
from web_server import FakeAgent, echo


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlackServer]:
    with pytest.MonkeyPatch.context() as patch, SlackApi() as api:
        quick(patch)
        with SlackServer(FakeAgent(), api, tmp_path_factory.mktemp("slack")) as server:
            api.wait(lambda: api.made("auth.test"))
            yield server


@pytest.fixture
def bot(served: SlackServer) -> Bot:
    """An assistant that repeats what it heard; tests give `agent.script` another one."""
    served.agent.script = echo
    served.agent.heard.clear()
    served.api.planned.clear()
    served.api.closed_channels.clear()
    return Bot(served)


@pytest.fixture
def people(bot: Bot) -> People:
    """A person to whom the assistant has spoken already, in the direct message."""
    someone = bot.newcomer()
    someone.say("hi")
    bot.agent.heard.clear()
    return someone
