"""Conversations and feedback in one SQLite file, made to be forgotten.

What is deleted is overwritten (`secure_delete`) and taken out of the write-ahead log at once. The file knows nothing
of Rasa: an event is JSON text. Two processes use it, Rasa and the action server.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ConversationFile", "Feedback", "StoredEvent", "StoredSummary"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY,
    sender_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    timestamp REAL NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_sender ON events (sender_id, id);
CREATE TABLE IF NOT EXISTS feedback (
    id INTEGER PRIMARY KEY,
    sender_id TEXT NOT NULL,
    timestamp REAL NOT NULL,
    rating TEXT NOT NULL,
    comment TEXT NOT NULL,
    question TEXT NOT NULL,
    passages TEXT NOT NULL,
    answer TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS feedback_sender ON feedback (sender_id);
CREATE TABLE IF NOT EXISTS refused (sender_hash TEXT PRIMARY KEY, until REAL NOT NULL);
"""
# Files made before feedback could belong to one answer lack the column.
_ADD_ANSWER = "ALTER TABLE feedback ADD COLUMN answer TEXT NOT NULL DEFAULT ''"
_ONE_PER_ANSWER = "CREATE UNIQUE INDEX IF NOT EXISTS feedback_answer ON feedback (sender_id, answer) WHERE answer <> ''"
# In one statement with the insertion: another process may be deleting.
_UNLESS_REFUSED = "WHERE NOT EXISTS (SELECT 1 FROM refused WHERE sender_hash = ?)"
_DAY = 86_400.0
_CHECKPOINT_TRIES = 5


@dataclass(frozen=True)
class StoredEvent:
    """One event of a conversation.

    :param kind: Rasa's event type, e.g. `user`, `bot`, `action`.
    :param name: the action's name, else empty.
    :param timestamp: seconds since 1970.
    :param data: the event as JSON.
    """

    kind: str
    name: str
    timestamp: float
    data: str


@dataclass(frozen=True)
class Feedback:
    """What a reader said about an answer.

    :param rating: `good` or `bad`.
    :param passages: the ids shown, separated by spaces.
    :param answer: id of the answer; later feedback for the same one replaces this. Empty: not known.
    """

    rating: str
    comment: str = ""
    question: str = ""
    passages: str = ""
    answer: str = ""


@dataclass(frozen=True)
class StoredSummary:
    """How much is stored about a reader.

    :param messages: number of their messages.
    :param since: time of the first event, seconds since 1970; 0: there is none.
    :param until: time of the last event, likewise.
    :param feedback: number of ratings.
    """

    messages: int
    since: float
    until: float = 0.0
    feedback: int = 0


