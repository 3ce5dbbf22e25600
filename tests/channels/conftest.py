"""A served `web` channel for each test module."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from web_server import FakeAgent, Served, Server, echo, settings  # noqa: E402


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    agent = FakeAgent()
    core = settings(tmp_path_factory.mktemp("web"))
    with Server(agent, core, timeout=1, alarm_timeout=0.5, allowed_origins=["https://www.example.org"]) as served:
        yield served


@pytest.fixture
def web(shared_server: Served) -> Served:
    """The served channel with a bot that repeats what it heard; tests give `agent.script` another one."""
    agent = shared_server.agent
    agent.heard.clear()
    agent.script, agent.ready, agent.action_url = echo, True, None
    return shared_server
