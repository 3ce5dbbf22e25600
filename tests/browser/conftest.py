"""A browser, the chat page, a page of another site. Without Debian's Chromium the tests are skipped and say so."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "channels"))

from web_server import FakeAgent, Served, Server, settings  # noqa: E402

from tests.browser.chat_bot import bot  # noqa: E402
from tests.browser.publisher_site import PublisherSite  # noqa: E402

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}


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


@pytest.fixture(scope="session")
def site() -> Iterator[PublisherSite]:
    """The web site of a publisher, on another origin than the chat."""
    with PublisherSite() as running:
        yield running


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, site: PublisherSite) -> Iterator[Served]:
    core = settings(tmp_path_factory.mktemp("browser"))
    limits = {"conversation_limit": "", "address_limit": ""}
    # No test here waits for a turn that takes too long, and a browser beside the server can slow one down by seconds.
    with Server(FakeAgent(), core, timeout=15, alarm_timeout=5, allowed_origins=[site.origin], **limits) as running:
        site.chat = running.address
        yield running


@pytest.fixture
def expected_problems() -> list[str]:
    """Parts of the errors on the console that a test provokes on purpose; tests add theirs."""
    return ["net::ERR", *(f"status of {status}" for status in (400, 401, 429, 503))]


@pytest.fixture
def open_page(browser: Any, served: Served, expected_problems: list[str]) -> Iterator[Callable[..., Any]]:
    """Opens an address in a fresh browser profile; at the end nothing may have been run or reported as an error."""
    served.agent.script = bot
    served.agent.heard.clear()
    contexts: list[Any] = []
    problems: list[str] = []

    def open_address(address: str, viewport: dict[str, int] | None = None, **options: Any) -> Any:
        context = browser.new_context(viewport=viewport or PHONE, **options)
        contexts.append(context)
        # A shared machine can be very slow, and a test that passes waits for nothing.
        context.set_default_timeout(20_000)
        opened = context.new_page()
        opened.on("console", lambda entry: problems.append(entry.text) if entry.type == "error" else None)
        opened.on("pageerror", lambda error: problems.append(str(error)))
        opened.goto(address)
        return opened

    yield open_address
    hacked = [page.evaluate("window.hacked") for context in contexts for page in context.pages]
    for context in contexts:
        context.close()
    assert [value for value in hacked if value is not None] == []
    assert [text for text in problems if not any(known in text for known in expected_problems)] == []


@pytest.fixture
def page(open_page: Callable[..., Any], served: Served) -> Any:
    """The chat page of the server."""
    return open_page(served.address)


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for screenshots; pytest keeps it and `-s` prints it."""
    folder = tmp_path_factory.mktemp("screenshots")
    print(f"screenshots: {folder}")  # noqa: T201
    return folder
