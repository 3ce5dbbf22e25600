"""What the channel takes for a request of Slack, and what it makes of nonsense."""

from __future__ import annotations

import json
import time
from urllib.parse import urlencode

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_api import Refused, buttons, shown
from slack_people import People, signature
from slack_server import Bot, quiet
from web_scripts import reply
from web_server import answer, answer_text, say

from addons.channels._first_contact import AUTOMATED
from addons.channels._remembered import Remembered
from addons.channels._slack_replies import FIRST_CONTACT
from healthqa.answer import DISCLAIMER

FORM = "application/x-www-form-urlencoded"
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
EVENTS = st.dictionaries(
    st.sampled_from(["type", "channel", "user", "text", "ts", "thread_ts", "files", "edited", "message", "subtype"]),
    JSON_VALUES | st.sampled_from(["message", "app_mention", "message_changed", "app_home_opened"]),
)


def test_challenge_is_answered(people: People) -> None:
    response = people.post(json.dumps({"type": "url_verification", "challenge": "3eZbrw1a", "token": "x"}))
    assert (response.status_code, response.json()) == (200, {"challenge": "3eZbrw1a"})


def test_challenge_without_a_signature_is_refused(people: People) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1a"})
    response = people.post(body, signature="v0=0")
    assert response.status_code == 401
    assert "3eZbrw1a" not in response.text


@pytest.mark.parametrize(
    "change",
    [
        {"signature": "v0=" + "0" * 64},
        {"signature": ""},
        {"signature": "v0=\u00fc"},
        {"moment": int(time.time()) - 301},
        {"moment": int(time.time()) + 600},
        {"moment": "soon", "signature": signature(b"{}", "soon")},
        {"headers": {"X-Slack-Signature": None}},
        {"headers": {"X-Slack-Request-Timestamp": None}},
    ],
    ids=["forged", "empty", "not ASCII", "replayed", "from the future", "no number", "missing", "no time"],
)
def test_request_that_slack_did_not_sign_is_refused(bot: Bot, people: People, change: dict[str, object]) -> None:
    change = dict(change)
    if isinstance(change.get("signature"), str) and not change["signature"].isascii():
        change["signature"] = change["signature"].encode()
    assert people.deliver(people.message("hello"), **change).status_code == 401
    quiet(0.2)
    assert bot.heard == []


def test_changed_body_is_refused(bot: Bot, people: People) -> None:
    moment = int(time.time())
    signed = signature(b'{"text": "one"}', moment)
    assert people.post('{"text": "two"}', moment=moment, signature=signed).status_code == 401


def test_other_secret_is_refused(people: People) -> None:
    moment = int(time.time())
    assert people.post("{}", moment=moment, signature=signature(b"{}", moment, "another")).status_code == 401


def test_too_large_body_is_refused(people: People) -> None:
    assert people.post("x" * 600_000).status_code == 413


@pytest.mark.parametrize("body", [b"\xff\xfe", b"{", b"[]", b"null", b"[" * 20_000], ids=repr)
def test_signed_nonsense_is_refused_without_a_retry(people: People, body: bytes) -> None:
    response = people.post(body)
    assert response.status_code in (400, 401)
    if response.status_code == 400:
        assert response.headers["X-Slack-No-Retry"] == "1"


@FEW
@given(event=EVENTS | JSON_VALUES)
def test_nonsense_event_is_acknowledged(people: People, event: object) -> None:
    assert people.deliver(event).status_code == 200  # type: ignore[arg-type]


@FEW
@given(payload=JSON_VALUES | st.fixed_dictionaries({"type": st.just("block_actions"), "actions": JSON_VALUES}))
def test_nonsense_press_is_acknowledged_or_refused(people: People, payload: object) -> None:
    response = people.post(urlencode({"payload": json.dumps(payload)}), FORM)
    assert response.status_code in (200, 400)


