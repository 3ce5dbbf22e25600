"""GET history, POST feedback, GET me: what was said, what a reader thinks of it, and what is kept."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import SessionStarted, SlotSet
from web_scripts import hang, reply
from web_server import DOMAIN, Served, answer, answer_text, bearer, say

from healthqa.answer import DISCLAIMER
from healthqa.conversations import Feedback

ALARMING = "I have crushing chest pain and cannot breathe"


def history(web: Served, token: str) -> dict[str, Any]:
    response = web.get("history", headers=bearer(token))
    assert response.status_code == 200, response.text
    return response.json()


def rate(web: Served, token: str, **body: Any) -> Any:
    return web.post("feedback", {"answer": "0011", "rating": "up", **body}, headers=bearer(token))


def stored_feedback(web: Served) -> list[Feedback]:
    return web.agent.store.file.feedback()


@pytest.fixture(autouse=True)
def nothing_stored(web: Served) -> None:
    web.agent.script = reply
    for sender in web.agent.store.file.senders():
        web.agent.store.file.delete(sender)


def test_history_shows_each_turn_as_it_was_shown(web: Served) -> None:
    async def answer_with_buttons(message: UserMessage) -> None:
        offered = [{"title": "Go on", "payload": "/ask_diagnosis"}, {"title": "Yes", "payload": "yes"}]
        await say(message, answer_text(), answer=answer(), buttons=offered)

    web.agent.script = answer_with_buttons
    token = web.token()
    assert history(web, token) == {"v": 1, "turns": [], "complete": True, "feedback": {}}
    live = [web.send(text, token, message_id) for text, message_id in (("one", "a"), ("/two", "b"))]
    shown = history(web, token)["turns"]
    assert [(turn["id"], turn["text"]) for turn in shown] == [("a", "one"), ("b", "two")]
    assert [turn["events"] for turn in shown] == [[event for event in turn if "text" in event] for turn in live]
    assert abs(time.time() - time.mktime(time.strptime(shown[0]["time"], "%Y-%m-%dT%H:%M:%SZ")) + time.timezone) < 5


def test_history_is_of_this_conversation_only(web: Served) -> None:
    web.send("mine", mine := web.token())
    web.send("theirs", theirs := web.token())
    assert [turn["text"] for turn in history(web, mine)["turns"]] == ["mine"]
    assert [turn["text"] for turn in history(web, theirs)["turns"]] == ["theirs"]


def test_history_shows_the_alarm_that_stood_in_for_an_answer(web: Served) -> None:
    token = web.token()
    live = web.send(ALARMING, token)
    (turn,) = history(web, token)["turns"]
    assert [event["text"] for event in turn["events"]] == [live[1]["text"]]
    assert turn["events"][0]["answer"]["kind"] == "emergency"
    assert "Source:" not in turn["events"][0]["text"]


def test_history_waits_for_the_answer_that_is_on_its_way(web: Served) -> None:
    """A page that is loaded again in the middle of an answer shows question and answer all the same."""
    begun = threading.Event()

    async def slowly(message: UserMessage) -> None:
        begun.set()
        await asyncio.sleep(0.5)
        await say(message, f"heard: {message.text}", metadata={"kind": "smalltalk"})

    web.agent.script = slowly
    token = web.token()
    asking = threading.Thread(target=web.send, args=("twitching?", token))
    asking.start()
    assert begun.wait(5)
    (turn,) = web.get("history", headers=bearer(token)).json()["turns"]
    asking.join()
    assert (turn["text"], turn["events"][0]["text"]) == ("twitching?", "heard: twitching?")


def test_history_has_no_failed_turn_and_a_retried_one_once(web: Served) -> None:
    from healthqa.settings import Settings
    from healthqa.texts import Texts

    sentence = Texts.load(Settings.from_env({}).responses_path).get("utter_error")

    async def fail(message: UserMessage) -> None:
        await say(message, sentence)

    token = web.token()
    web.agent.script = fail
    assert web.send("one", token, "a")[-1]["event"] == "error"
    web.agent.script = hang
    assert web.send("two", token, "b")[-1]["event"] == "error"
    assert history(web, token)["turns"] == []
    web.agent.script = reply
    web.send("one", token, "a")
    assert [turn["id"] for turn in history(web, token)["turns"]] == ["a"]


def test_history_spans_rasas_sessions_and_keeps_the_last_turns(web: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    from addons.channels import _web_history

    async def new_session(message: UserMessage) -> None:
        await reply(message)
        message.tracker.update_with_events([SessionStarted()], DOMAIN)

    web.agent.script = new_session
    token = web.token()
    for number in range(3):
        web.send(str(number), token)
    assert [turn["text"] for turn in history(web, token)["turns"]] == ["0", "1", "2"]
    monkeypatch.setattr(_web_history, "TURNS_LIMIT", 2)
    cut = history(web, token)
    assert [turn["text"] for turn in cut["turns"]] == ["1", "2"]
    assert cut["complete"] is False


def test_feedback_is_kept_with_its_answer_and_replaced(web: Served) -> None:
    token = web.token()
    web.send("can low B12 cause twitching?", token)
    assert rate(web, token).json() == {"v": 1, "saved": True, "alarm": None}
    assert stored_feedback(web) == [Feedback("good", "", "", "twitching#causes-0", "0011")]
    assert history(web, token)["feedback"] == {"0011": "up"}
    rate(web, token, rating="down", comment="how\nlong?\x00")
    assert stored_feedback(web) == [
        Feedback("bad", "how long?", "can low B12 cause twitching?", "twitching#causes-0", "0011")
    ]
    assert history(web, token)["feedback"] == {"0011": "down"}


def test_feedback_for_an_answer_of_another_conversation_is_refused(web: Served) -> None:
    web.send("one", web.token())
    stranger = web.token()
    web.agent.script = lambda message: say(message, "Hello", answer=answer("smalltalk", id="0022"))
    web.send("hello", stranger)
    response = rate(web, stranger)
    assert (response.status_code, response.json()["error"]["code"]) == (404, "answer_unknown")
    assert stored_feedback(web) == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"answer": ""}, "answer_invalid"),
        ({"answer": 7}, "answer_invalid"),
        ({"answer": "x" * 65}, "answer_invalid"),
        ({"rating": "good"}, "rating_invalid"),
        ({"rating": ["up"]}, "rating_invalid"),
        ({"comment": 1}, "comment_invalid"),
        ({"comment": "a" * 1001}, "comment_too_long"),
    ],
)
def test_unusable_feedback_is_refused(web: Served, body: dict[str, Any], code: str) -> None:
    response = rate(web, web.token(), **body)
    assert (response.status_code, response.json()["error"]["code"]) == (400, code)


def test_comment_of_a_thousand_characters_is_kept(web: Served) -> None:
    web.send("one", token := web.token())
    assert rate(web, token, comment="ü" * 1000).status_code == 200
    assert stored_feedback(web)[0].comment == "ü" * 1000


def test_alarm_in_a_comment_is_answered_and_not_passed_on(web: Served) -> None:
    web.send("one", token := web.token())
    shown = rate(web, token, rating="down", comment="useless, I want to end my life").json()
    assert shown["saved"] is True
    assert shown["alarm"]["answer"]["kind"] == "crisis"
    assert shown["alarm"]["text"].endswith(DISCLAIMER)
    assert stored_feedback(web) == [Feedback("bad", "", "", "twitching#causes-0", "0011")]


def test_stored_data_are_counted_and_named_not_shown(web: Served) -> None:
    async def remember(message: UserMessage) -> None:
        await reply(message)
        message.tracker.update(SlotSet("topic", "cramps"))

    web.agent.script = remember
    token = web.token()
    me = web.get("me", headers=bearer(token)).json()
    nothing = {"v": 1, "messages": 0, "first": None, "last": None, "slots": [], "feedback": 0, "retention_days": 90}
    assert me == nothing
    web.send("my secret worry", token)
    web.send("another", token)
    rate(web, token)
    response = web.get("me", headers=bearer(token))
    me = response.json()
    assert (me["messages"], me["slots"], me["feedback"]) == (2, ["topic"], 1)
    assert me["first"] <= me["last"]
    assert "secret" not in response.text


@pytest.mark.parametrize(
    ("method", "path"), [("get", "history"), ("get", "me"), ("post", "feedback"), ("delete", "session")]
)
@pytest.mark.parametrize("headers", [{}, bearer("nonsense"), {"Authorization": "Basic eDp5"}, bearer("")])
def test_without_a_token_nothing_is_shown(web: Served, method: str, path: str, headers: dict[str, str]) -> None:
    body = [{"answer": "0011", "rating": "up"}] if method == "post" else []
    response = getattr(web, method)(path, *body, headers=headers)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.json()["error"]["code"] in ("token_missing", "session_invalid")


def test_token_in_the_header_wins_over_the_body(web: Served) -> None:
    mine, other = web.token(), web.token()
    body = {"token": other, "id": "1", "text": "hello"}
    assert web.post("messages", body, headers=bearer(mine)).status_code == 200
    assert len(history(web, mine)["turns"]) == 1
    assert history(web, other)["turns"] == []
