"""What an operator can set for the `web` channel in credentials.yml."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from rasa.shared.exceptions import RasaException

from addons.channels._client_address import Network, parse_trusted_proxies
from addons.channels._rate_limits import parse_rate

__all__ = ["WebSettings"]

logger = logging.getLogger(__name__)

_NUMBERS = ("timeout", "alarm_timeout", "session_hours")
_LIMITS = ("conversation_limit", "address_limit")
_MIN_SECRET = 32


@dataclass(frozen=True)
class WebSettings:
    """The settings of the channel.

    :param title: heading of the chat page.
    :param allowed_origins: other web sites (scheme://host[:port]) whose pages may talk to this channel.
    :param secret: key that signs session tokens; at least 32 characters.
    :param timeout: seconds a turn may take before the reader is told that it failed.
    :param alarm_timeout: the same for a message in which an emergency or a crisis was seen.
    :param session_hours: hours a session token stays valid.
    :param conversation_limit: messages of one conversation, e.g. `20/minute; 200/hour`; empty: no limit.
    :param address_limit: requests from one address, likewise.
    :param redis_url: Redis that counts for several servers, e.g. `redis://127.0.0.1:6379/3`; empty: memory.
    :param trusted_proxies: number or networks of the proxies in front of the server: their `X-Forwarded-For` is read.
    """

    title: str = "Ask about vitamin B12, muscle twitching and cramps"
    allowed_origins: tuple[str, ...] = ()
    secret: str = field(default="", repr=False)
    timeout: float = 8.0
    alarm_timeout: float = 2.0
    session_hours: float = 12.0
    conversation_limit: str = "20/minute; 200/hour"
    address_limit: str = "120/minute; 2000/hour"
    redis_url: str = field(default="", repr=False)
    trusted_proxies: int | tuple[Network, ...] = 0

    @classmethod
    def from_credentials(cls, credentials: Mapping[str, Any] | None) -> WebSettings:
        """Check the channel's block of credentials.yml.

        :raises RasaException: when it cannot be used; the text names the key and what to write.
        """
        given = dict(credentials or {})
        known = {item.name for item in fields(cls)}
        unknown = sorted(set(given) - known)
        if unknown:
            raise RasaException(f"credentials.yml, web channel: unknown key {unknown[0]!r}. Known: {sorted(known)}.")
        values: dict[str, Any] = {name: _number(name, given[name]) for name in _NUMBERS if name in given}
        values["allowed_origins"] = tuple(_origin(item) for item in given.get("allowed_origins") or ())
        values["secret"] = _secret(str(given.get("secret") or ""))
        if given.get("title"):
            values["title"] = str(given["title"])
        values |= {name: _limit(name, given[name]) for name in _LIMITS if name in given}
        values["redis_url"] = _redis_url(str(given.get("redis_url") or ""))
        values["trusted_proxies"] = _proxies(given.get("trusted_proxies"))
        return cls(**values)


def _number(name: str, value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = 0.0
    if not 0 < number < 10_000:
        raise RasaException(f"credentials.yml, web channel: {name!r} is {value!r}. Give a number above 0.")
    return number


def _limit(name: str, value: object) -> str:
    text = str(value or "")
    try:
        parse_rate(name, text)
    except ValueError as error:
        raise RasaException(
            f"credentials.yml, web channel: {name!r} is {value!r}. Write for example '20/minute; 200/hour'."
        ) from error
    return text


def _redis_url(value: str) -> str:
    if value and urlsplit(value).scheme not in ("redis", "rediss", "redis+unix"):
        # The address may hold a password: it is not repeated.
        raise RasaException(
            "credentials.yml, web channel: 'redis_url' cannot be used. "
            "Write redis://host:6379/0, rediss://... for TLS, or redis+unix://..."
        )
    return value


def _proxies(value: object) -> int | tuple[Network, ...]:
    try:
        return parse_trusted_proxies(value)
    except ValueError as error:
        raise RasaException(
            f"credentials.yml, web channel: 'trusted_proxies' is {value!r}. Give the number of proxies in front of the "
            "server, or their addresses: ['10.0.0.0/8', '::1']."
        ) from error


def _origin(value: object) -> str:
    parts = urlsplit(str(value))
    plain = f"{parts.scheme}://{parts.netloc}".lower()
    if parts.scheme not in ("http", "https") or not parts.netloc or "*" in plain or plain != str(value).lower():
        raise RasaException(
            f"credentials.yml, web channel: the origin {value!r} in 'allowed_origins' cannot be used. "
            "Write each as https://www.example.org, without a path and without a wildcard."
        )
    return plain


def _secret(value: str) -> str:
    if not value:
        logger.info("web: no secret is set; chat sessions end when this server stops (docs/channels/web.md).")
        return secrets.token_urlsafe(48)
    if len(value) < _MIN_SECRET:
        raise RasaException(
            f"credentials.yml, web channel: 'secret' is shorter than {_MIN_SECRET} characters. "
            "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    return value
