"""The widget on a publisher's page of another origin, under the strictest policy such a page can have."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from web_server import Served

from healthqa.answer import DISCLAIMER
from tests.browser.chat_bot import ask
from tests.browser.publisher_site import STRINGS, PublisherSite, element, script_tag

pytestmark = pytest.mark.slow
DESKTOP = {"width": 1280, "height": 800}
# Where the first and the last letter of one line stand.
ENDS = """node => {
  const texts = [];
  const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (!walker.currentNode.parentElement.closest(".unseen")) texts.push(walker.currentNode);
  const left = (text, place) => {
    const range = document.createRange();
    range.setStart(text, place);
    range.setEnd(text, place + 1);
    return range.getBoundingClientRect().left;
  };
  const last = texts.at(-1);
  return [left(texts[0], 0), left(last, last.length - 1)];
}"""


def paint(page: Any, selector: str, what: str) -> str:
    return page.locator(selector).first.evaluate(f"node => getComputedStyle(node)['{what}']")


def add_rules(page: Any, css: str) -> None:
    """Rules of the publisher's own style sheet."""
    page.evaluate(
        "css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); document.adoptedStyleSheets = [sheet]; }",
        css,
    )


def test_one_script_tag_is_enough(open_page: Callable[..., Any], site: PublisherSite, served: Served) -> None:
    page = open_page(site.show(script_tag(site.chat)), DESKTOP)
    assert "require-trusted-types-for 'script'" in site.policy
    assert "'unsafe" not in site.policy
    page.get_by_role("button", name="Ask a health question").click()
    dialog = page.get_by_role("dialog", name="Health assistant")
    dialog.wait_for()
    assert "Low vitamin B12" in ask(page, "can low B12 cause twitching?").inner_text()
    assert [message.text for message in served.agent.heard] == ["can low B12 cause twitching?"]


def test_panel_is_made_when_it_is_opened_first(open_page: Callable[..., Any], site: PublisherSite) -> None:
    """Most readers of a page never open the chat: for them there is a button and nothing else."""
    page = open_page(site.show(script_tag(site.chat)), DESKTOP)
    launcher = page.get_by_role("button", name="Ask a health question")
    count = "document.querySelector('health-chat').shadowRoot.querySelectorAll('*').length"
    launcher.wait_for()
    assert page.evaluate(count) <= 4
    launcher.click()
    made = page.evaluate(count)
    assert made > 20
    launcher.click()
    launcher.click()
    assert page.evaluate(count) == made, "made once"


def test_double_click_opens_it_and_leaves_it_open(open_page: Callable[..., Any], site: PublisherSite) -> None:
    page = open_page(site.show(script_tag(site.chat)), DESKTOP)
    page.get_by_role("button", name="Ask a health question").dblclick()
    page.wait_for_timeout(300)
    assert page.get_by_role("dialog").is_visible()


def test_nothing_is_asked_of_the_server_before_the_reader_writes(
    open_page: Callable[..., Any], site: PublisherSite, served: Served
) -> None:
    asked: list[str] = []
    page = open_page("about:blank", DESKTOP)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site.show(script_tag(site.chat)))
    page.get_by_role("button", name="Ask a health question").click()
    page.get_by_role("dialog").wait_for()
    assert [url for url in asked if url.startswith(site.chat)] == [f"{site.chat}static/widget.js"]
    ask(page, "hello")
    assert f"{site.chat}session" in asked
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length") == 0


@pytest.mark.parametrize("address", ["{chat}", "{origin}", "{origin}/webhooks/web", ""])
def test_server_may_be_named_in_any_usual_way(
    open_page: Callable[..., Any], site: PublisherSite, served: Served, address: str
) -> None:
    origin = site.chat.split("/webhooks")[0]
    tag = script_tag(site.chat).replace(f'"{site.chat}"', f'"{address.format(chat=site.chat, origin=origin)}"')
    page = open_page(site.show(tag), DESKTOP)
    page.get_by_role("button", name="Ask a health question").click()
    assert "I heard: hello" in ask(page, "hello").inner_text()


def test_element_in_the_page_fills_its_box(open_page: Callable[..., Any], site: PublisherSite) -> None:
    page = open_page(site.show(element(site.chat, mode="inline")), DESKTOP)
    add_rules(page, "health-chat { height: 30rem; width: 24rem; }")
    box = page.locator(".panel").bounding_box()
    assert (round(box["width"]), round(box["height"])) == (384, 480)
    assert page.get_by_role("dialog").count() == 0
    assert "I heard: hello" in ask(page, "hello").inner_text()
    assert page.evaluate("scrollY") == 0, "only the conversation scrolls, not the publisher's page"


def test_site_that_is_not_allowed_gets_a_plain_sentence(
    open_page: Callable[..., Any], site: PublisherSite, served: Served, expected_problems: list[str]
) -> None:
    expected_problems.append("has been blocked by CORS policy")
    stranger = site.show(script_tag(site.chat)).replace("127.0.0.1", "localhost")
    page = open_page(stranger, DESKTOP)
    page.get_by_role("button", name="Ask a health question").click()
    card = ask(page, "hello")
    assert "cannot be reached" in card.inner_text()
    assert DISCLAIMER in card.inner_text()
    assert served.agent.heard == []


