"""A browser and the served chat page. Without Debian's Chromium the tests are skipped and say so."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "channels"))

from web_server import FakeAgent, Served, Server, settings  # noqa: E402

from tests.browser.chat_bot import bot  # noqa: E402

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    # Not for the whole session: while playwright runs, no other test of this thread can use asyncio.run.
    if CHROMIUM is None:
        pytest.skip("no /usr/bin/chromium: apt-get install -y chromium")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Server(FakeAgent(), settings(tmp_path_factory.mktemp("browser")), timeout=1, alarm_timeout=0.5) as running:
        yield running


@pytest.fixture
def page(browser: Any, served: Served) -> Iterator[Any]:
    served.agent.script = bot
    served.agent.heard.clear()
    context = browser.new_context(viewport={"width": 390, "height": 844})
    opened = context.new_page()
    problems: list[str] = []
    opened.on("console", lambda entry: problems.append(entry.text) if entry.type == "error" else None)
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.goto(served.address)
    yield opened
    hacked = opened.evaluate("window.hacked")
    context.close()
    assert hacked is None
    unexpected = [text for text in problems if "net::ERR" not in text and "401" not in text]
    assert unexpected == []


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for screenshots; pytest keeps it and `-s` prints it."""
    folder = tmp_path_factory.mktemp("screenshots")
    print(f"screenshots: {folder}")  # noqa: T201
    return folder
