"""Answers in Slack: Block Kit within its limits, word for word, with buttons, thumbs and the disclaimer."""

from __future__ import annotations

import asyncio
import re
import time

import pytest
from rasa.core.channels.channel import UserMessage
from slack_api import DOWN, Refused, buttons, check_blocks, limited, shown
from slack_people import People
from slack_server import Bot, quiet
from web_scripts import reply
from web_server import ANSWER_TEXT, answer, answer_text, echo, say

from addons.channels._replies import BotMessage, Button
from addons.channels._slack_ratings import NO_ANSWER, NOT_SAVED, THANKS
from addons.channels._slack_render import render
from healthqa.answer import DISCLAIMER, NOT_REVIEWED

# Slack names these in the body of an answer with status 200.
PASSING = [Refused("internal_error"), Refused("fatal_error"), Refused("service_unavailable")]


def test_answer_is_one_message_with_source_and_disclaimer(bot: Bot, people: People) -> None:
    bot.agent.script = reply
    (message,) = people.say("can low B12 cause twitching?")
    section, context, thumbs = message["blocks"]
    assert section["text"]["text"] == ANSWER_TEXT
    link = "<https://example.org/articles/twitching#causes|Twitching › Causes>"
    assert context["elements"][0]["text"] == f"Source: {link}\n{NOT_REVIEWED}\n{DISCLAIMER}"
    assert thumbs["type"] == "context_actions"
    assert message["text"] == answer_text()
    call = bot.api.made("chat.postMessage")[-1]
    assert call["unfurl_links"] is False


@pytest.mark.parametrize(
    "text",
    ["below 150 & above 90 <pg/mL>", "<!channel> <@U1> &lt;", "*not bold* and _not italic_", "`~5 µg`", "10 > 5"]
    + ["> 150 pg/mL", "first\n> 150 pg/mL", "a ratio of 1:100:3"],
)
def test_text_is_shown_word_for_word(text: str) -> None:
    (message,) = render(BotMessage(f"{text}\n{DISCLAIMER}"))
    assert shown({"blocks": message.blocks}) == f"{text}\n{DISCLAIMER}"
    first = message.blocks[0]["text"]
    # mrkdwn cannot escape its own marks.
    assert first["type"] == ("plain_text" if re.search("[*_~`]|^>|:100:", text, re.MULTILINE) else "mrkdwn")
    assert "<!" not in str(message.blocks) and "<@" not in message.text


def test_source_on_this_machine_is_no_link() -> None:
    (message,) = render(BotMessage(answer_text(url="http://127.0.0.1:5005/webhooks/web/articles/x")))
    assert "<http" not in str(message.blocks)
    assert "http://127.0.0.1:5005/webhooks/web/articles/x" in shown({"blocks": message.blocks})


def test_long_answer_is_split_at_sentence_ends_within_one_message() -> None:
    sentences = [f"Sentence number {number} says something about B12 & nerves." for number in range(200)]
    (message,) = render(BotMessage(f"{' '.join(sentences)}\n{DISCLAIMER}", answer()))
    check_blocks(message.blocks)
    sections = [block["text"]["text"] for block in message.blocks if block["type"] == "section"]
    assert len(sections) > 3
    assert all(section.endswith("nerves.") for section in sections)
    assert " ".join(sections).replace("&amp;", "&") == " ".join(sentences)
    assert message.text.endswith(DISCLAIMER)


@pytest.mark.parametrize("lines", [60, 300], ids=["one message would do", "too many blocks"])
def test_any_number_of_sources_fits(lines: int) -> None:
    body = [f"Passage {number}.\nSource: Title – https://example.org/{number}" for number in range(lines)]
    messages = render(BotMessage("\n".join([*body, DISCLAIMER]), answer(), (Button("q", "q"),)))
    for message in messages:
        check_blocks(message.blocks)
        assert DISCLAIMER in message.text and DISCLAIMER in shown({"blocks": message.blocks})
    assert len(messages) > 1
    assert messages[0].text.startswith(f"Part 1 of {len(messages)}.")
    everything = "\n".join(message.text for message in messages)
    assert all(f"Passage {number}." in everything for number in range(lines))
    assert [bool(buttons({"blocks": message.blocks})) for message in messages] == [False] * (len(messages) - 1) + [True]


