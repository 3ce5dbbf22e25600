"""The `slack` channel: Slack's Events API, interactivity and a slash command.

docs/channels/slack.md says how to set it up. What Rasa's own Slack channel lacks: each event once and acknowledged at
once, a conversation per thread, whole messages in Block Kit, alarms that others do not read, and a sentence whatever
fails.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any
from urllib.parse import parse_qsl

from rasa.core.channels.channel import InputChannel
from sanic import Blueprint, Sanic
from sanic.exceptions import PayloadTooLarge
from sanic.request import Request
from sanic.response import HTTPResponse, empty
from sanic.response import json as json_response
from slack_sdk.signature import SignatureVerifier

from addons.channels._failsafe import Failsafe, log_failure
from addons.channels._request_body import read_body
from addons.channels._slack_client import SlackClient
from addons.channels._slack_connection import Connection
from addons.channels._slack_home import home_view
from addons.channels._slack_intake import Intake
from addons.channels._slack_ratings import Ratings
from addons.channels._slack_replies import Replies, SlackOutput
from addons.channels._slack_sender import Sender
from addons.channels._slack_settings import SlackSettings
from addons.channels._turns import OnNewMessage, TurnRunner
from healthqa.settings import Settings

__all__ = ["SlackInput"]

logger = logging.getLogger(__name__)

# A press carries the message it belongs to, blocks included: some 100 kB at most.
BODY_LIMIT = 512 * 1024
_HINT = "(docs/channels/slack.md)"


class SlackInput(InputChannel):
    """Takes what Slack sends and answers it."""

    def __init__(self, slack: SlackSettings, settings: Settings | None = None) -> None:
        self._slack = slack
        self._settings = settings or Settings.from_env()

    @classmethod
    def name(cls) -> str:
        """Return the channel's name; Rasa serves it below `/webhooks/slack`."""
        return "slack"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> SlackInput:
        """Make the channel from its block of credentials.yml and the secrets of the environment.

        :raises RasaException: when a setting cannot be used.
        """
        settings = Settings.from_env()
        return cls(SlackSettings.from_credentials(credentials, settings), settings)

    def blueprint(self, on_new_message: OnNewMessage) -> Blueprint:
        """Return the channel's route; nothing without both secrets."""
        routes = Blueprint("slack_channel", strict_slashes=True)
        missing = self._slack.missing()
        if len(missing) == 2:
            logger.info("slack: off: %s are not set %s", " and ".join(missing), _HINT)
        elif missing:
            logger.warning("slack: off: %s is not set %s", missing[0], _HINT)
        elif not self._slack.has_bot_token:
            logger.error(
                "slack: off: HEALTHQA_SLACK_TOKEN is no Bot User OAuth Token: that begins with xoxb- %s", _HINT
            )
        else:
            _Service(self._slack, self._settings, on_new_message).add_to(routes)
        return routes


class _Service:
    """The parts of a channel that is on."""

    def __init__(self, slack: SlackSettings, settings: Settings, on_new_message: OnNewMessage) -> None:
        self._slack = slack
        self._failsafe = Failsafe(settings)
        self._verifier = SignatureVerifier(slack.signing_secret)
        self._app: Sanic | None = None
        self._asking: asyncio.Task[None] | None = None
        self._client = SlackClient(slack.token, slack.api_url)
        self._connection = Connection(self._client)
        sender = Sender(self._client)
        runner = TurnRunner(self._failsafe, SlackOutput, slack.timeout, slack.alarm_timeout)
        replies = Replies(slack, runner, sender, on_new_message, self._agent)
        self._intake = Intake(self._connection, replies, Ratings(sender, self._agent), sender, home_view(settings))

    def add_to(self, routes: Blueprint) -> None:
        """Add the route and what runs beside it."""
        routes.listener("before_server_start")(self._prepare)
        routes.listener("after_server_start")(self._start)
        routes.listener("before_server_stop")(self._stop)

        # A function of its own: Sanic marks what it is given, and a method cannot be marked.
        async def webhook(request: Request) -> HTTPResponse:
            return await self._webhook(request)

        routes.add_route(webhook, "/webhook", methods=["POST"], name="webhook", stream=True)

    def _agent(self) -> Any:  # noqa: ANN401 - Rasa's agent or None
        return getattr(self._app.ctx, "agent", None) if self._app else None

    async def _prepare(self, app: Sanic, _loop: Any) -> None:  # noqa: ANN401 - Sanic's signature
        self._app = app
        await asyncio.get_running_loop().run_in_executor(None, self._failsafe.prepare)

    async def _start(self, _app: Sanic, _loop: Any) -> None:  # noqa: ANN401 - Sanic's signature
        self._asking = asyncio.ensure_future(self._connection.run())

    async def _stop(self, _app: Sanic, _loop: Any) -> None:  # noqa: ANN401 - Sanic's signature
        if self._asking:
            self._asking.cancel()
        await self._intake.tasks.finish(self._slack.timeout)
        await self._client.close()

    async def _webhook(self, request: Request) -> HTTPResponse:
        """Acknowledge what Slack sends, within milliseconds; it waits for three seconds."""
        try:
            body = await read_body(request, BODY_LIMIT)
        except PayloadTooLarge:
            return empty(status=413)
        if not self._is_from_slack(request, body):
            return empty(status=401)
        if self._connection.refused:
            return empty(status=503)
        try:
            return self._taken(request, body.decode())
        except (ValueError, RecursionError, AttributeError) as error:
            log_failure("slack: a request cannot be read", error)
            return empty(status=400, headers={"X-Slack-No-Retry": "1"})

    def _is_from_slack(self, request: Request, body: bytes) -> bool:
        try:
            return self._verifier.is_valid_request(body, dict(request.headers))
        except (ValueError, TypeError) as error:  # the time is no number, the signature or the body no text
            logger.debug("slack: %s", type(error).__name__)
            return False

    def _taken(self, request: Request, body: str) -> HTTPResponse:
        """Hand a request on by its kind.

        :raises ValueError: when it cannot be read.
        """
        kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind == "application/json":
            payload = json.loads(body)
            if payload.get("type") == "url_verification":
                return json_response({"challenge": str(payload.get("challenge", ""))})
            self._intake.take_event(payload)
            return empty(status=200)
        form = dict(parse_qsl(body, keep_blank_values=True))
        if "payload" in form:
            self._intake.take_press(json.loads(form["payload"]))
        elif "command" in form:
            self._intake.take_command(form)
        return empty(status=200)
