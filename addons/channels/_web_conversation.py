"""The requests of the `web` channel that belong to a conversation; openapi.yaml describes each."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from rasa.shared.core.events import Event
from sanic.request import Request
from sanic.response import HTTPResponse, empty
from sanic.response import json as json_response

from addons.channels._failsafe import Failsafe, log_failure
from addons.channels._text import clean_text
from addons.channels._turns import Incoming, OnNewMessage, TurnResult, TurnRunner
from addons.channels._web_access import Access, agent_of
from addons.channels._web_errors import RequestRefused
from addons.channels._web_history import find_answer, history, iso_time
from addons.channels._web_input import (
    Body,
    FeedbackRequest,
    parse_feedback,
    parse_message,
    read_json,
    read_nothing,
    token_of,
)
from addons.channels._web_output import TYPING, WIRE_VERSION, events_of, line, message_event
from addons.channels._web_turns import RepeatSafeTurns
from addons.reader_data import StoreUnavailable, reader_data
from healthqa.conversations import Feedback
from healthqa.settings import Settings
from healthqa.types import AnswerKind

__all__ = ["Conversation"]

logger = logging.getLogger(__name__)

# How often a waiting browser is told that the answer is on its way; proxies close a silent connection.
_TYPING_SECONDS = 2.0
# Slots that Rasa keeps for itself.
_INTERNAL_SLOTS = frozenset({"requested_slot", "session_started_metadata"})


class Conversation:
    """Handlers of session, messages, history, feedback and me."""

    def __init__(self, access: Access, runner: TurnRunner, settings: Settings, on_new_message: OnNewMessage) -> None:
        self._access = access
        self._runner = runner
        self._settings = settings
        self._on_new_message = on_new_message
        self._turns = RepeatSafeTurns()

    async def start(self, request: Request) -> HTTPResponse:
        """Answer POST session: a token for a new conversation."""
        await self._access.check_address(request)
        await read_nothing(request)
        token, seconds = self._access.tokens.issue()
        return json_response({"v": WIRE_VERSION, "token": token, "expires_in": seconds}, status=201)

    async def message(self, request: Request) -> None:
        """Answer POST messages: a stream of events. An alarm is shown whatever is wrong with the request."""
        self._access.gate.check(request)
        body = await read_json(request)
        try:
            turn = await self._accept(request, body)
        except Exception as error:
            alarm = await self._alarm_in(request, body.get("text"))
            if alarm is None:
                raise
            if not isinstance(error, RequestRefused):
                log_failure("web: a message could not be handed on", error)
            turn = asyncio.ensure_future(_done(TurnResult((self._runner.failsafe.alarm(alarm),), alarm=True)))
        await self._stream(request, turn)

    async def history(self, request: Request) -> HTTPResponse:
        """Answer GET history."""
        await self._access.check_address(request)
        conversation_id = await self._access.conversation(request)
        # A page that was loaded again in the middle of an answer asks at once, and only once.
        await self._turns.settled(conversation_id)

        async def read() -> dict[str, Any]:
            data = reader_data(agent_of(request))
            tracker, ratings = await data.conversation(conversation_id), await data.ratings(conversation_id)
            return await asyncio.to_thread(history, tracker.events if tracker else (), ratings, self._runner)

        return json_response(await self._access.from_store(read()))

    async def feedback(self, request: Request) -> HTTPResponse:
        """Answer POST feedback."""
        await self._access.check_address(request)
        body = await read_json(request)
        conversation_id = await self._access.conversation(request)
        given = parse_feedback(body)
        await self._access.count_message(conversation_id)
        alarm = await self._runner.failsafe.find_alarm(given.comment) if given.comment else None

        async def save() -> None:
            data = reader_data(agent_of(request))
            tracker = await data.conversation(conversation_id)
            feedback = _feedback(given, tracker.events if tracker else (), comment="" if alarm else given.comment)
            await data.save_feedback(conversation_id, feedback)

        saved = True
        try:
            await self._access.from_store(save())
        except RequestRefused:
            if alarm is None:
                raise
            saved = False
        shown = message_event(self._runner.failsafe.alarm(alarm)) if alarm else None
        return json_response({"v": WIRE_VERSION, "saved": saved, "alarm": shown})

    async def stored_data(self, request: Request) -> HTTPResponse:
        """Answer GET me."""
        await self._access.check_address(request)
        conversation_id = await self._access.conversation(request)

        async def read() -> dict[str, Any]:
            data = reader_data(agent_of(request))
            summary, tracker = await data.summary(conversation_id), await data.conversation(conversation_id)
            slots = tracker.current_slot_values() if tracker else {}
            return {
                "v": WIRE_VERSION,
                "messages": summary.messages,
                "first": iso_time(summary.since) if summary.since else None,
                "last": iso_time(summary.until) if summary.until else None,
                "slots": sorted(name for name in slots if slots[name] is not None and name not in _INTERNAL_SLOTS),
                "feedback": summary.feedback,
                "retention_days": self._settings.retention_days or None,
            }

        return json_response(await self._access.from_store(read()))

    async def forget(self, request: Request) -> HTTPResponse:
        """Answer DELETE session: forget me. A second time changes nothing and succeeds too."""
        await self._access.check_address(request)
        await read_nothing(request)
        session = self._access.tokens.read(token_of(request))
        try:
            await self._access.from_store(
                self._runner.forget(session.conversation_id, agent_of(request), refuse_until=session.expires)
            )
        finally:
            self._turns.forget(session.conversation_id)
        return empty()

    async def _accept(self, request: Request, body: Body) -> asyncio.Task[TurnResult]:
        """Start the turn of a message.

        :raises RequestRefused: when it is not to be handed on.
        """
        await self._access.check_address(request)
        message = parse_message(body)
        conversation_id = await self._access.conversation(request, body)
        await self._access.count_message(conversation_id)
        incoming = Incoming(conversation_id, message.text, message.id)
        return self._turns.start(incoming, lambda: self._turn(incoming, request))

    async def _alarm_in(self, request: Request, text: object) -> AnswerKind | None:
        """Look for an alarm in a message that is refused: thoroughly, unless the address sends very many of them."""
        if not isinstance(text, str):
            return None
        thorough = await self._access.may_examine(request)
        return await self._runner.failsafe.find_alarm(clean_text(text), thorough)

    async def _turn(self, incoming: Incoming, request: Request) -> TurnResult:
        begun = time.time()
        result = await self._runner.run(incoming, self._on_new_message, agent_of(request))
        try:
            if reader_data(agent_of(request)).deleted_since(incoming.conversation_id, begun):
                # The reader said "forget me" in the chat.
                self._turns.forget_replies(incoming.conversation_id)
                result = replace(result, forgot=True)
        except StoreUnavailable as error:
            logger.debug("web: %s", error)
        return result

    async def _stream(self, request: Request, turn: asyncio.Task[TurnResult]) -> None:
        """Send `typing` until the turn is done, then its events, one JSON object a line."""
        # No proxy may hold lines back until the reply is complete.
        headers = {"X-Accel-Buffering": "no", "Cache-Control": "no-store, no-transform"}
        response = await request.respond(content_type="application/x-ndjson", headers=headers)
        done: set[asyncio.Task[TurnResult]] = set()
        while not done:
            await response.send(line(TYPING))
            done, _ = await asyncio.wait({turn}, timeout=_TYPING_SECONDS)
        for event in events_of(_result(turn, self._runner.failsafe)):
            await response.send(line(event))
        await response.eof()


def _result(turn: asyncio.Task[TurnResult], failsafe: Failsafe) -> TurnResult:
    """Return the reply of a finished turn; a turn never raises, but a reader must not pay for a mistake in that."""
    try:
        return turn.result()
    except (Exception, asyncio.CancelledError) as error:
        log_failure("web: a turn ended without a result", error)
        return TurnResult((failsafe.error(),), failed=True)


async def _done(result: TurnResult) -> TurnResult:
    return result


def _feedback(given: FeedbackRequest, events: Iterable[Event], comment: str) -> Feedback:
    """Return what the editors get to see: as in `action_save_feedback`, the question only together with a comment.

    :raises RequestRefused: with status 404 for an answer of another conversation.
    """
    stored = find_answer(events, given.answer)
    if stored is None:
        raise RequestRefused(404, "answer_unknown", "No answer of this conversation has that id.")
    return Feedback(
        rating="good" if given.good else "bad",
        comment=comment,
        question=stored.question if comment else "",
        passages=" ".join(str(passage.get("id", "")) for passage in stored.answer.get("passages") or ()),
        answer=given.answer,
    )
