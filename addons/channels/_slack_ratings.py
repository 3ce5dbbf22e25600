"""The thumbs under an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rasa.core.agent import Agent

from addons.channels._failsafe import log_failure, with_disclaimer
from addons.channels._replies import BotMessage
from addons.channels._slack_events import Rating
from addons.channels._slack_render import render
from addons.channels._slack_sender import Sender
from addons.channels._web_history import find_answer
from addons.reader_data import StoreUnavailable, reader_data
from healthqa.conversations import Feedback

__all__ = ["NOT_SAVED", "NO_ANSWER", "THANKS", "Ratings"]

THANKS = "Thank you, your rating is noted."
NO_ANSWER = "This answer is no longer stored, so it cannot be rated."
NOT_SAVED = "Sorry, your rating could not be stored. Please try again in a moment."

_STORE_SECONDS = 5.0


class Ratings:
    """Stores ratings as the `web` channel does: under the conversation, one for each answer, without any words."""

    def __init__(self, sender: Sender, agent: Callable[[], Agent | None]) -> None:
        self._sender = sender
        self._agent = agent

    async def take(self, rating: Rating) -> None:
        """Store a rating and tell the person so; nobody else sees that."""
        try:
            sentence = await asyncio.wait_for(self._save(rating), _STORE_SECONDS)
        except (StoreUnavailable, asyncio.TimeoutError) as error:
            log_failure("slack: a rating could not be stored", error)
            sentence = with_disclaimer(NOT_SAVED)
        for message in render(BotMessage(sentence)):
            await self._sender.send_privately(rating.place, message)

    async def _save(self, rating: Rating) -> str:
        data, conversation = reader_data(self._agent()), rating.place.conversation_id
        tracker = await data.conversation(conversation)
        stored = find_answer(tracker.events if tracker else (), rating.answer)
        if stored is None:
            return NO_ANSWER
        passages = " ".join(str(passage.get("id", "")) for passage in stored.answer.get("passages") or ())
        feedback = Feedback("good" if rating.good else "bad", passages=passages, answer=rating.answer)
        await data.save_feedback(conversation, feedback)
        return THANKS
