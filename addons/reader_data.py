"""What is stored about a reader, for those who show it or delete it: the channels."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from rasa.core.agent import Agent
from rasa.shared.core.trackers import DialogueStateTracker

from healthqa.conversations import Feedback, StoredSummary

__all__ = ["ReaderData", "StoreUnavailable", "reader_data"]


class StoreUnavailable(Exception):
    """The store cannot be used now; nothing was changed by half."""


@runtime_checkable
class ReaderData(Protocol):
    """A tracker store that can also show and delete. The methods raise `StoreUnavailable`."""

    async def conversation(self, sender_id: str) -> DialogueStateTracker | None:
        """Return a conversation with all its sessions, or `None`."""

    async def summary(self, sender_id: str) -> StoredSummary:
        """Return how much is stored."""

    async def ratings(self, sender_id: str) -> dict[str, str]:
        """Return the reader's ratings (`good`, `bad`) by answer id."""

    async def save_feedback(self, sender_id: str, feedback: Feedback) -> None:
        """Keep feedback; it replaces what there was for the same answer."""

    async def forget(self, sender_id: str, refuse_until: float = 0.0) -> None:
        """Delete the conversation and the feedback.

        :param refuse_until: time (seconds since 1970) up to which the id is refused; 0: it may be used again.
        """

    def deleted_since(self, sender_id: str, moment: float) -> bool:
        """Return whether this process deleted what was said from that moment (seconds since 1970) on."""

    async def is_refused(self, sender_id: str) -> bool:
        """Return whether the conversation was deleted for good; never raises.

        While the store cannot be read, only what this process deleted counts.
        """


def reader_data(agent: Agent | None) -> ReaderData:
    """Return the store behind Rasa's agent.

    :raises StoreUnavailable: while there is no agent, and for a store of endpoints.yml that cannot delete.
    """
    store = getattr(agent, "tracker_store", None)
    # Rasa wraps every store in one that hides all but its own methods, and swallows errors.
    store = getattr(store, "_tracker_store", store)
    if not isinstance(store, ReaderData):
        raise StoreUnavailable(f"The tracker store {type(store).__name__} cannot show or delete what it keeps.")
    return store