def test_word_without_an_end_fits() -> None:
    for message in render(BotMessage("&" * 9000 + "\n" + DISCLAIMER)):
        check_blocks(message.blocks)


@pytest.mark.parametrize("number", [6, 25, 60])
def test_no_button_is_lost(bot: Bot, people: People, number: int) -> None:
    async def offer(message: UserMessage) -> None:
        offers = [
            {"title": f"What about B12 & question {item}? " + "x" * 80, "payload": f"q{item}"} for item in range(number)
        ]
        await say(message, answer_text(), answer=answer(), buttons=offers)

    bot.agent.script = offer
    (message,) = people.say("cramps?")
    assert [button["value"] for button in buttons(message)] == [f"q{item}" for item in range(number)]


def offering(title: str, payload: str) -> object:
    async def offer(message: UserMessage) -> None:
        if message.text == "offer" and not message.parse_data:
            await say(message, answer_text(), answer=answer(), buttons=[{"title": title, "payload": payload}])
        else:
            await echo(message)

    return offer


def test_press_asks_the_question_and_shows_what_was_asked(bot: Bot, people: People) -> None:
    bot.agent.script = offering("B12 < 150 & you?", "What is B12 < 150 & me?")
    (message,) = people.ask(people.mention("offer"))
    before = len(bot.api.messages)
    assert people.press(message, buttons(message)[0]).status_code == 200
    (said,) = people.next(before)
    assert shown(said) == "▸ B12 < 150 & you?\nheard: What is B12 < 150 & me?"
    assert (said["channel"], said["thread_ts"]) == (people.channel, message["thread_ts"])
    assert len({heard.sender_id for heard in bot.agent.heard}) == 1


def test_command_behind_a_button_runs_only_where_it_was_offered(bot: Bot, people: People) -> None:
    bot.agent.script = offering("Yes, delete", "/forget_me")
    (message,) = people.say("offer")
    button = buttons(message)[0]
    assert "/forget_me" not in str(message)
    before = len(bot.api.messages)
    people.press(message, button)
    people.next(before)
    assert bot.agent.heard[-1].parse_data["intent"]["name"] == "forget_me"
    stranger = bot.newcomer()
    elsewhere = {**message, "channel": stranger.direct}
    before = len(bot.api.messages)
    stranger.press(elsewhere, button)
    assert "earlier conversation" in shown(stranger.next(before)[0])
    before = len(bot.api.messages)
    people.press(message, button, value="/restart")
    people.next(before)
    assert bot.agent.heard[-1].parse_data is None
    assert bot.heard[-1] == "restart"


def test_second_press_while_the_first_runs_is_the_same(bot: Bot, people: People) -> None:
    bot.agent.script = offering("More", "more")
    (message,) = people.say("offer")

    async def slowly(heard: UserMessage) -> None:
        await asyncio.sleep(0.3)
        await echo(heard)

    bot.agent.script = slowly
    before = len(bot.api.messages)
    for _ in range(3):
        people.press(message, buttons(message)[0])
    people.next(before)
    quiet()
    assert len(bot.api.messages) == before + 1
    people.press(message, buttons(message)[0])
    people.next(before, 2)


def test_thumb_is_stored_like_a_rating_on_the_web(bot: Bot, people: People) -> None:
    bot.agent.script = reply
    (message,) = people.ask(people.mention("cramps?"))
    thumbs = buttons(message, "context_actions")[0]
    conversation = f"slack:{people.channel}:{message['thread_ts']}"
    for thumb, stored in (("positive_button", "good"), ("negative_button", "bad")):
        before = len(bot.api.messages)
        people.press(message, thumbs, value=thumbs[thumb]["value"])
        (thanks,) = people.next(before)
        assert shown(thanks) == THANKS
        # Only the one who pressed sees it, there where the answer is.
        assert (thanks["user"], thanks["thread_ts"]) == (people.user, message["thread_ts"])
        assert thanks["seen"]
        assert asyncio.run(bot.agent.store.ratings(conversation)) == {"0011": stored}
    kept = [item for item in bot.agent.store.file.feedback() if item.answer == "0011"][-1]
    assert (kept.rating, kept.passages, kept.question, kept.comment) == ("bad", "twitching#causes-0", "", "")


