"""The chat page in a real browser, over a served channel with a scripted bot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage
from web_server import ANSWER_TEXT, URL, Served, answer, answer_text, say

from healthqa.answer import DISCLAIMER
from tests.browser.chat_bot import NASTY, NOTICE, TABLE, ask, bot

pytestmark = pytest.mark.slow


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
    page.locator(".welcome button").first.click()
    page.locator(".log .entry").nth(1).wait_for()
    assert served.agent.heard[0].text == page.locator(".welcome button").first.inner_text()


def test_reviewed_source_gives_the_date(page: Any, served: Served) -> None:
    async def reviewed(message: UserMessage) -> None:
        found = answer(passages=[{**answer()["passages"][0], "reviewed": "2026-03-04"}])
        text = answer_text().replace("No clinician has reviewed this article yet.\n", "")
        await say(message, text, answer=found)

    served.agent.script = reviewed
    assert "Reviewed on March 4, 2026" in ask(page, "twitching?").inner_text()


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
    ask(page, "before")
    replaced = {"done": False}

    def spoil_token(route: Any) -> None:
        headers = route.request.headers
        if not replaced["done"]:
            replaced["done"] = True
            headers["authorization"] = "Bearer gone"
        route.continue_(headers=headers)

    page.route("**/messages", spoil_token)
    assert "I heard: hello" in ask(page, "hello").inner_text()
    assert replaced["done"]
    before, after = served.agent.heard
    assert before.sender_id != after.sender_id


def test_nothing_is_run_or_rendered_as_markup(page: Any) -> None:
    ask(page, NASTY)
    card = ask(page, "nasty")
    assert page.locator("img").count() == 0
    assert page.locator(".log script").count() == 0
    assert card.locator("a").count() == 0
    assert NASTY in card.inner_text()
    card.get_by_role("button", name=NASTY).click()
    page.locator(".log .entry").nth(5).wait_for()
