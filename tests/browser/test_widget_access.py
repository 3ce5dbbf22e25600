"""The widget for every reader: axe in each state, the keyboard alone, focus, sizes, motion, small windows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage
from web_server import Served

from tests.browser.chat_bot import ask, bot
from tests.browser.looks import ACTIVE, FOCUSED, SMALL_TARGETS, check_with_axe
from tests.browser.publisher_site import PublisherSite, script_tag

pytestmark = pytest.mark.slow
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
QUESTION = "can low B12 cause twitching?"
LAUNCHER = "BUTTON Ask a health question"
FIELD = "TEXTAREA"


async def broken(message: UserMessage) -> None:
    """The action server is down."""


def open_launcher(page: Any) -> None:
    page.get_by_role("button", name="Ask a health question").click()
    page.get_by_role("dialog").wait_for()


def show_state(page: Any, served: Served, state: str) -> None:
    """Bring the widget from the state before in STATES into the next one."""
    questions = {"answer": QUESTION, "table": "compare", "emergency": "chest pain", "error": QUESTION}
    served.agent.script = broken if state == "error" else bot
    if state == "open":
        open_launcher(page)
    elif state in questions:
        ask(page, questions[state])
    elif state == "comment":
        page.get_by_role("button", name="Not helpful").first.click()
        page.get_by_label("optional").first.wait_for()
    elif state == "disclaimer":
        page.get_by_text("General information, not medical advice.").click()
        assert page.get_by_text("please talk to a doctor").last.is_visible()
    elif state == "forget":
        page.get_by_role("button", name="Forget me").click()
        page.get_by_role("alertdialog").wait_for()


STATES = ["closed", "open", "answer", "table", "comment", "emergency", "error", "disclaimer", "forget"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state(
    open_page: Callable[..., Any], site: PublisherSite, served: Served, shots: Path, scheme: str
) -> None:
    page = open_page(site.show(script_tag(site.chat, theme=scheme)), DESKTOP if scheme == "light" else PHONE)
    for state in STATES:
        show_state(page, served, state)
        check_with_axe(page)
        if state != "closed":
            assert page.evaluate(SMALL_TARGETS) == [], state
        page.screenshot(path=shots / f"{state}-{scheme}.png")


def wait_for_focus(page: Any, wanted: str) -> None:
    """Wait without `wait_for_function`: it evaluates a string, which the publisher's policy forbids."""
    for _ in range(80):
        if page.evaluate(FOCUSED) == wanted:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"the focus is on {page.evaluate(FOCUSED)!r}, not on {wanted!r}")


def press_until(page: Any, key: str, wanted: str, most: int = 15) -> None:
    seen = []
    for _ in range(most):
        page.keyboard.press(key)
        seen.append(page.evaluate(FOCUSED))
        if seen[-1].startswith(wanted):
            assert page.evaluate(f"getComputedStyle({ACTIVE}).outlineStyle") == "solid", f"no focus ring: {wanted}"
            return
    raise AssertionError(f"{wanted!r} was not reached with {key}: {seen}")


def test_whole_conversation_with_the_keyboard_alone(
    open_page: Callable[..., Any], site: PublisherSite, served: Served
) -> None:
    page = open_page(site.show(script_tag(site.chat)), DESKTOP)
    keys = page.keyboard
    press_until(page, "Tab", LAUNCHER)
    keys.press("Enter")
    wait_for_focus(page, FIELD)
    keys.type(QUESTION)
    keys.press("Enter")
    page.locator(".reply.answer").wait_for()
    assert page.evaluate(FOCUSED) == FIELD
    press_until(page, "Shift+Tab", "BUTTON Not helpful")
    keys.press("Space")
    page.get_by_label("optional").wait_for()
    press_until(page, "Tab", "TEXTAREA")
    keys.type("Too short.")
    press_until(page, "Tab", "BUTTON Send comment")
    keys.press("Enter")
    wait_for_focus(page, "BUTTON Not helpful")
    press_until(page, "Shift+Tab", "BUTTON which foods have B12?")
    keys.press("Enter")
    page.get_by_text("I heard: which foods have B12?").wait_for()
    assert page.evaluate(FOCUSED) == FIELD
    press_until(page, "Shift+Tab", "DIV Conversation", 20)
    press_until(page, "Shift+Tab", "BUTTON Forget me")
    keys.press("Enter")
    page.get_by_role("alertdialog").wait_for()
    keys.press("Escape")
    wait_for_focus(page, FIELD)
    press_until(page, "Tab", "SUMMARY")
    keys.press("Enter")
    page.get_by_text("please talk to a doctor").last.wait_for()
    keys.press("Escape")
    page.locator("details[open]").wait_for(state="hidden")
    assert page.get_by_role("dialog").is_visible(), "the first Escape closes only what was opened last"
    keys.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    assert page.evaluate(FOCUSED) == LAUNCHER


