"""What an operator can set for the `web` channel in credentials.yml."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from addons.channels._client_address import Network, parse_trusted_proxies
from addons.channels._credentials import Credentials

__all__ = ["WebSettings"]

logger = logging.getLogger(__name__)

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
        given = Credentials("web", credentials, (item.name for item in fields(cls)))
        return cls(
            title=given.text("title") or cls.title,
            allowed_origins=tuple(_origin(given, item) for item in given.get("allowed_origins") or ()),
            secret=_secret(given),
            redis_url=given.redis(),
            trusted_proxies=_proxies(given),
            **given.limits("conversation_limit", "address_limit"),
            **given.numbers("timeout", "alarm_timeout", "session_hours"),
        )


def _proxies(given: Credentials) -> int | tuple[Network, ...]:
    value = given.get("trusted_proxies")
    try:
        return parse_trusted_proxies(value)
    except ValueError as error:
        raise given.error(
            f"'trusted_proxies' is {value!r}. Give the number of proxies in front of the server, or their addresses: "
            "['10.0.0.0/8', '::1']."
        ) from error


def _origin(given: Credentials, value: object) -> str:
    parts = urlsplit(str(value))
    plain = f"{parts.scheme}://{parts.netloc}".lower()
    if parts.scheme not in ("http", "https") or not parts.netloc or "*" in plain or plain != str(value).lower():
        raise given.error(
            f"the origin {value!r} in 'allowed_origins' cannot be used. "
            "Write each as https://www.example.org, without a path and without a wildcard."
        )
    return plain


def _secret(given: Credentials) -> str:
    value = str(given.get("secret", ""))
    if not value:
        logger.info("web: no secret is set; chat sessions end when this server stops (docs/channels/web.md).")
        return secrets.token_urlsafe(48)
    if len(value) < _MIN_SECRET:
        raise given.error(
            f"'secret' is shorter than {_MIN_SECRET} characters. "
            "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    return value