class ConversationFile:
    """The SQLite file. Opened on first use, and again after a failure; every method may raise `sqlite3.Error`
    or `OSError`, and what to do then is the caller's matter. Thread-safe.

    :param path: the file; it and its folder are made, readable for their owner only.
    :param retention_days: conversations silent for longer are deleted; 0 keeps them.
    """

    def __init__(self, path: Path, retention_days: int = 0) -> None:
        self.path = path
        self._retention_days = retention_days
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._next_purge = 0.0

    def append(self, sender_id: str, events: Sequence[StoredEvent]) -> None:
        """Add events at the end of a conversation; one that was deleted for good takes none."""
        refused = _hash(sender_id)
        rows = [(sender_id, event.kind, event.name, event.timestamp, event.data, refused) for event in events]
        with self._open() as connection, connection:
            connection.executemany(
                f"INSERT INTO events (sender_id, kind, name, timestamp, data) SELECT ?, ?, ?, ?, ? {_UNLESS_REFUSED}",
                rows,
            )
        self._purge_if_due()

    def events(self, sender_id: str, last: int | None = None) -> list[StoredEvent]:
        """Return the events of a conversation in order, all or the last ones."""
        with self._open() as connection:
            rows = connection.execute(
                "SELECT kind, name, timestamp, data FROM events WHERE sender_id = ? ORDER BY id DESC LIMIT ?",
                (sender_id, -1 if last is None else last),
            ).fetchall()
        return [StoredEvent(*row) for row in reversed(rows)]

    def senders(self) -> list[str]:
        """Return the ids of all conversations."""
        with self._open() as connection:
            return [row[0] for row in connection.execute("SELECT DISTINCT sender_id FROM events")]

    def summary(self, sender_id: str) -> StoredSummary:
        """Return how much is stored about a reader."""
        with self._open() as connection:
            count, since, until = connection.execute(
                "SELECT COUNT(CASE WHEN kind = 'user' THEN 1 END), MIN(timestamp), MAX(timestamp) "
                "FROM events WHERE sender_id = ?",
                (sender_id,),
            ).fetchone()
            ratings = connection.execute("SELECT COUNT(*) FROM feedback WHERE sender_id = ?", (sender_id,)).fetchone()
        return StoredSummary(count, since or 0.0, until or 0.0, ratings[0])

    def add_feedback(self, sender_id: str, feedback: Feedback) -> None:
        """Keep feedback, under the reader's id so that it is forgotten with them."""
        values = (feedback.rating, feedback.comment, feedback.question, feedback.passages, feedback.answer)
        with self._open() as connection, connection:
            if feedback.answer:
                connection.execute(
                    "DELETE FROM feedback WHERE sender_id = ? AND answer = ?", (sender_id, feedback.answer)
                )
            connection.execute(
                "INSERT INTO feedback (sender_id, timestamp, rating, comment, question, passages, answer) "
                f"SELECT ?, ?, ?, ?, ?, ?, ? {_UNLESS_REFUSED}",
                (sender_id, time.time(), *values, _hash(sender_id)),
            )

    def ratings(self, sender_id: str) -> dict[str, str]:
        """Return a reader's ratings (`good`, `bad`) by answer id."""
        with self._open() as connection:
            rows = connection.execute(
                "SELECT answer, rating FROM feedback WHERE sender_id = ? AND answer <> ''", (sender_id,)
            ).fetchall()
        return dict(rows)

    def feedback(self) -> list[Feedback]:
        """Return all feedback, oldest first, without the readers' ids."""
        with self._open() as connection:
            rows = connection.execute("SELECT rating, comment, question, passages, answer FROM feedback ORDER BY id")
            return [Feedback(*row) for row in rows]

    def delete(self, sender_id: str, refuse_until: float = 0.0) -> None:
        """Delete everything about a reader, also out of the write-ahead log.

        :param refuse_until: time (seconds since 1970) up to which the id is refused: nothing is stored under it any
            more, whichever process tries. A hash of the id is kept until then. 0: the id may be used again at once.
        :raises sqlite3.OperationalError: when another process kept reading the log; call again.
        """
        with self._open() as connection:
            with connection:
                connection.execute("DELETE FROM events WHERE sender_id = ?", (sender_id,))
                connection.execute("DELETE FROM feedback WHERE sender_id = ?", (sender_id,))
                if refuse_until:
                    connection.execute(
                        "INSERT OR REPLACE INTO refused (sender_hash, until) VALUES (?, ?)",
                        (_hash(sender_id), refuse_until),
                    )
            _truncate_log(connection)

    def is_refused(self, sender_id: str) -> bool:
        """Return whether a conversation was deleted for good."""
        with self._open() as connection:
            found = connection.execute("SELECT 1 FROM refused WHERE sender_hash = ?", (_hash(sender_id),)).fetchone()
        return found is not None

    def purge(self, now: float | None = None) -> int:
        """Delete what has been silent for longer than the retention; return the number of conversations."""
        now = time.time() if now is None else now
        with self._open() as connection, connection:
            connection.execute("DELETE FROM refused WHERE until < ?", (now,))
        if self._retention_days <= 0:
            return 0
        border = now - self._retention_days * _DAY
        with self._open() as connection:
            old = connection.execute(
                "SELECT sender_id FROM events GROUP BY sender_id HAVING MAX(timestamp) < ?", (border,)
            ).fetchall()
            with connection:
                connection.executemany("DELETE FROM events WHERE sender_id = ?", old)
                connection.execute("DELETE FROM feedback WHERE timestamp < ?", (border,))
            if old:
                _truncate_log(connection)
        return len(old)

    def close(self) -> None:
        """Close the file; it is opened again when needed."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _purge_if_due(self) -> None:
        if time.monotonic() >= self._next_purge:
            self._next_purge = time.monotonic() + 3600
            self.purge()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._connection is not None and not self.path.exists():
                self.close()  # the file was taken away: what is written to the old one would be lost
            if self._connection is None:
                self._connection = _connect(self.path)
            try:
                yield self._connection
            except sqlite3.Error:
                self._connection.close()
                self._connection = None
                raise


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # SQLite gives its log files the permissions of the database, so it must exist with the right ones first.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    os.chmod(path, 0o600)
    connection = sqlite3.connect(path, timeout=5.0, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.executescript(_SCHEMA)
        if "answer" not in {row[1] for row in connection.execute("PRAGMA table_info(feedback)")}:
            connection.execute(_ADD_ANSWER)
        connection.execute(_ONE_PER_ANSWER)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _hash(sender_id: str) -> str:
    return hashlib.sha256(sender_id.encode()).hexdigest()


def _truncate_log(connection: sqlite3.Connection) -> None:
    for _ in range(_CHECKPOINT_TRIES):
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if not busy:
            return
        time.sleep(0.1)
    raise sqlite3.OperationalError("The write-ahead log is in use and could not be emptied.")