@pytest.mark.parametrize("body", ["command=%2Fhealthqa", "ssl_check=1&token=x", "", "payload=", "payload=%7B"])
def test_nonsense_form_is_acknowledged_or_refused(people: People, body: str) -> None:
    assert people.post(body, FORM).status_code in (200, 400)


def test_other_requests_are_not_served(people: People) -> None:
    assert requests.get(people.webhook, timeout=5).status_code == 405
    assert people.post("hello", "text/plain").status_code == 200


def test_command_is_answered_to_the_writer_alone(bot: Bot, people: People) -> None:
    bot.agent.script = reply
    before = len(bot.api.messages)
    response = people.command("can low B12 cause twitching?")
    assert (response.status_code, response.text) == (200, "")
    (message,) = people.next(before)
    assert message["user"] == people.user
    assert shown(message).splitlines()[:2] == [AUTOMATED, FIRST_CONTACT]
    assert shown(message).endswith(DISCLAIMER)
    assert bot.agent.heard[0].sender_id == f"slack:{people.channel}:{people.user}"
    assert bot.api.made("response_url")[-1]["response_type"] == "ephemeral"


@pytest.mark.parametrize(
    ("typed", "heard"),
    [("", "help"), ("help", "help"), ("forget", "forget me"), ("a &lt; b", "a < b"), ("/restart", "restart")],
)
def test_words_after_the_command(bot: Bot, people: People, typed: str, heard: str) -> None:
    before = len(bot.api.messages)
    people.command(typed)
    people.next(before)
    assert bot.heard == [heard]


def test_button_of_a_private_answer_is_answered_privately(bot: Bot, people: People) -> None:
    async def offer(message: object) -> None:
        await say(message, answer_text(), answer=answer(), buttons=[{"title": "More", "payload": "more"}])

    bot.agent.script = offer
    before = len(bot.api.messages)
    people.command("cramps?")
    (message,) = people.next(before)
    people.press(message, buttons(message)[0])
    (said,) = people.next(before + 1)
    assert said["user"] == people.user
    assert shown(said).startswith("▸ More\n")
    assert {heard.sender_id for heard in bot.agent.heard} == {f"slack:{people.channel}:{people.user}"}


@pytest.mark.parametrize("trouble", [404, 502])
def test_private_answer_whose_address_fails_comes_as_a_direct_message(bot: Bot, people: People, trouble: int) -> None:
    bot.agent.script = reply
    bot.api.planned["response_url"] = [Refused("expired_url", trouble)]
    before = len(bot.api.messages)
    people.command("cramps?")
    (message,) = people.next(before)
    assert (message["channel"], message["thread_ts"]) == (people.user, None)


def test_repeated_command_is_answered_once(bot: Bot, people: People) -> None:
    before = len(bot.api.messages)
    for _ in range(2):
        people.command("hello", trigger_id="13345224609.738474920.8088930838d88f008e0")
    people.next(before)
    quiet()
    assert bot.heard == ["hello"]


def test_home_tab_says_what_it_can_do(bot: Bot, people: People) -> None:
    event = {"type": "app_home_opened", "user": people.user, "channel": people.direct, "tab": "home"}
    for _ in range(2):
        assert people.deliver(event, f"EvHome{people.user}").status_code == 200
    view = bot.api.wait(lambda: [call for call in bot.api.made("views.publish") if call["user_id"] == people.user])[0]
    text = shown({"blocks": view["view"]["blocks"]})
    for words in ("automated assistant", "/healthqa", "mention me", "forget me", "Slack's servers", "emergency"):
        assert words in text
    assert text.endswith(DISCLAIMER)
    people.deliver({**event, "tab": "messages"})
    quiet(0.2)
    assert len([call for call in bot.api.made("views.publish") if call["user_id"] == people.user]) == 1


def test_memory_of_events_is_bounded() -> None:
    remembered = Remembered(limit=3)
    assert [remembered.add(key) for key in ("a", "b", "a", "c", "d")] == [True, True, False, True, True]
    assert len(remembered) == 3
    # The one that was not seen for longest went first.
    assert [key in remembered for key in "abcd"] == [True, False, True, True]
