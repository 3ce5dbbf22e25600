"""Calls of Slack's Web API through slack_sdk: repeated where that helps, no secret or reader's word in an error."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Literal

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.http_retry.builtin_interval_calculators import BackoffRetryIntervalCalculator
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

__all__ = ["Reason", "SlackClient", "SlackFailure"]

# The SDK's own messages hold readers' words and short-lived addresses that anybody may post to.
_sdk_logger = logging.getLogger(f"{__name__}.sdk")
_sdk_logger.setLevel(logging.WARNING)

Reason = Literal["token", "rejected", "unreachable"]

_SECONDS = 10.0
_PAUSE = 0.5
_REPEATS = 3
# Whoever waits for a message has gone after that, and a longer wait would hold up the messages behind it.
_PATIENCE = 120
_TOKEN_ERRORS = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type"}
)
# Troubles of Slack's servers that mostly come with the status 200.
_PASSING_ERRORS = frozenset(
    {"fatal_error", "internal_error", "request_timeout", "service_unavailable", "ratelimited", "team_added_to_org"}
)


class SlackFailure(Exception):
    """A call that failed for good. The text never holds a secret or a reader's words.

    :param reason: `token`: Slack does not take the token; `rejected`: the call cannot be carried out;
        `unreachable`: no answer, only errors of the server, or a pause that is too long.
    :param code: Slack's name of the error, e.g. `channel_not_found`; empty: there is none.
    """

    def __init__(self, reason: Reason, method: str, code: str = "") -> None:
        super().__init__(f"{method}: {code or reason}")
        self.reason = reason
        self.code = code


class SlackClient:
    """One bot.

    :param token: Bot User OAuth Token.
    :param api_url: address of the Web API.
    :param seconds: time-out of one try.
    :param pause: seconds before the second try, doubled after each.
    """

    def __init__(self, token: str, api_url: str, seconds: float = _SECONDS, pause: float = _PAUSE) -> None:
        self._web = AsyncWebClient(token, base_url=api_url, logger=_sdk_logger, retry_handlers=_handlers(pause))
        self._seconds = seconds
        self._pause = pause

    async def call(self, method: str, **parameters: Any) -> AsyncSlackResponse:  # noqa: ANN401 - the API's
        """Call a method. Waits as long as Slack asks for, and repeats what failed on its side.

        :param parameters: those of the method; `None` is left out.
        :raises SlackFailure: when the last try failed, or at once where a repetition cannot help.
        """
        given = {key: value for key, value in parameters.items() if value is not None}
        self._open()
        try:
            return await self._web.api_call(method, json=given)
        except SlackApiError as error:
            raise _failure(method, error) from None
        except Exception as error:  # noqa: BLE001 - no connection, no time, or nothing that the SDK understands
            raise SlackFailure("unreachable", method, type(error).__name__) from None

    async def respond(self, url: str, **body: Any) -> None:  # noqa: ANN401 - the API's
        """Answer a command or a press at the address that came with it.

        :raises SlackFailure: when it cannot be reached or is no longer valid.
        """
        self._open()
        webhook = AsyncWebhookClient(
            url,
            proxy=self._web.proxy,
            session=self._web.session,
            logger=_sdk_logger,
            retry_handlers=_handlers(self._pause),
        )
        try:
            response = await webhook.send_dict(body)
        except Exception as error:  # noqa: BLE001 - as above
            raise SlackFailure("unreachable", "response_url", type(error).__name__) from None
        if response.status_code != 200:
            reason: Reason = "unreachable" if response.status_code >= 500 else "rejected"
            raise SlackFailure(reason, "response_url", f"HTTP {response.status_code}")

    async def close(self) -> None:
        """Close the connections."""
        if self._web.session is not None:
            await self._web.session.close()

    def _open(self) -> None:
        # It belongs to the running loop, and the client is made before there is one.
        if self._web.session is None or self._web.session.closed:
            self._web.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._seconds))


class _RateLimited(AsyncRateLimitErrorRetryHandler):
    """Obeys `Retry-After`, unless nobody would wait that long."""

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if response is None or response.status_code != 429:
            return False
        asked = next((value[0] for name, value in response.headers.items() if name.lower() == "retry-after"), "1")
        return asked.isdecimal() and int(asked) <= _PATIENCE


class _ServerError(AsyncRetryHandler):
    """Repeats after any error of the server; the SDK's own handler knows the statuses 500 and 503 only."""

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if error is not None or response is None or response.status_code == 429:
            return False
        named = response.body.get("error") if isinstance(response.body, dict) else None
        return response.status_code >= 500 or named in _PASSING_ERRORS


def _handlers(pause: float) -> list[AsyncRetryHandler]:
    intervals = BackoffRetryIntervalCalculator(backoff_factor=pause)
    lost: list[type[Exception]] = [aiohttp.ClientConnectionError, asyncio.TimeoutError]
    return [
        _RateLimited(_REPEATS),
        _ServerError(_REPEATS, intervals),
        AsyncConnectionErrorRetryHandler(_REPEATS, intervals, lost),
    ]


def _failure(method: str, error: SlackApiError) -> SlackFailure:
    response = error.response
    if not isinstance(response, AsyncSlackResponse):
        return SlackFailure("unreachable", method, "no JSON")
    data = response.data if isinstance(response.data, dict) else {}
    code = str(data.get("error") or "")
    if code in _TOKEN_ERRORS:
        return SlackFailure("token", method, code)
    if response.status_code >= 500 or response.status_code == 429 or not code or code in _PASSING_ERRORS:
        return SlackFailure("unreachable", method, code or f"HTTP {response.status_code}")
    return SlackFailure("rejected", method, code)
