"""Who are we at Slack? Asked once the server runs; nothing here stops or delays it or its other channels."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from slack_sdk.web.async_slack_response import AsyncSlackResponse

from addons.channels._slack_client import SlackClient, SlackFailure

__all__ = ["SCOPES", "Connection"]

logger = logging.getLogger(__name__)

# What the app must be allowed to do; deploy/slack-manifest.yml asks for it.
SCOPES = frozenset(
    {"app_mentions:read", "channels:history", "chat:write", "commands", "groups:history", "im:history", "mpim:history"}
)
_LONGEST_PAUSE = 60.0


class Connection:
    """What is known of the other side.

    `bot` is the assistant's user id, empty while it is not known. `refused` says that Slack does not take the token.

    :param pause: seconds between tries while Slack cannot be reached; doubled up to a minute.
    """

    def __init__(self, client: SlackClient, pause: float = 1.0) -> None:
        self._client = client
        self._pause = pause
        self.bot = ""
        self.refused = False

    async def run(self) -> None:
        """Ask until Slack answers. Raises nothing but `CancelledError`."""
        try:
            response = await self._persistently()
        except SlackFailure as failure:
            self.refused = True
            logger.error(
                "slack: off: Slack does not take the token (%s); check HEALTHQA_SLACK_TOKEN (docs/channels/slack.md)",
                failure.code,
            )
            return
        data = response.data if isinstance(response.data, dict) else {}
        self.bot = str(data.get("user_id") or "")
        logger.info("slack: on: @%s in the workspace %s", data.get("user"), data.get("team"))
        missing = _missing_scopes(response.headers)
        if missing:
            logger.warning(
                "slack: the app lacks the scopes %s; update its manifest and install it again (docs/channels/slack.md)",
                ", ".join(missing),
            )

    async def _persistently(self) -> AsyncSlackResponse:
        """Call `auth.test` until Slack can be reached.

        :raises SlackFailure: when it refuses the token.
        """
        pause, told = self._pause, False
        while True:
            try:
                response = await self._client.call("auth.test")
            except SlackFailure as failure:
                if failure.reason != "unreachable":
                    raise
                if not told:
                    logger.warning("slack: Slack cannot be reached (%s); trying again until it works", failure)
                told = True
            else:
                if told:
                    logger.warning("slack: reached again")
                return response
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


def _missing_scopes(headers: Mapping[str, str]) -> list[str]:
    given = next((value for name, value in headers.items() if name.lower() == "x-oauth-scopes"), None)
    if given is None:
        return []
    return sorted(SCOPES - {scope.strip() for scope in given.split(",")})
