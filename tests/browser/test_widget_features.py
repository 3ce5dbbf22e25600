"""What the widget does beside asking: rating, copying, remembering, forgetting, holding out without a connection."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage
from web_server import ANSWER_TEXT, Served, answer, answer_text, bearer, say

from healthqa.answer import DISCLAIMER
from tests.browser.chat_bot import ask, bot
from tests.browser.publisher_site import PublisherSite, element

pytestmark = pytest.mark.slow
QUESTION = "can low B12 cause twitching?"


def stored_token(page: Any) -> str | None:
    values = page.evaluate("Object.entries(sessionStorage)")
    return next((value for name, value in values if name.startswith("health-chat ")), None)


def stored_feedback(page: Any, served: Served) -> dict[str, str]:
    return served.get("history", headers=bearer(stored_token(page))).json()["feedback"]


def test_thumb_is_stored_and_shown_again_after_a_reload(page: Any, served: Served) -> None:
    card = ask(page, QUESTION)
    up, down = card.get_by_role("button", name="Helpful", exact=True), card.get_by_role("button", name="Not helpful")
    with page.expect_response("**/feedback") as saved:
        up.click()
    assert saved.value.status == 200
    assert up.get_attribute("aria-pressed") == "true"
    with page.expect_response("**/feedback"):
        down.click()
    assert (up.get_attribute("aria-pressed"), down.get_attribute("aria-pressed")) == ("false", "true")
    assert list(stored_feedback(page, served).values()) == ["down"]
    page.reload()
    page.locator(".reply.answer").wait_for()
    assert page.get_by_role("button", name="Not helpful").get_attribute("aria-pressed") == "true"


def test_comment_is_optional_and_sent_with_the_rating(page: Any) -> None:
    card = ask(page, QUESTION)
    assert card.get_by_label("optional").is_hidden()
    card.get_by_role("button", name="Not helpful").click()
    card.get_by_label("optional").fill("  How long does it take?  ")
    with page.expect_request("**/feedback") as sent:
        card.get_by_role("button", name="Send comment").click()
    body = sent.value.post_data_json
    assert (body["answer"], body["rating"], body["comment"]) == ("0011", "down", "How long does it take?")
    card.get_by_label("optional").wait_for(state="hidden")
    assert page.get_by_role("status").get_by_text("Thank you.").count() == 1


def test_comment_that_asks_for_help_raises_the_alarm(page: Any) -> None:
    card = ask(page, QUESTION)
    card.get_by_role("button", name="Not helpful").click()
    card.get_by_label("optional").fill("I have crushing chest pain and cannot breathe")
    card.get_by_role("button", name="Send comment").click()
    alarm = page.get_by_role("alert").filter(has_text="This may be an emergency")
    alarm.wait_for()
    assert DISCLAIMER in alarm.inner_text()


def test_rating_that_could_not_be_saved_is_taken_back(page: Any) -> None:
    card = ask(page, QUESTION)
    page.route("**/feedback", lambda route: route.abort())
    card.get_by_role("button", name="Helpful", exact=True).click()
    page.get_by_role("status").get_by_text("could not be saved").wait_for(state="attached")
    assert card.get_by_role("button", name="Helpful", exact=True).get_attribute("aria-pressed") == "false"


def test_alarms_and_small_talk_are_not_rated(page: Any) -> None:
    for words in ("hello", "chest pain"):
        assert ask(page, words).get_by_role("button", name="Helpful", exact=True).count() == 0


def test_copy_takes_the_answer_with_its_source_and_disclaimer(page: Any) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, QUESTION).get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert ANSWER_TEXT in copied
    assert "Source: Twitching" in copied
    assert copied.endswith(DISCLAIMER)


def test_conversation_is_there_after_a_reload_but_not_in_another_tab(page: Any, served: Served) -> None:
    ask(page, QUESTION)
    ask(page, "chest pain")
    page.reload()
    page.locator(".alarm").wait_for()
    assert page.locator(".question").all_inner_texts()[0].endswith(QUESTION)
    assert page.locator(".reply.answer").get_by_role("link").count() == 1
    assert len(served.agent.heard) == 2, "showing it again is not asking again"
    ask(page, "hello")
    assert len({message.sender_id for message in served.agent.heard}) == 1
    other = page.context.new_page()
    other.goto(served.address)
    other.get_by_label("Your question").wait_for()
    assert other.locator(".entry").count() == 0


def test_only_the_key_is_kept_in_the_tab_and_with_storage_none_not_even_that(
    page: Any, open_page: Callable[..., Any], site: PublisherSite
) -> None:
    ask(page, QUESTION)
    assert page.evaluate("sessionStorage.length") == 1
    assert page.evaluate("localStorage.length") == 0
    assert "twitching" not in json.dumps(page.evaluate("Object.entries(sessionStorage)"))
    other = open_page(site.show(element(site.chat, mode="inline", storage="none")))
    ask(other, QUESTION)
    assert other.evaluate("sessionStorage.length") == 0


def test_history_that_cannot_be_loaded_can_be_tried_again(page: Any) -> None:
    ask(page, QUESTION)
    page.route("**/history", lambda route: route.abort())
    page.reload()
    page.get_by_text("could not be loaded").wait_for()
    page.unroute("**/history")
    page.get_by_role("button", name="Try again").click()
    page.locator(".reply.answer").wait_for()
    assert page.locator(".entry").count() == 2


def test_forget_me_deletes_the_conversation_everywhere(page: Any, served: Served) -> None:
    ask(page, QUESTION)
    token = stored_token(page)
    page.get_by_role("button", name="Forget me").click()
    dialog = page.get_by_role("alertdialog", name="Delete this conversation?")
    dialog.get_by_text("your messages: 1, your ratings: 0").wait_for()
    dialog.get_by_role("button", name="Delete").click()
    page.get_by_text("The conversation is deleted.").wait_for()
    assert page.locator(".entry").count() == 0
    assert stored_token(page) is None
    assert served.get("history", headers=bearer(token)).status_code == 401
    ask(page, "hello")
    assert len({message.sender_id for message in served.agent.heard}) == 2


def test_forget_me_said_in_the_chat_takes_what_was_said_off_the_page_too(page: Any, served: Served) -> None:
    ask(page, QUESTION)
    page.get_by_label("Your question").fill("delete what I said")
    page.keyboard.press("Enter")
    page.get_by_text("Your conversation is deleted.").wait_for()
    page.locator(".typing").wait_for(state="hidden")
    assert page.locator(".entry").count() == 1
    page.reload()
    page.get_by_label("Your question").wait_for()
    assert page.locator(".entry").count() == 0
    ask(page, "hello")
    assert page.locator(".entry").count() == 2


def test_forget_me_asks_first_and_says_when_it_failed(page: Any) -> None:
    ask(page, QUESTION)
    dialog = page.get_by_role("alertdialog")
    for leave in (lambda: dialog.get_by_role("button", name="Keep").click(), lambda: page.keyboard.press("Escape")):
        page.get_by_role("button", name="Forget me").click()
        leave()
        dialog.wait_for(state="hidden")
        assert page.locator(".entry").count() == 2
    page.route("**/session", lambda route: route.abort())
    page.get_by_role("button", name="Forget me").click()
    dialog.get_by_role("button", name="Delete").click()
    dialog.get_by_text("It could not be deleted. Please try again.").wait_for()
    assert page.locator(".entry").count() == 2
    assert stored_token(page)


def test_offline_says_so_and_sends_the_same_message_when_online_again(page: Any, served: Served) -> None:
    ask(page, "hello")
    page.context.set_offline(True)
    card = ask(page, QUESTION)
    assert "You are offline" in card.inner_text()
    assert DISCLAIMER in card.inner_text()
    page.context.set_offline(False)
    page.locator(".reply.answer").wait_for()
    assert page.locator(".error").count() == 0
    assert page.locator(".question").count() == 2
    assert [message.text for message in served.agent.heard] == ["hello", QUESTION]


def test_limit_is_explained_and_the_retry_waits_as_long_as_the_server_says(page: Any) -> None:
    problem = {
        "code": "rate_limited",
        "message": f"Please wait a moment.\n{DISCLAIMER}",
        "retry": True,
        "retry_after": 3,
    }
    body = {"v": 1, "error": {**problem, "disclaimer": DISCLAIMER}}
    page.route("**/messages", lambda route: route.fulfill(status=429, json=body))
    card = ask(page, QUESTION)
    retry = card.get_by_role("button", name="Try again")
    assert "Please wait a moment." in card.inner_text()
    assert card.inner_text().count(DISCLAIMER) == 1
    page.unroute("**/messages")
    assert retry.get_attribute("aria-disabled") == "true"
    retry.dispatch_event("click")  # a real click would wait until it is enabled
    assert page.locator(".error").count() == 1
    page.locator(".retry[aria-disabled=false]").click()
    page.locator(".reply.answer").wait_for()


def test_reply_that_was_cut_off_is_shown_once_after_the_retry(page: Any, served: Served) -> None:
    def cut(route: Any) -> None:
        lines = route.fetch().text().splitlines()
        route.fulfill(
            body="\n".join(line for line in lines if '"done"' not in line), content_type="application/x-ndjson"
        )

    page.route("**/messages", cut)
    card = ask(page, QUESTION)
    card.get_by_role("button", name="Try again").wait_for()
    assert page.locator(".reply").count() == 0
    page.unroute("**/messages")
    page.get_by_role("button", name="Try again").click()
    page.locator(".reply.answer").wait_for()
    assert page.locator(".reply").count() == 1
    assert len(served.agent.heard) == 1


def test_did_you_mean_offers_questions_as_buttons(page: Any, served: Served) -> None:
    offered = ["How is B12 measured?", "How is a deficiency treated?"]

    async def unsure(message: UserMessage) -> None:
        served.agent.script = bot
        await say(message, f"I'm not sure.\n{DISCLAIMER}", answer=answer("clarify", suggestions=offered))

    served.agent.script = unsure
    group = ask(page, "b12 thing").get_by_role("group", name="Did you mean")
    assert group.get_by_role("button").all_inner_texts() == offered
    group.get_by_role("button", name=offered[1]).click()
    page.get_by_text(f"I heard: {offered[1]}").wait_for()


def test_button_shows_its_title_and_sends_its_payload(page: Any, served: Served) -> None:
    async def offer(message: UserMessage) -> None:
        served.agent.script = bot
        buttons = [{"title": "Yes, please", "payload": "Tell me more about B12"}]
        await say(message, answer_text(), answer=answer(), buttons=buttons)

    served.agent.script = offer
    ask(page, "b12").get_by_role("button", name="Yes, please").click()
    page.get_by_text("I heard: Tell me more about B12").wait_for()
    assert page.locator(".question").last.inner_text().endswith("Yes, please")


def test_question_that_is_too_long_is_explained_and_given_back(page: Any, served: Served) -> None:
    story = "and then my leg twitched again " * 90
    card = ask(page, story)
    assert "shorten your message to 2,000 characters" in card.inner_text()
    assert DISCLAIMER in card.inner_text()
    assert card.get_by_role("button").count() == 0
    assert page.get_by_label("Your question").input_value() == story.strip(), "the reader can shorten it"
    assert served.agent.heard == []
    page.get_by_label("Your question").fill("")
    assert "This may be an emergency" in ask(page, f"{story} and now I have crushing chest pain").inner_text()


def test_question_typed_while_an_answer_is_awaited_is_not_lost(page: Any, served: Served) -> None:
    field = page.get_by_label("Your question")
    field.fill("slow")
    field.press("Enter")
    field.fill("and another")
    field.press("Enter")
    assert field.input_value() == "and another"
    page.get_by_text("Here I am.").wait_for()
    field.press("Enter")
    page.get_by_text("I heard: and another").wait_for()
    assert field.input_value() == ""
