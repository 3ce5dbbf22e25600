"""Questions, titles, addresses, buttons and translations that try to become code."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage
from web_server import Served, answer, answer_text, say

from tests.browser.chat_bot import NASTY, ask
from tests.browser.publisher_site import PublisherSite, element

pytestmark = pytest.mark.slow
ADDRESSES = [
    "javascript:window.hacked=1",
    " javascript:window.hacked=1",
    "JaVaScRiPt:window.hacked=1",
    "java\nscript:window.hacked=1",
    "\x01javascript:window.hacked=1",
    "data:text/html,<script>window.hacked=1</script>",
    "vbscript:window.hacked=1",
    "blob:http://127.0.0.1/1",
    "file:///etc/passwd",
    "https://[",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_source_with_an_address_that_no_browser_should_open_is_plain_text(
    page: Any, served: Served, address: str
) -> None:
    async def hostile(message: UserMessage) -> None:
        passage = {**answer()["passages"][0], "url": address}
        await say(message, answer_text(url=address.replace("\n", "")), answer=answer(passages=[passage]))

    served.agent.script = hostile
    card = ask(page, "b12")
    assert card.locator("a").count() == 0
    assert "Twitching › Causes" in card.inner_text()


def test_link_of_a_source_gives_nothing_away(page: Any) -> None:
    link = ask(page, "can low B12 cause twitching?").get_by_role("link")
    assert link.get_attribute("rel") == "noopener noreferrer"
    assert link.get_attribute("target") == "_blank"


def test_markup_stays_text_wherever_it_comes_from(
    open_page: Callable[..., Any], site: PublisherSite, served: Served
) -> None:
    async def hostile(message: UserMessage) -> None:
        passage = {**answer()["passages"][0], "title": NASTY, "section": NASTY, "reviewed": NASTY, "text": NASTY}
        table = {"columns": [NASTY, NASTY], "rows": [[NASTY, NASTY]]}
        buttons = [{"title": NASTY, "payload": NASTY}]
        found = answer(passages=[passage], suggestions=[f"{NASTY}?"], table=table)
        await say(message, answer_text(NASTY), answer=found, buttons=buttons)

    served.agent.script = hostile
    strings = json.dumps({name: NASTY for name in ("heading", "intro", "source", "you", "bot", "copy", "table")})
    page = open_page(site.show(element(site.chat, mode="inline", strings=strings)))
    card = ask(page, NASTY)
    assert NASTY in card.inner_text()
    card.locator(".choice").first.click()
    page.locator(".entry").nth(3).wait_for()
    page.reload()  # the history shows it all once more
    page.locator(".entry").nth(3).wait_for()
    inside = "document.querySelector('health-chat').shadowRoot"
    assert page.evaluate(f"{inside}.querySelectorAll('img, script, iframe, [style], [onerror]').length") == 0


def test_alarm_makes_links_of_telephone_numbers_only(page: Any, served: Served) -> None:
    async def alarm(message: UserMessage) -> None:
        text = "Call 112 or 999 now. Lifeline: 13 11 14, +44 116 123. Not 24/7, 10/12, 3.5, 1-2 days or v2.0."
        await say(message, text, answer=answer("emergency"))

    served.agent.script = alarm
    links = [link.get_attribute("href") for link in ask(page, "chest pain").get_by_role("link").all()]
    assert links == ["tel:112", "tel:999", "tel:131114", "tel:+44116123"]
