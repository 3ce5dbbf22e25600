"""What an operator can set for the `telegram` channel in credentials.yml."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from rasa.shared.exceptions import RasaException

from addons.channels._rate_limits import parse_rate
from healthqa.settings import Settings

__all__ = ["TelegramSettings"]

_MODES = ("webhook", "polling")
_NUMBERS = ("timeout", "alarm_timeout")
_WEBHOOK_PATH = "/webhooks/telegram/webhook"


@dataclass(frozen=True)
class TelegramSettings:
    """The settings of the channel.

    :param token: from @BotFather; empty: the channel is off.
    :param mode: `webhook`: Telegram calls this server at a public https address; `polling`: this server asks Telegram.
    :param webhook_url: address that Telegram calls.
    :param api_server: the Bot API; another one than Telegram's own is a local Bot API server.
    :param rate_limit: messages of one chat, e.g. `20/minute; 200/hour`.
    :param redis_url: where several servers count together; empty: each in its memory.
    :param timeout: seconds a turn may take before the reader is told that it failed.
    :param alarm_timeout: the same for a message in which an emergency or a crisis was seen.
    """

    token: str = field(default="", repr=False)
    mode: str = "webhook"
    webhook_url: str = ""
    api_server: str = "https://api.telegram.org"
    rate_limit: str = "20/minute; 200/hour"
    redis_url: str = field(default="", repr=False)
    timeout: float = 8.0
    alarm_timeout: float = 2.0

    @property
    def webhook_secret(self) -> str:
        """What Telegram sends with each update as proof that it comes from it.

        Made from the token: the same on every server and after every restart, and nothing more to keep.
        """
        return hmac.new(self.token.encode(), b"healthqa telegram webhook", hashlib.sha256).hexdigest()

    @classmethod
    def from_credentials(cls, credentials: Mapping[str, Any] | None, settings: Settings) -> TelegramSettings:
        """Check the channel's block of credentials.yml.

        :raises RasaException: when it cannot be used; the text names the key and what to write.
        """
        given = {key: value for key, value in dict(credentials or {}).items() if value is not None}
        known = {item.name for item in fields(cls)}
        unknown = sorted(set(given) - known)
        if unknown:
            raise _error(f"unknown key {unknown[0]!r}. Known: {sorted(known)}.")
        values: dict[str, Any] = {key: str(value).strip() for key, value in given.items()}
        values.update({name: _number(name, given[name]) for name in _NUMBERS if name in given})
        values["token"] = values.get("token") or settings.telegram_token
        values["webhook_url"] = _address(
            "webhook_url", values.get("webhook_url") or settings.public_url + _WEBHOOK_PATH
        )
        values["api_server"] = _address("api_server", values.get("api_server") or cls.api_server)
        checked = cls(**values)
        if checked.mode not in _MODES:
            raise _error(f"'mode' is {checked.mode!r}. Write webhook or polling.")
        try:
            parse_rate("chat", checked.rate_limit)
        except ValueError:
            raise _error(f"'rate_limit' is {checked.rate_limit!r}. Write it as: 20/minute; 200/hour") from None
        return checked


def _error(text: str) -> RasaException:
    return RasaException(f"credentials.yml, telegram channel: {text}")


def _number(name: str, value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = 0.0
    if not 0 < number < 10_000:
        raise _error(f"{name!r} is {value!r}. Give a number above 0.")
    return number


def _address(name: str, value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise _error(f"{name!r} is {value!r}. Give an address that starts with https://.")
    return value.rstrip("/")