@pytest.mark.parametrize("name", ["Close", "Ask a health question"])
def test_closing_brings_the_focus_back_and_keeps_the_conversation(
    open_page: Callable[..., Any], site: PublisherSite, name: str
) -> None:
    page = open_page(site.show(script_tag(site.chat)), DESKTOP)
    open_launcher(page)
    launcher = page.get_by_role("button", name="Ask a health question")
    assert launcher.get_attribute("aria-expanded") == "true"
    ask(page, "hello")
    page.get_by_role("button", name=name, exact=True).click()
    assert launcher.get_attribute("aria-expanded") == "false"
    assert page.evaluate(FOCUSED) == LAUNCHER
    launcher.click()
    assert page.locator(".entry").count() == 2


def test_desktop_leaves_the_page_usable_and_a_phone_covers_it(
    open_page: Callable[..., Any], site: PublisherSite, shots: Path
) -> None:
    page = open_page(site.show(script_tag(site.chat)), DESKTOP)
    open_launcher(page)
    page.get_by_role("link", name="More").click()
    assert page.url.endswith("#more")
    phone = open_page(site.show(script_tag(site.chat)), PHONE, has_touch=True, is_mobile=True)
    open_launcher(phone)
    box = phone.locator(".panel").bounding_box()
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 390, 844)
    assert phone.evaluate(FOCUSED) != FIELD, "on a touch screen the keyboard must not cover the conversation"
    for _ in range(12):
        phone.keyboard.press("Tab")
        assert not phone.evaluate(FOCUSED).startswith("A More"), "what is behind the panel cannot be reached"
    ask(phone, "compare the causes")
    phone.screenshot(path=shots / "phone.png")
    phone.keyboard.press("Escape")
    phone.get_by_role("dialog").wait_for(state="hidden")


def test_smallest_window_keeps_half_for_the_conversation_and_the_disclaimer_in_view(
    open_page: Callable[..., Any], site: PublisherSite, shots: Path
) -> None:
    page = open_page(site.show(script_tag(site.chat)), {"width": 320, "height": 256})
    open_launcher(page)
    ask(page, QUESTION)
    log = page.locator(".log")
    assert log.bounding_box()["height"] >= 128
    short = page.get_by_text("General information, not medical advice.")
    assert short.bounding_box()["y"] + short.bounding_box()["height"] <= 256
    page.screenshot(path=shots / "smallest.png")
    short.click()
    assert page.locator("details p").bounding_box()["y"] >= 0
    assert log.bounding_box()["height"] >= 128
    page.screenshot(path=shots / "smallest-disclaimer.png")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_new_messages_are_announced_and_old_ones_are_not(page: Any) -> None:
    log = page.get_by_role("log", name="Conversation")
    ask(page, QUESTION)
    assert log.get_by_text("The assistant said:").count() == 1
    page.reload()
    page.locator(".reply.answer").wait_for()
    page.locator(".log[aria-live=polite]").wait_for()


def test_typing_is_a_status_and_no_one_has_to_see_it_move(open_page: Callable[..., Any], site: PublisherSite) -> None:
    for motion in ("reduce", "no-preference"):
        page = open_page(site.show(script_tag(site.chat)), DESKTOP, reduced_motion=motion)
        open_launcher(page)
        page.get_by_label("Your question").fill("slow")
        page.keyboard.press("Enter")
        page.get_by_role("status").get_by_text("looking for an answer").wait_for()
        moving = page.evaluate("document.querySelector('health-chat').shadowRoot.getAnimations().length")
        assert (moving > 0) == (motion == "no-preference")


def test_table_keeps_its_first_column_in_view_while_it_scrolls(page: Any, shots: Path) -> None:
    card = ask(page, "compare the causes")
    box = card.get_by_role("region", name="Low B12 and other causes of muscle twitching")
    assert card.get_by_text("Scroll sideways").is_visible()
    first = card.locator("tbody th").first
    before = first.bounding_box()["x"]
    box.focus()
    page.keyboard.press("End")
    box.evaluate("node => { node.scrollLeft = 200; }")
    assert abs(first.bounding_box()["x"] - before) <= 1
    page.screenshot(path=shots / "table-scrolled.png")
