"""The tracker store: only new events, sessions, deletion that lasts, and turns that go on when the disk does not."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

import pytest
from rasa.core.agent import Agent
from rasa.core.tracker_store import TrackerStore, check_if_tracker_store_async
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from addons.stores import FORGET_SLOT, ForgettingSQLiteTrackerStore

DOMAIN = Domain.from_dict(
    {"slots": {FORGET_SLOT: {"type": "bool", "influence_conversation": False, "mappings": [{"type": "custom"}]}}}
)
SECRET = "quixotic eyelid marimba"


@pytest.fixture()
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ForgettingSQLiteTrackerStore:
    monkeypatch.setenv("HEALTHQA_DATA", str(tmp_path / "var"))
    return ForgettingSQLiteTrackerStore(DOMAIN)


def session(*texts: str) -> list[Event]:
    events: list[Event] = [ActionExecuted(ACTION_SESSION_START_NAME), SessionStarted(), ActionExecuted("action_listen")]
    for text in texts:
        events += [UserUttered(text, {"name": "greet", "confidence": 1.0}), BotUttered(f"re: {text}")]
        events.append(ActionExecuted(ACTION_LISTEN_NAME))
    return events


def tracker(events: list[Event], sender: str = "a") -> DialogueStateTracker:
    made = DialogueStateTracker(sender, DOMAIN.slots)
    made.update_with_events(events, DOMAIN)
    return made


def save(store: ForgettingSQLiteTrackerStore, *trackers: DialogueStateTracker) -> None:
    for one in trackers:
        asyncio.run(store.save(one))


def words(store: ForgettingSQLiteTrackerStore, sender: str = "a", full: bool = False) -> list[str]:
    retrieve = store.retrieve_full_tracker if full else store.retrieve
    found = asyncio.run(retrieve(sender))
    return [e.text for e in found.events if isinstance(e, UserUttered)] if found else []


def bytes_on_disk(store: ForgettingSQLiteTrackerStore) -> bytes:
    return b"".join(path.read_bytes() for path in store.file.path.parent.iterdir())


def test_store_is_made_from_the_endpoint_config_and_is_async(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEALTHQA_DATA", str(tmp_path))
    config = EndpointConfig(type="addons.stores.ForgettingSQLiteTrackerStore")
    made = TrackerStore.create(config, DOMAIN)
    assert isinstance(made, ForgettingSQLiteTrackerStore)
    assert check_if_tracker_store_async(made)


def test_store_gives_back_what_it_was_given(store: ForgettingSQLiteTrackerStore) -> None:
    original = tracker(session("hello", "how is it diagnosed?"))
    save(store, original)
    again = asyncio.run(store.retrieve("a"))
    assert again == original
    assert asyncio.run(store.exists("a")) and not asyncio.run(store.exists("nobody"))
    assert list(asyncio.run(store.keys())) == ["a"]


def test_store_appends_only_new_events(store: ForgettingSQLiteTrackerStore) -> None:
    one = tracker(session("one"))
    save(store, one, one, one)
    count = len(store.file.events("a"))
    assert count == len(one.events)
    again = asyncio.run(store.retrieve("a"))
    assert again is not None
    again.update(UserUttered("two"))
    save(store, again)
    assert len(store.file.events("a")) == count + 1


def test_store_retrieves_the_last_session_and_appends_to_it(store: ForgettingSQLiteTrackerStore) -> None:
    save(store, tracker(session("one") + session("two")))
    assert words(store) == ["two"]
    last = asyncio.run(store.retrieve("a"))
    assert last is not None
    last.update(UserUttered("three"))
    save(store, last, last)
    assert words(store) == ["two", "three"]
    assert words(store, full=True) == ["one", "two", "three"]


def test_store_creates_an_empty_conversation(store: ForgettingSQLiteTrackerStore) -> None:
    made = asyncio.run(store.get_or_create_tracker("new", append_action_listen=False))
    assert made.sender_id == "new" and not made.events


def test_store_forgets_when_the_slot_is_set(store: ForgettingSQLiteTrackerStore) -> None:
    one = tracker(session(SECRET))
    save(store, one, tracker(session("stays"), "b"))
    assert SECRET.encode() in bytes_on_disk(store)
    one.update(SlotSet(FORGET_SLOT, True))
    save(store, one)
    assert SECRET.encode() not in bytes_on_disk(store)
    assert asyncio.run(store.retrieve("a")) is None
    assert words(store, "b") == ["stays"]


def test_store_does_not_write_a_forgotten_conversation_again(store: ForgettingSQLiteTrackerStore) -> None:
    stale = tracker(session(SECRET))
    forgetting = tracker([*stale.events, SlotSet(FORGET_SLOT, True)])
    save(store, stale, forgetting, stale)
    assert SECRET.encode() not in bytes_on_disk(store)
    stale.update(UserUttered("new words", timestamp=time.time() + 1))
    save(store, stale)
    assert words(store) == ["new words"]


def test_store_deletes_every_session_and_the_feedback(store: ForgettingSQLiteTrackerStore) -> None:
    from healthqa.conversations import Feedback

    save(store, tracker(session(SECRET) + session("two")))
    store.file.add_feedback("a", Feedback("bad", comment=SECRET))
    assert asyncio.run(store.delete("a"))
    assert SECRET.encode() not in bytes_on_disk(store)


def broken(store: ForgettingSQLiteTrackerStore) -> None:
    for path in store.file.path.parent.iterdir():
        path.unlink()
    store.file.close()
    store.file.path.mkdir(parents=True)


def test_store_answers_and_says_so_when_the_disk_fails(
    store: ForgettingSQLiteTrackerStore, caplog: pytest.LogCaptureFixture
) -> None:
    save(store, tracker(session("one")))
    broken(store)
    with caplog.at_level(logging.INFO):
        save(store, tracker(session(SECRET)))
        assert asyncio.run(store.retrieve("a")) is None
        assert list(asyncio.run(store.keys())) == []
    assert not store.healthy
    assert [r for r in caplog.records if r.levelname == "ERROR"]
    assert SECRET not in caplog.text
    store.file.path.rmdir()
    save(store, tracker(session("three")))
    assert store.healthy and words(store) == ["three"]


def test_store_failure_does_not_go_on_in_memory(store: ForgettingSQLiteTrackerStore) -> None:
    agent = Agent(DOMAIN, tracker_store=store)
    save(store, tracker(session("one")))
    broken(store)
    asyncio.run(agent.tracker_store.save(tracker(session(SECRET))))
    assert agent.tracker_store._fallback_tracker_store is None


def test_store_finishes_a_failed_deletion_before_the_next_turn(store: ForgettingSQLiteTrackerStore) -> None:
    save(store, tracker(session(SECRET)))
    original = store.file.delete
    store.file.delete = lambda sender_id: (_ for _ in ()).throw(OSError("disk"))  # type: ignore[method-assign]
    assert not asyncio.run(store.delete("a"))
    store.file.delete = original  # type: ignore[method-assign]
    assert asyncio.run(store.retrieve("a")) is None
    assert SECRET.encode() not in bytes_on_disk(store)


def test_store_that_cannot_open_its_folder_still_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "var").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("HEALTHQA_DATA", str(tmp_path / "var"))
    store = ForgettingSQLiteTrackerStore(DOMAIN)
    save(store, tracker(session("one")))
    assert not store.healthy
