"""The conversation file: appends, forgets, keeps to its retention, and is nobody else's business."""

from __future__ import annotations

import sqlite3
import stat
import time
from pathlib import Path

import pytest

from healthqa.conversations import ConversationFile, Feedback, StoredEvent

SECRET = "my left eyelid xylophone"


def event(text: str = SECRET, kind: str = "user", when: float | None = None) -> StoredEvent:
    return StoredEvent(kind, "", time.time() if when is None else when, f'{{"text": "{text}"}}')


@pytest.fixture()
def file(tmp_path: Path) -> ConversationFile:
    return ConversationFile(tmp_path / "var" / "conversations.db")


def bytes_on_disk(file: ConversationFile) -> bytes:
    return b"".join(path.read_bytes() for path in file.path.parent.iterdir())


def test_file_keeps_events_in_order_per_sender(file: ConversationFile) -> None:
    file.append("a", [event("one"), event("two")])
    file.append("b", [event("other")])
    file.append("a", [event("three")])
    assert [e.data for e in file.events("a")] == ['{"text": "one"}', '{"text": "two"}', '{"text": "three"}']
    assert [e.data for e in file.events("a", last=1)] == ['{"text": "three"}']
    assert sorted(file.senders()) == ["a", "b"]


def test_file_deletes_every_trace_of_one_sender_only(file: ConversationFile) -> None:
    file.append("a", [event()] * 50)
    file.add_feedback("a", Feedback("bad", comment=SECRET))
    file.append("b", [event("stays")])
    assert SECRET.encode() in bytes_on_disk(file)
    file.delete("a")
    assert SECRET.encode() not in bytes_on_disk(file)
    assert file.events("a") == [] and file.feedback() == []
    assert len(file.events("b")) == 1


def test_file_delete_says_so_when_the_log_cannot_be_emptied(file: ConversationFile) -> None:
    file.append("a", [event()])
    reader = sqlite3.connect(file.path)
    reader.execute("BEGIN")
    reader.execute("SELECT COUNT(*) FROM events").fetchall()
    with pytest.raises(sqlite3.OperationalError):
        file.delete("a")
    reader.close()
    file.delete("a")
    assert SECRET.encode() not in bytes_on_disk(file)


def test_file_and_its_logs_are_readable_for_the_owner_only(file: ConversationFile) -> None:
    file.append("a", [event()])
    names = {path.name for path in file.path.parent.iterdir()}
    assert "conversations.db-wal" in names
    for path in file.path.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path.name


def test_file_purges_what_was_silent_for_longer_than_the_retention(tmp_path: Path) -> None:
    file = ConversationFile(tmp_path / "conversations.db", retention_days=30)
    now = time.time()
    file.append("old", [event(when=now - 40 * 86_400)])
    file.append("mixed", [event("x", when=now - 40 * 86_400), event("y", when=now)])
    file.purge(now)
    assert file.senders() == ["mixed"]
    assert SECRET.encode() not in bytes_on_disk(file)


def test_file_without_retention_keeps_everything(file: ConversationFile) -> None:
    file.append("old", [event(when=0.0)])
    assert file.purge() == 0 and file.senders() == ["old"]


def test_file_counts_the_readers_messages(file: ConversationFile) -> None:
    assert file.summary("a").messages == 0
    file.append("a", [event(when=100.0), event("hi", kind="bot", when=101.0), event(when=102.0)])
    assert (file.summary("a").messages, file.summary("a").since) == (2, 100.0)


def test_file_can_be_used_by_two_processes(file: ConversationFile) -> None:
    other = ConversationFile(file.path)
    file.append("a", [event("one")])
    other.add_feedback("a", Feedback("good"))
    other.append("a", [event("two")])
    assert len(file.events("a")) == 2 and len(file.feedback()) == 1


def test_file_recovers_when_it_was_taken_away(file: ConversationFile) -> None:
    file.append("a", [event()])
    for path in file.path.parent.iterdir():
        path.unlink()
    file.append("a", [event("again")])
    assert len(ConversationFile(file.path).events("a")) == 1


def test_file_raises_when_the_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file is in the way", encoding="utf-8")
    with pytest.raises(OSError):
        ConversationFile(tmp_path / "var" / "conversations.db").append("a", [event()])


def test_file_keeps_one_rating_for_an_answer_and_all_without_one(file: ConversationFile) -> None:
    for rating in ("good", "bad"):
        file.add_feedback("a", Feedback(rating, answer="1"))
        file.add_feedback("a", Feedback(rating))
    file.add_feedback("b", Feedback("good", answer="1"))
    assert file.ratings("a") == {"1": "bad"}
    assert file.ratings("b") == {"1": "good"}
    assert file.summary("a").feedback == 3


def test_file_refuses_an_id_that_was_deleted_for_good(file: ConversationFile) -> None:
    file.append("a", [event()])
    file.delete("a", refuse_until=time.time() + 60)
    other_process = ConversationFile(file.path)
    other_process.append("a", [event()])
    other_process.add_feedback("a", Feedback("bad", comment=SECRET))
    assert other_process.is_refused("a") and not other_process.is_refused("b")
    assert other_process.events("a") == [] and other_process.feedback() == []
    assert SECRET.encode() not in bytes_on_disk(file)


def test_file_takes_an_id_again_after_an_ordinary_deletion_and_after_the_time(file: ConversationFile) -> None:
    file.delete("a")
    file.append("a", [event()])
    assert len(file.events("a")) == 1
    file.delete("a", refuse_until=time.time() - 1)
    file.purge()
    assert not file.is_refused("a")


def test_file_made_by_an_earlier_version_keeps_its_feedback(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    with sqlite3.connect(path) as old:
        old.execute(
            "CREATE TABLE feedback (id INTEGER PRIMARY KEY, sender_id TEXT NOT NULL, timestamp REAL NOT NULL, "
            "rating TEXT NOT NULL, comment TEXT NOT NULL, question TEXT NOT NULL, passages TEXT NOT NULL)"
        )
        old.execute("INSERT INTO feedback VALUES (1, 'a', 1.0, 'good', '', '', 'p')")
    old.close()
    file = ConversationFile(path)
    assert file.feedback() == [Feedback("good", passages="p")]
    file.add_feedback("a", Feedback("bad", answer="1"))
    assert file.ratings("a") == {"1": "bad"}
