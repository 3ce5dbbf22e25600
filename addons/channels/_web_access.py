"""Who is asking, and may they: origin, address, limits, session."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from rasa.core.agent import Agent
from sanic.request import Request

from addons.channels._client_address import ClientAddress
from addons.channels._failsafe import log_failure
from addons.channels._rate_limits import RateLimits, parse_rate
from addons.channels._web_errors import RequestRefused
from addons.channels._web_headers import Gatekeeper
from addons.channels._web_input import Body, token_of
from addons.channels._web_sessions import SessionTokens
from addons.channels._web_settings import WebSettings
from addons.reader_data import StoreUnavailable, reader_data

__all__ = ["Access", "agent_of"]

# Looking up one row takes a millisecond; a store that takes longer is out of order, and must hold up nobody.
_LOOK_UP_SECONDS = 1.0
_STORE_RETRY_SECONDS = 5
_EXAMINED = parse_rate("examined", "30/minute")

_Result = TypeVar("_Result")


class Access:
    """Lets requests through, or refuses them in one sentence."""

    def __init__(self, web: WebSettings) -> None:
        self.gate = Gatekeeper(web.allowed_origins)
        self.tokens = SessionTokens(web.secret, web.session_hours)
        self._timeout = web.timeout
        self._addresses = ClientAddress(web.trusted_proxies)
        self._limits = RateLimits(web.redis_url, web.secret)
        self._conversation_rate = parse_rate("conversation", web.conversation_limit)
        self._address_rate = parse_rate("address", web.address_limit)

    async def check_address(self, request: Request) -> None:
        """Check and count a request by where it comes from.

        :raises RequestRefused: 403 for a page of another site, 429 for too many requests from one address.
        """
        self.gate.check(request)
        self._refuse_when_limited(await self._limits.hit([(self._address_rate, self._addresses.of(request))]))

    async def count_message(self, conversation_id: str) -> None:
        """Count a message.

        :raises RequestRefused: 429 for too many in one conversation.
        """
        self._refuse_when_limited(await self._limits.hit([(self._conversation_rate, conversation_id)]))

    async def may_examine(self, request: Request) -> bool:
        """Return whether a message that is refused may cost the time of a thorough look for an alarm."""
        return not await self._limits.hit([(_EXAMINED, self._addresses.of(request))])

    async def conversation(self, request: Request, body: Body | None = None) -> str:
        """Return the conversation that the request's token names.

        :raises RequestRefused: 401 for a token that is missing, forged, expired, or of a deleted conversation.
        """
        conversation_id = self.tokens.read(token_of(request, body)).conversation_id
        try:
            data = reader_data(agent_of(request))
            refused = await asyncio.wait_for(data.is_refused(conversation_id), _LOOK_UP_SECONDS)
        except (StoreUnavailable, asyncio.TimeoutError):
            # A store that cannot be read shows nothing and keeps nothing; readers are answered all the same.
            refused = False
        if refused:
            raise RequestRefused(401, "session_forgotten", "This chat was deleted: start a new one.")
        return conversation_id

    async def from_store(self, work: Awaitable[_Result]) -> _Result:
        """Return what the store gives within the time-out.

        :raises RequestRefused: 503 when it cannot.
        """
        try:
            return await asyncio.wait_for(work, self._timeout)
        except (StoreUnavailable, asyncio.TimeoutError) as error:
            log_failure("web: the store cannot be used", error)
            raise RequestRefused(
                503,
                "store_unavailable",
                "Sorry, what is stored cannot be reached at the moment. Please try again.",
                _STORE_RETRY_SECONDS,
            ) from error

    @staticmethod
    def _refuse_when_limited(seconds: int) -> None:
        if seconds:
            wait = "a few seconds" if seconds <= 10 else "a minute" if seconds <= 60 else f"{seconds // 60 + 1} minutes"
            raise RequestRefused(
                429, "rate_limited", f"That was a lot at once. Please wait {wait} and try again.", seconds
            )


def agent_of(request: Request) -> Agent | None:
    """Return Rasa's agent; it is another one after a model was loaded."""
    return getattr(request.app.ctx, "agent", None)
