"""DELETE session: forget me, for good."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import pytest
import requests
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import SlotSet
from web_scripts import reply
from web_server import FakeAgent, Served, Server, bearer, events, say, settings

from addons.stores import FORGET_SLOT

SECRET = "flamingotrombone"
CREDENTIALS = {"secret": "s" * 40, "timeout": 2}


@pytest.fixture
def served(tmp_path: Path) -> Served:
    agent = FakeAgent(tmp_path)
    agent.script = reply
    with Server(agent, settings(tmp_path), **CREDENTIALS) as web:
        yield web


def on_disk(web: Served) -> bytes:
    return b"".join(path.read_bytes() for path in web.agent.data.rglob("*") if path.is_file())


def test_forgetting_deletes_conversation_and_feedback(served: Served) -> None:
    token, other = served.token(), served.token()
    served.send(f"can low B12 cause twitching? {SECRET}", token)
    served.send("somebody else", other)
    served.post("feedback", {"answer": "0011", "rating": "down", "comment": SECRET}, headers=bearer(token))
    assert SECRET.encode() in on_disk(served)
    sender = served.agent.heard[0].sender_id
    response = served.delete("session", headers=bearer(token))
    assert (response.status_code, response.content) == (204, b"")
    assert SECRET.encode() not in on_disk(served)
    assert sender.encode() not in on_disk(served)
    assert served.agent.store.file.feedback() == []
    assert len(served.get("history", headers=bearer(other)).json()["turns"]) == 1


@pytest.mark.parametrize("path", ["history", "me"])
def test_token_is_refused_after_forgetting(served: Served, path: str) -> None:
    token = served.token()
    served.send("one", token, "a")
    served.delete("session", headers=bearer(token))
    response = served.get(path, headers=bearer(token))
    assert (response.status_code, response.json()["error"]["code"]) == (401, "session_forgotten")


def test_replay_of_a_forgotten_message_shows_nothing(served: Served) -> None:
    token = served.token()
    body = {"token": token, "id": "a", "text": "can low B12 cause twitching?"}
    assert events(served.post("messages", body))[-1]["event"] == "done"
    served.delete("session", headers=bearer(token))
    response = served.post("messages", body)
    assert (response.status_code, response.json()["error"]["code"]) == (401, "session_forgotten")
    assert len(served.agent.heard) == 1


def test_forgetting_twice_succeeds_twice(served: Served) -> None:
    token = served.token()
    assert [served.delete("session", headers=bearer(token)).status_code for _ in range(2)] == [204, 204]


def test_token_is_refused_by_another_server_after_a_restart(tmp_path: Path) -> None:
    with Server(FakeAgent(tmp_path), settings(tmp_path), **CREDENTIALS) as before:
        token, kept = before.token(), before.token()
        before.send("one", token)
        before.send("two", kept)
        before.delete("session", headers=bearer(token))
    with Server(FakeAgent(tmp_path), settings(tmp_path), **CREDENTIALS) as after:
        assert after.get("history", headers=bearer(token)).status_code == 401
        assert len(after.get("history", headers=bearer(kept)).json()["turns"]) == 1


def test_running_turn_is_cancelled_and_leaves_nothing(served: Served) -> None:
    begun = threading.Event()

    async def slowly(message: UserMessage) -> None:
        begun.set()
        await asyncio.sleep(1.5)
        await reply(message)

    served.agent.script = slowly
    token = served.token()
    body = {"token": token, "id": "a", "text": f"my {SECRET}"}
    replies: list[requests.Response] = []
    waiting = threading.Thread(target=lambda: replies.append(served.post("messages", body)))
    waiting.start()
    assert begun.wait(5)
    start = time.monotonic()
    assert served.delete("session", headers=bearer(token)).status_code == 204
    assert time.monotonic() - start < 1.2
    waiting.join()
    assert events(replies[0])[-1]["event"] == "error"
    time.sleep(1.6)
    assert SECRET.encode() not in on_disk(served)
    assert served.post("messages", body).status_code == 401


def test_turn_of_another_process_cannot_bring_a_deleted_conversation_back(served: Served, tmp_path: Path) -> None:
    token = served.token()
    served.send("one", token)
    sender = served.agent.heard[0].sender_id
    other_process = FakeAgent(tmp_path)
    late = asyncio.run(other_process.tracker_store.retrieve(sender))
    served.delete("session", headers=bearer(token))
    late.update(SlotSet("topic", SECRET))
    asyncio.run(other_process.tracker_store.save(late))
    assert SECRET.encode() not in on_disk(served)


def test_deletion_that_fails_says_so_and_can_be_repeated(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    token = served.token()
    served.send(SECRET, token)
    served.agent.store.file.close()
    stored = served.agent.data / "conversations.db"
    kept = {path: path.read_bytes() for path in served.agent.data.glob("conversations.db*")}
    stored.write_bytes(b"this is no database" * 100)
    response = served.delete("session", headers=bearer(token))
    assert (response.status_code, response.json()["error"]["code"]) == (503, "store_unavailable")
    assert response.json()["error"]["retry"] is True
    assert int(response.headers["Retry-After"]) > 0
    assert SECRET not in caplog.text
    for path, content in kept.items():
        path.write_bytes(content)
    assert len(served.get("history", headers=bearer(token)).json()["turns"]) == 1
    assert served.delete("session", headers=bearer(token)).status_code == 204
    assert served.get("history", headers=bearer(token)).status_code == 401


def test_forget_me_in_the_chat_drops_the_kept_replies_and_goes_on(served: Served) -> None:
    async def forget(message: UserMessage) -> None:
        message.tracker.update(SlotSet(FORGET_SLOT, True))
        await say(message, "Done.", metadata={"kind": "smalltalk"})

    token = served.token()
    served.send("one", token, "a")
    served.agent.script = forget
    done = events(served.post("messages", {"token": token, "id": "b", "text": "yes, forget me"}))[-1]
    assert done == {"v": 1, "event": "done", "forgot": True}
    served.agent.script = reply
    served.send("one", token, "a")
    assert len(served.agent.heard) == 3, "the reply of before was shown again"
    assert [turn["text"] for turn in served.get("history", headers=bearer(token)).json()["turns"]] == ["one"]
