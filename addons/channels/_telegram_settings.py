"""What an operator can set for the `telegram` channel in credentials.yml."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from addons.channels._credentials import Credentials
from healthqa.settings import Settings

__all__ = ["TelegramSettings"]

_MODES = ("webhook", "polling")
_SECRETS = {"token": "HEALTHQA_TELEGRAM_TOKEN"}
_WEBHOOK_PATH = "/webhooks/telegram/webhook"


@dataclass(frozen=True)
class TelegramSettings:
    """The settings of the channel.

    :param token: `HEALTHQA_TELEGRAM_TOKEN`, from @BotFather; empty: the channel is off.
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
        given = Credentials("telegram", credentials, (item.name for item in fields(cls)), _SECRETS)
        mode = given.text("mode", cls.mode)
        if mode not in _MODES:
            raise given.error(f"'mode' is {mode!r}. Write webhook or polling.")
        return cls(
            token=settings.telegram_token,
            mode=mode,
            webhook_url=given.address("webhook_url", settings.public_url + _WEBHOOK_PATH).rstrip("/"),
            api_server=given.address("api_server", cls.api_server).rstrip("/"),
            redis_url=given.redis(),
            **given.limits("rate_limit"),
            **given.numbers("timeout", "alarm_timeout"),
        )
