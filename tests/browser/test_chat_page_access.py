"""The chat page for every reader: keyboard, size of targets, contrast, small windows, no script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from web_server import Served

from tests.browser.chat_bot import ask
from tests.browser.looks import ACTIVE, FOCUSED, SMALL_TARGETS, check_with_axe

pytestmark = pytest.mark.slow


def test_typing_is_shown_while_the_answer_is_on_its_way(page: Any) -> None:
    page.get_by_label("Your question").fill("slow")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("looking for an answer").wait_for()
    page.get_by_text("Here I am.").wait_for()
    assert page.locator(".typing").is_hidden()


def test_keyboard_alone_is_enough(page: Any, served: Served) -> None:
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED).startswith("TEXTAREA"):
            break
    page.keyboard.type("can low B12 cause twitching?")
    page.keyboard.press("Enter")
    page.locator(".reply.answer").wait_for()
    assert page.evaluate(FOCUSED).startswith("TEXTAREA")
    for _ in range(8):
        page.keyboard.press("Shift+Tab")
        if page.evaluate(FOCUSED) == "BUTTON which foods have B12?":
            break
    assert page.evaluate(f"getComputedStyle({ACTIVE}).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.get_by_text("I heard: which foods have B12?").wait_for()


def test_shift_enter_makes_a_new_line(page: Any, served: Served) -> None:
    field = page.get_by_label("Your question")
    field.fill("one")
    field.press("Shift+Enter")
    field.type("two")
    assert field.input_value() == "one\ntwo"
    field.press("Enter")
    page.get_by_text("I heard: one two").wait_for()


def test_targets_are_large_enough(page: Any) -> None:
    ask(page, "can low B12 cause twitching?")
    ask(page, "chest pain")
    assert page.evaluate(SMALL_TARGETS) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_chat_and_articles_have_no_fault_that_axe_finds(page: Any, served: Served, shots: Path, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    ask(page, "can low B12 cause twitching?")
    ask(page, "compare")
    ask(page, "chest pain")
    check_with_axe(page)
    page.screenshot(path=shots / f"all-{scheme}.png")
    page.goto(f"{served.address}articles/low-b12-muscle-twitching")
    check_with_axe(page)
    page.screenshot(path=shots / f"article-{scheme}.png")


@pytest.mark.parametrize(("width", "height"), [(320, 256), (320, 640), (1280, 800)])
def test_page_fits_every_window(page: Any, shots: Path, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    ask(page, "compare the causes")
    ask(page, "can low B12 cause twitching?")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".log").bounding_box()["height"] >= height / 2
    page.screenshot(path=shots / f"window-{width}x{height}.png")
    # only the messages scroll; heading, input and disclaimer stay in view
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert page.get_by_text("General information, not medical advice.").is_visible()


def test_page_without_script_leads_to_the_articles(browser: Any, served: Served, shots: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto(served.address)
    assert opened.locator("textarea").count() == 0
    opened.screenshot(path=shots / "noscript.png")
    opened.locator("noscript a, main a").first.click()
    assert "/articles/" in opened.url
    assert opened.locator("h1").inner_text()
    context.close()