def test_thumb_under_a_forgotten_answer_says_so(bot: Bot, people: People) -> None:
    bot.agent.script = reply
    (message,) = people.say("cramps?")
    asyncio.run(bot.agent.store.forget(f"slack:{people.direct}"))
    thumbs = buttons(message, "context_actions")[0]
    before = len(bot.api.messages)
    people.press(message, thumbs, value="up:0011")
    assert shown(people.next(before)[0]) == NO_ANSWER


def test_thumb_while_the_store_fails_says_so(bot: Bot, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    bot.agent.script = reply
    (message,) = people.say("cramps?")
    monkeypatch.setattr(bot.agent.store.file, "events", broken)
    before = len(bot.api.messages)
    people.press(message, buttons(message, "context_actions")[0], value="up:0011")
    text = shown(people.next(before)[0])
    assert text.startswith(NOT_SAVED) and text.endswith(DISCLAIMER)


def broken(*_: object, **__: object) -> None:
    raise OSError("disk full")


def test_pause_that_slack_asks_for_is_kept(bot: Bot, people: People) -> None:
    bot.api.planned["chat.postMessage"] = [limited(1)]
    made = len(bot.api.times("chat.postMessage"))
    (message,) = people.say("hello")
    first, second = bot.api.times("chat.postMessage")[made:]
    assert second - first >= 1
    assert shown(message) == "heard: hello"


def test_pause_that_nobody_would_wait_for_is_not(bot: Bot, people: People, caplog: pytest.LogCaptureFixture) -> None:
    bot.api.planned["chat.postMessage"] = [limited(3600)]
    made = len(bot.api.times("chat.postMessage"))
    people.deliver(people.message("hello"))
    end = time.monotonic() + 5
    while "ratelimited" not in caplog.text and time.monotonic() < end:
        time.sleep(0.05)
    assert "a message could not be sent (chat.postMessage: ratelimited)" in caplog.text
    assert len(bot.api.times("chat.postMessage")) == made + 1


@pytest.mark.parametrize(
    "trouble",
    [[DOWN], [Refused("internal_error", 500)], [Refused("service_unavailable", 503), DOWN], [3.0], PASSING],
    ids=["502 with HTML", "500", "503 and 502", "no answer in time", "errors with 200"],
)
def test_trouble_at_slack_is_waited_out(bot: Bot, people: People, trouble: list[object]) -> None:
    bot.api.planned["chat.postMessage"] = list(trouble)
    (message,) = people.say("hello")
    assert shown(message) == "heard: hello"


def test_refused_blocks_are_sent_as_text(bot: Bot, people: People) -> None:
    bot.agent.script = reply
    bot.api.planned["chat.postMessage"] = [Refused("invalid_blocks")]
    (message,) = people.say("cramps?")
    assert message["blocks"] is None
    assert message["text"] == answer_text()


@pytest.mark.parametrize("error", ["channel_not_found", "is_archived", "restricted_action"])
def test_place_that_takes_no_message_is_not_asked_twice(
    bot: Bot, people: People, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    # A late message of the test before must not be counted here; a turn takes a second at most.
    quiet(2.5)
    bot.api.planned["chat.postMessage"] = [Refused(error), Refused(error)]
    made = len(bot.api.times("chat.postMessage"))
    people.deliver(people.message("a secret worry"))
    end = time.monotonic() + 5
    while error not in caplog.text and time.monotonic() < end:
        time.sleep(0.05)
    quiet(0.2)
    assert len(bot.api.times("chat.postMessage")) == made + 1
    assert "secret worry" not in caplog.text
