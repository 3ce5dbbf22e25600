"""Where Rasa keeps conversations: a store that can forget.

Rasa's stores cannot delete; its SQL store writes every event again after a delete; its fail-safe wrapper goes on in
memory when the store fails. This one deletes under the conversation's lock, only appends, and never falls back.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event
from rasa.shared.core.trackers import DialogueStateTracker

from addons.reader_data import StoreUnavailable
from healthqa.conversations import ConversationFile, Feedback, StoredEvent, StoredSummary
from healthqa.settings import Settings

__all__ = ["FORGET_SLOT", "ForgettingSQLiteTrackerStore"]

logger = logging.getLogger(__name__)

FORGET_SLOT = "forget_requested"
_REMEMBERED_DELETIONS = 10_000
_Result = TypeVar("_Result")


class ForgettingSQLiteTrackerStore(TrackerStore):
    """Conversations in `conversations.db` of the data folder.

    A turn is answered even when the file cannot be used: the failure is logged as ERROR, `healthy` becomes False,
    and the turn is not stored anywhere else. A deletion that failed is tried again with the reader's next message.

    :param db: the file; empty for the one in the data folder of the settings.
    """

    def __init__(
        self,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        db: str = "",
        host: str | None = None,
        **kwargs: Any,  # noqa: ANN401 - Rasa passes what endpoints.yml holds
    ) -> None:
        settings = Settings.from_env()
        path = settings.root / db if db else settings.conversations_path
        self.file = ConversationFile(Path(path), settings.retention_days)
        self.healthy = True
        self._deletions: OrderedDict[str, float] = OrderedDict()
        self._refused: OrderedDict[str, float] = OrderedDict()
        self._unfinished: set[str] = set()
        super().__init__(domain, event_broker, **kwargs)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Append the new events, or delete the conversation when the reader asked for it in this turn."""
        if tracker.get_slot(FORGET_SLOT) if FORGET_SLOT in tracker.slots else False:
            await self.delete(tracker.sender_id, until=_last_timestamp(tracker.events))
            return
        await self._try_streaming(tracker)
        await self._attempt("store a conversation", lambda: self._append(tracker), None)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """Return the latest session of a conversation."""
        if sender_id in self._unfinished:
            await self.delete(sender_id)
        events = await self._attempt("read a conversation", lambda: self.file.events(sender_id), [])
        return self._tracker(sender_id, events[_session_start(events) :])

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """Return a conversation with all its sessions."""
        events = await self._attempt("read a conversation", lambda: self.file.events(conversation_id), [])
        return self._tracker(conversation_id, events)

    async def conversation(self, sender_id: str) -> DialogueStateTracker | None:
        """Return a conversation with all its sessions.

        :raises StoreUnavailable: when it cannot be read.
        """
        return self._tracker(sender_id, await self._must(lambda: self.file.events(sender_id)))

    async def summary(self, sender_id: str) -> StoredSummary:
        """Return how much is stored about a reader.

        :raises StoreUnavailable: when it cannot be read.
        """
        return await self._must(lambda: self.file.summary(sender_id))

    async def ratings(self, sender_id: str) -> dict[str, str]:
        """Return the reader's ratings by answer id.

        :raises StoreUnavailable: when they cannot be read.
        """
        return await self._must(lambda: self.file.ratings(sender_id))

    async def save_feedback(self, sender_id: str, feedback: Feedback) -> None:
        """Keep feedback; it replaces what there was for the same answer.

        :raises StoreUnavailable: when it cannot be written.
        """
        await self._must(lambda: self.file.add_feedback(sender_id, feedback))

    async def forget(self, sender_id: str, refuse_until: float = 0.0) -> None:
        """Delete all of a conversation; what an unfinished turn may still bring is not stored.

        :param refuse_until: time up to which the id is refused; 0: it may be used again.
        :raises StoreUnavailable: when it could not be deleted; the id is not refused then.
        """
        self._remember_deletion(sender_id, time.time())
        await self._must(lambda: self.file.delete(sender_id, refuse_until))
        self._unfinished.discard(sender_id)
        if refuse_until:
            self._refused[_digest(sender_id)] = refuse_until
            _shorten(self._refused)

    def deleted_since(self, sender_id: str, moment: float) -> bool:
        """Return whether this process deleted what was said from that moment (seconds since 1970) on."""
        return self._deletions.get(_digest(sender_id), 0.0) >= moment

    async def is_refused(self, sender_id: str) -> bool:
        """Return whether a conversation was deleted for good, by this process or another one."""
        if _digest(sender_id) in self._refused:
            return True
        # A store that cannot be read refuses nobody: it shows nothing either, and readers are answered all the same.
        return await self._attempt("look for a deleted conversation", lambda: self.file.is_refused(sender_id), False)

    async def keys(self) -> Iterable[str]:
        """Return the ids of all conversations."""
        return await self._attempt("list the conversations", self.file.senders, [])

    async def delete(self, sender_id: str, until: float = 0.0) -> bool:
        """Delete all of a conversation; True when it is gone.

        :param until: timestamp of its last event; events up to it are never stored again.
        """
        self._remember_deletion(sender_id, until)
        self._unfinished.add(sender_id)
        done = await self._attempt("delete a conversation", lambda: self._delete(sender_id), False)
        if done:
            self._unfinished.discard(sender_id)
        return done

    def _delete(self, sender_id: str) -> bool:
        self.file.delete(sender_id)
        return True

    def _append(self, tracker: DialogueStateTracker) -> None:
        border = self._deletions.get(_digest(tracker.sender_id), 0.0)
        events = [event for event in tracker.events if event.timestamp > border]
        stored = self.file.events(tracker.sender_id, last=len(events))
        fresh = events[_overlap(stored, events) :]
        if fresh:
            self.file.append(tracker.sender_id, [_stored(event) for event in fresh])

    def _tracker(self, sender_id: str, events: Sequence[StoredEvent]) -> DialogueStateTracker | None:
        if not events:
            return None
        return DialogueStateTracker.from_dict(
            sender_id, [json.loads(event.data) for event in events], self.domain.slots, self.max_event_history
        )

    async def _try_streaming(self, tracker: DialogueStateTracker) -> None:
        if self.event_broker is None:
            return
        try:
            await self.stream_events(tracker)
        except Exception as error:  # noqa: BLE001 - whatever broker it is, the turn goes on
            logger.error("Could not stream the events of a conversation: %s", type(error).__name__)

    async def _must(self, work: Callable[[], _Result]) -> _Result:
        try:
            return await asyncio.to_thread(work)
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(f"{self.file.path}: {error}") from error

    async def _attempt(self, what: str, work: Callable[[], _Result], otherwise: _Result) -> _Result:
        """Run the work in a thread; on failure log it without the reader's words and return `otherwise`."""
        try:
            result = await asyncio.to_thread(work)
        except (sqlite3.Error, OSError) as error:
            self.healthy = False
            logger.error("Could not %s in %s (%s); the turn goes on.", what, self.file.path, error)
            return otherwise
        self.healthy = True
        return result

    def _remember_deletion(self, sender_id: str, until: float) -> None:
        key = _digest(sender_id)
        self._deletions[key] = max(until, self._deletions.get(key, 0.0))
        self._deletions.move_to_end(key)
        _shorten(self._deletions)


def _shorten(remembered: OrderedDict[str, float]) -> None:
    while len(remembered) > _REMEMBERED_DELETIONS:
        remembered.popitem(last=False)


def _digest(sender_id: str) -> str:
    return hashlib.sha256(sender_id.encode()).hexdigest()


def _last_timestamp(events: Iterable[Event]) -> float:
    return max((float(event.timestamp) for event in events), default=0.0)


def _stored(event: Event) -> StoredEvent:
    name = event.action_name or "" if isinstance(event, ActionExecuted) else ""
    return StoredEvent(event.type_name, name, float(event.timestamp), json.dumps(event.as_dict()))


def _session_start(events: Sequence[StoredEvent]) -> int:
    starts = [position for position, event in enumerate(events) if event.name == ACTION_SESSION_START_NAME]
    return starts[-1] if starts else 0


def _overlap(stored: Sequence[StoredEvent], events: Sequence[Event]) -> int:
    """Return how many of the first events are the last ones stored: a tracker may hold only the last session."""
    known = [(event.kind, event.timestamp) for event in stored]
    new = [(event.type_name, float(event.timestamp)) for event in events]
    for length in range(min(len(known), len(new)), 0, -1):
        if known[-length:] == new[:length]:
            return length
    return 0