def test_publisher_sets_colours_and_the_pages_own_rules_stay_outside(
    open_page: Callable[..., Any], site: PublisherSite, shots: Path
) -> None:
    page = open_page(site.show(element(site.chat, open="")), DESKTOP)
    ask(page, "can low B12 cause twitching?")
    before = [paint(page, ".reply p", what) for what in ("color", "fontSize", "textTransform")]
    add_rules(
        page,
        "body, body * { color: red !important; font-size: 40px; text-transform: uppercase } button { display: none }"
        "health-chat { --health-chat-accent: #8a1c4a; --health-chat-radius: 0; --health-chat-font: serif }",
    )
    assert [paint(page, ".reply p", what) for what in ("color", "fontSize", "textTransform")] == before
    assert paint(page, ".send", "backgroundColor") == "rgb(138, 28, 74)"
    assert paint(page, ".entry", "borderRadius") == "0px"
    assert paint(page, ".entry", "fontFamily") == "serif"
    page.screenshot(path=shots / "themed.png")


def test_dark_mode_follows_the_reader_or_the_attribute(
    open_page: Callable[..., Any], site: PublisherSite, shots: Path
) -> None:
    page = open_page(site.show(element(site.chat, open="")), DESKTOP, color_scheme="dark")
    dark = paint(page, ".panel", "backgroundColor")
    page.locator("health-chat").evaluate("node => node.setAttribute('theme', 'light')")
    light = paint(page, ".panel", "backgroundColor")
    assert (light, dark) == ("rgb(246, 247, 247)", "rgb(18, 23, 24)")
    page.emulate_media(color_scheme="light")
    page.locator("health-chat").evaluate("node => node.setAttribute('theme', 'dark')")
    assert paint(page, ".panel", "backgroundColor") == dark
    ask(page, "can low B12 cause twitching?")
    page.screenshot(path=shots / "desktop-dark.png")


def test_right_to_left_page_mirrors_the_widget_but_not_english_answers(
    open_page: Callable[..., Any], site: PublisherSite, shots: Path
) -> None:
    page = open_page(site.show(script_tag(site.chat), direction="rtl", language="ar"), DESKTOP)
    launcher = page.get_by_role("button", name="Ask a health question")
    assert launcher.bounding_box()["x"] < 100
    launcher.click()
    assert page.locator(".panel").bounding_box()["x"] < 100
    card = ask(page, "compare the causes")
    # English words that nobody translated end with their full stop, and a table begins to scroll at its beginning.
    page.wait_for_timeout(300)
    for words in (page.locator(".welcome p"), page.locator("summary"), card.locator(".source").first):
        first, last = words.evaluate(ENDS)
        assert first < last, words.inner_text()
    box, column = card.locator(".table").bounding_box(), card.locator("tbody td").first.bounding_box()
    assert box["x"] < column["x"] < box["x"] + box["width"] / 2
    assert card.locator("p[lang=en]").first.evaluate("node => getComputedStyle(node).direction") == "ltr"
    send, field = page.locator(".send").first.bounding_box(), page.get_by_label("Your question").bounding_box()
    assert send["x"] < field["x"]
    page.screenshot(path=shots / "rtl.png")


def test_position_start_moves_it_to_the_other_side(open_page: Callable[..., Any], site: PublisherSite) -> None:
    page = open_page(site.show(script_tag(site.chat, position="start")), DESKTOP)
    launcher = page.get_by_role("button", name="Ask a health question")
    assert launcher.bounding_box()["x"] < 100
    launcher.click()
    assert page.locator(".panel").bounding_box()["x"] < 100


@pytest.mark.parametrize("given", [json.dumps(STRINGS), "/strings.json"])
def test_publisher_replaces_the_words(open_page: Callable[..., Any], site: PublisherSite, given: str) -> None:
    page = open_page(site.show(script_tag(site.chat, strings=given), own=True, language="de"), DESKTOP)
    page.get_by_role("button", name="Chat öffnen").click()
    page.get_by_role("dialog", name="Frag uns").wait_for()
    page.get_by_label("Ihre Frage").fill("hello")
    page.get_by_role("button", name="Senden").click()
    page.get_by_text("I heard: hello").wait_for()
    assert page.get_by_role("button", name="Forget me").is_visible(), "what is left out stays English"


@pytest.mark.parametrize("given", ["{broken", "/missing.json", '{"send": 5, "color": "red"}'])
def test_strings_that_cannot_be_used_leave_it_in_english(
    open_page: Callable[..., Any], site: PublisherSite, given: str, expected_problems: list[str]
) -> None:
    expected_problems += ["health-chat: the strings cannot be read"]
    page = open_page(site.show(script_tag(site.chat, strings=given), own=True), DESKTOP)
    page.get_by_role("button", name="Ask a health question").click()
    assert "I heard: hello" in ask(page, "hello").inner_text()
