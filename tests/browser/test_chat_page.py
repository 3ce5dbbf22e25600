"""The chat page in a real browser, over a served channel with a scripted bot."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage
from web_server import ANSWER_TEXT, URL, Served, answer, answer_text, say

from healthqa.answer import DISCLAIMER

pytestmark = pytest.mark.slow

NASTY = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
TABLE = {
    "columns": ["Cause", "Where it is felt", "What comes with it", "How to tell it apart"],
    "rows": [
        ["Low vitamin B12", "Hands, feet, face", "Numbness, tingling", "Gets worse over time without treatment"],
        ["Too much caffeine", "Any group of muscles", "Jitters, faster heartbeat", "Goes away once you cut down"],
    ],
}
NOTICE = "This is an automated assistant, not a doctor, nurse or other clinician."


async def bot(message: UserMessage) -> None:
    """The scripted bot: one reply for each thing that the page must show."""
    text = message.text
    if text.startswith("can low"):
        found = answer(suggestions=["how is it diagnosed?", "which foods have B12?"])
        await say(message, f"{NOTICE}\n{answer_text()}", answer=found)
    elif "compare" in text:
        columns = TABLE["columns"]
        lines = ["Low B12 and other causes of muscle twitching"]
        for row in TABLE["rows"]:
            cells = "; ".join(f"{name}: {cell}" for name, cell in zip(columns[1:], row[1:], strict=True))
            lines.append(f"{row[0]} – {cells}")
        await say(message, answer_text("\n".join(lines)), answer=answer(table=TABLE))
    elif "chest pain" in text:
        alarm = "Call 999 now if this is happening to you.\nPlease do not wait for an answer here."
        await say(message, f"{alarm}\n{DISCLAIMER}", answer=answer("emergency"))
    elif "end my life" in text:
        alarm = "You are not alone. You can call or text 988 day or night, or text HOME to 741741 (open 24/7)."
        await say(message, f"{alarm}\n{DISCLAIMER}", answer=answer("crisis"))
    elif "no number" in text:
        alarm = "Call your local emergency number now. Do not wait 24 hours, 1-2 days or until 10/12."
        await say(message, f"{alarm}\n{DISCLAIMER}", answer=answer("emergency"))
    elif "nasty" in text:
        passage = {**answer()["passages"][0], "text": NASTY, "title": NASTY, "url": "javascript:window.hacked=1"}
        found = answer(passages=[passage], suggestions=[NASTY], table={"columns": [NASTY], "rows": [[NASTY]]})
        await say(message, answer_text(NASTY, NASTY, "javascript:window.hacked=1"), answer=found)
    elif "slow" in text:
        await asyncio.sleep(0.6)
        await say(message, "Here I am.", metadata={"kind": "smalltalk"})
    else:
        await say(message, f"I heard: {text}", metadata={"kind": "smalltalk"})


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


def ask(page: Any, text: str) -> Any:
    """Type a question, send it, return the last entry once the reply is there."""
    before = page.locator(".log .entry").count()
    page.get_by_label("Your question").fill(text)
    page.get_by_role("button", name="Send").click()
    page.locator(".log .entry").nth(before + 1).wait_for()
    page.locator("#typing").wait_for(state="hidden")
    return page.locator(".log .entry").last


def test_answer_card_shows_passage_source_review_disclaimer_and_suggestions(
    page: Any, served: Served, shots: Path
) -> None:
    card = ask(page, "can low B12 cause twitching?")
    text = card.inner_text()
    assert NOTICE in text
    assert ANSWER_TEXT in text
    assert "No clinician has reviewed this article yet." in text
    assert text.count(DISCLAIMER) == 1
    link = card.get_by_role("link", name="Twitching › Causes")
    assert link.get_attribute("href") == URL
    assert "noopener" in link.get_attribute("rel")
    page.screenshot(path=shots / "answer.png")
    card.get_by_role("button", name="how is it diagnosed?").click()
    page.get_by_text("I heard: how is it diagnosed?").wait_for()
    assert [message.text for message in served.agent.heard][-1] == "how is it diagnosed?"
    assert len({message.sender_id for message in served.agent.heard}) == 1


def test_example_question_is_asked_with_one_click(page: Any, served: Served, shots: Path) -> None:
    page.screenshot(path=shots / "start.png")
    page.locator("#examples button").first.click()
    page.locator(".log .entry").nth(1).wait_for()
    assert served.agent.heard[0].text == page.locator("#examples button").first.inner_text()


def test_reviewed_source_gives_the_date(page: Any, served: Served) -> None:
    async def reviewed(message: UserMessage) -> None:
        found = answer(passages=[{**answer()["passages"][0], "reviewed": "2026-03-04"}])
        text = answer_text().replace("No clinician has reviewed this article yet.\n", "")
        await say(message, text, answer=found)

    served.agent.script = reviewed
    assert "Reviewed on 2026-03-04" in ask(page, "twitching?").inner_text()


def test_link_to_an_own_article_opens_on_this_server(page: Any, served: Served) -> None:
    async def moved(message: UserMessage) -> None:
        url = "http://127.0.0.1:1/webhooks/web/articles/low-b12-muscle-twitching#what-is-the-myelin-sheath"
        found = answer(passages=[{**answer()["passages"][0], "url": url}])
        await say(message, answer_text(url=url), answer=found)

    served.agent.script = moved
    with page.context.expect_page() as opened:
        ask(page, "myelin?").get_by_role("link").click()
    article = opened.value
    assert article.url == f"{served.address}articles/low-b12-muscle-twitching#what-is-the-myelin-sheath"
    assert article.locator("section:target h2").inner_text() == "What is the myelin sheath?"


def test_table_is_a_real_table_in_place_of_its_text(page: Any, shots: Path) -> None:
    card = ask(page, "please compare the causes")
    assert card.locator("thead th").all_inner_texts() == TABLE["columns"]
    assert card.locator("tbody tr").count() == 2
    assert card.locator("tbody th[scope=row]").first.inner_text() == "Low vitamin B12"
    assert card.inner_text().count("Goes away once you cut down") == 1
    page.screenshot(path=shots / "table.png")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(
    ("question", "links"),
    [
        ("chest pain", ["tel:999"]),
        ("I want to end my life", ["tel:988", "sms:741741"]),
        ("no number", []),
    ],
)
def test_alarm_offers_to_call_only_where_a_number_is_named(
    page: Any, shots: Path, question: str, links: list[str]
) -> None:
    card = ask(page, question)
    assert "alarm" in card.get_attribute("class")
    assert [link.get_attribute("href") for link in card.get_by_role("link").all()] == links
    assert DISCLAIMER in card.inner_text()
    page.screenshot(path=shots / f"alarm-{len(links)}.png")


def test_error_offers_a_retry_that_is_the_same_message(page: Any, served: Served, shots: Path) -> None:
    async def broken(message: UserMessage) -> None:
        """The action server is down."""

    served.agent.script = broken
    card = ask(page, "can low B12 cause twitching?")
    assert "error" in card.get_attribute("class")
    assert DISCLAIMER in card.inner_text()
    page.screenshot(path=shots / "error.png")
    served.agent.script = bot
    card.get_by_role("button", name="Try again").click()
    page.locator(".reply.answer").wait_for()
    assert page.locator(".error").count() == 0
    assert page.locator(".question").count() == 1
    first, second = served.agent.heard
    assert (first.message_id, first.sender_id) == (second.message_id, second.sender_id)


def test_lost_connection_says_so_and_the_retry_is_not_a_second_turn(page: Any, served: Served) -> None:
    ask(page, "hello")
    lost = {"done": False}

    def lose_reply(route: Any) -> None:
        if lost["done"]:
            route.continue_()
            return
        lost["done"] = True
        route.fetch()
        route.abort()

    page.route("**/messages", lose_reply)
    card = ask(page, "can low B12 cause twitching?")
    assert DISCLAIMER in card.inner_text()
    card.get_by_role("button", name="Try again").click()
    page.locator(".reply.answer").wait_for()
    assert len(served.agent.heard) == 2


def test_ended_session_is_renewed_without_a_word(page: Any, served: Served) -> None:
    replaced = {"done": False}

    def spoil_token(route: Any) -> None:
        body = route.request.post_data_json
        if not replaced["done"]:
            replaced["done"] = True
            body["token"] = "gone"
        route.continue_(post_data=__import__("json").dumps(body))

    page.route("**/messages", spoil_token)
    assert "I heard: hello" in ask(page, "hello").inner_text()
    assert len(served.agent.heard) == 1


def test_nothing_is_run_or_rendered_as_markup(page: Any) -> None:
    ask(page, NASTY)
    card = ask(page, "nasty")
    assert page.locator("img").count() == 0
    assert page.locator(".log script").count() == 0
    assert card.locator("a").count() == 0
    assert NASTY in card.inner_text()
    card.get_by_role("button").click()
    page.locator(".log .entry").nth(5).wait_for()


def test_typing_is_shown_while_the_answer_is_on_its_way(page: Any) -> None:
    page.get_by_label("Your question").fill("slow")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("looking for an answer").wait_for()
    page.get_by_text("Here I am.").wait_for()
    assert page.locator("#typing").is_hidden()


def test_keyboard_alone_is_enough(page: Any, served: Served) -> None:
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "text":
            break
    page.keyboard.type("can low B12 cause twitching?")
    page.keyboard.press("Enter")
    page.locator(".reply.answer").wait_for()
    assert page.evaluate("document.activeElement.id") == "text"
    for _ in range(8):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.textContent") == "which foods have B12?":
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
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
    small = page.evaluate(
        """[...document.querySelectorAll('button, textarea, .log a')].filter(node => {
            const box = node.getBoundingClientRect(); return box.width < 24 || box.height < 24;
        }).map(node => node.outerHTML)"""
    )
    assert small == []


CONTRAST = """() => {
  const luminance = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
      .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const ground = node => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (!/, 0\\)$/.test(colour)) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  return [...document.querySelectorAll('h1, h2, p, a, button, label, th, td, caption, textarea')]
    .filter(node => node.textContent.trim() && node.getClientRects().length)
    .map(node => {
      const [a, b] = [luminance(getComputedStyle(node).color), luminance(ground(node))];
      return [node.textContent.slice(0, 40), (Math.max(a, b) + .05) / (Math.min(a, b) + .05)];
    }).filter(([, ratio]) => ratio < 4.5);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_holds_in_both_modes(page: Any, served: Served, shots: Path, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    ask(page, "can low B12 cause twitching?")
    ask(page, "compare")
    ask(page, "chest pain")
    assert page.evaluate(CONTRAST) == []
    page.screenshot(path=shots / f"all-{scheme}.png")
    page.goto(f"{served.address}articles/low-b12-muscle-twitching")
    assert page.evaluate(CONTRAST) == []
    page.screenshot(path=shots / f"article-{scheme}.png")


@pytest.mark.parametrize(("width", "height"), [(320, 256), (320, 640), (1280, 800)])
def test_page_fits_every_window(page: Any, shots: Path, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    ask(page, "compare the causes")
    ask(page, "can low B12 cause twitching?")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.getElementById('log').getBoundingClientRect().height >= innerHeight / 3")
    page.screenshot(path=shots / f"window-{width}x{height}.png")
    if height > 480:  # only the messages scroll; heading and input stay in view
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_page_without_script_leads_to_the_articles(browser: Any, served: Served, shots: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto(served.address)
    assert opened.locator("form").is_hidden()
    opened.screenshot(path=shots / "noscript.png")
    opened.locator("noscript a, main a").first.click()
    assert "/articles/" in opened.url
    assert opened.locator("h1").inner_text()
    context.close()
