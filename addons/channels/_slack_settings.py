"""What an operator can set for the `slack` channel in credentials.yml; the secrets come from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from addons.channels._credentials import Credentials
from healthqa.settings import Settings

__all__ = ["SlackSettings"]

_SECRETS = {"token": "HEALTHQA_SLACK_TOKEN", "signing_secret": "HEALTHQA_SLACK_SIGNING_SECRET"}
# Tokens of bots; the second kind is rotated by Slack.
_BOT_TOKENS = ("xoxb-", "xoxe.xoxb-")


@dataclass(frozen=True)
class SlackSettings:
    """The settings of the channel.

    :param token: `HEALTHQA_SLACK_TOKEN`, the Bot User OAuth Token.
    :param signing_secret: `HEALTHQA_SLACK_SIGNING_SECRET`, the proof that a request comes from Slack.
    :param api_url: the Web API; GovSlack has another one.
    :param conversation_limit: messages of one conversation, e.g. `20/minute; 200/hour`; empty: no limit.
    :param user_limit: messages of one person in all conversations, likewise: every thread is a new conversation.
    :param redis_url: where several servers count together; empty: each in its memory.
    :param timeout: seconds a turn may take before the reader is told that it failed.
    :param alarm_timeout: the same for a message in which an emergency or a crisis was seen.
    """

    token: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    api_url: str = "https://slack.com/api/"
    conversation_limit: str = "20/minute; 200/hour"
    user_limit: str = "30/minute; 300/hour"
    redis_url: str = field(default="", repr=False)
    timeout: float = 8.0
    alarm_timeout: float = 2.0

    @classmethod
    def from_credentials(cls, credentials: Mapping[str, Any] | None, settings: Settings) -> SlackSettings:
        """Check the channel's block of credentials.yml.

        :raises RasaException: when it cannot be used; the text names the key and what to write.
        """
        given = Credentials("slack", credentials, (item.name for item in fields(cls)), _SECRETS)
        return cls(
            token=settings.slack_token,
            signing_secret=settings.slack_signing_secret,
            api_url=given.address("api_url", cls.api_url),
            redis_url=given.redis(),
            **given.limits("conversation_limit", "user_limit"),
            **given.numbers("timeout", "alarm_timeout"),
        )

    def missing(self) -> list[str]:
        """Return the environment variables that the channel needs and that are not set."""
        return [variable for name, variable in _SECRETS.items() if not getattr(self, name)]

    @property
    def has_bot_token(self) -> bool:
        """Whether the token can be one of a bot; with a person's token the assistant would speak as that person."""
        return self.token.startswith(_BOT_TOKENS)
