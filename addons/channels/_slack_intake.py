"""Takes in what Slack sends, each thing once, and starts the answer in the background."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from addons.channels._background import BackgroundTasks
from addons.channels._failsafe import log_failure
from addons.channels._remembered import Remembered
from addons.channels._slack_connection import Connection
from addons.channels._slack_events import HomeOpened, Rating, Received, parse_command, parse_event, parse_press
from addons.channels._slack_ratings import Ratings
from addons.channels._slack_replies import Replies
from addons.channels._slack_sender import Sender

__all__ = ["Intake"]

logger = logging.getLogger(__name__)


class Intake:
    """Slack sends an event again when the acknowledgement is late or lost, and a mention as two events.

    What is none of Slack's structures is dropped: an error would only make Slack send it again. No method raises.

    :param home: the view of the home tab.
    """

    def __init__(
        self, connection: Connection, replies: Replies, ratings: Ratings, sender: Sender, home: dict[str, Any]
    ) -> None:
        self._connection = connection
        self._replies = replies
        self._ratings = ratings
        self._sender = sender
        self._home = home
        self._events = Remembered()
        self._messages = Remembered()
        self.tasks = BackgroundTasks("slack")

    def take_event(self, payload: Mapping[str, Any]) -> None:
        """Take an `event_callback`."""
        if payload.get("type") == "app_rate_limited":
            logger.warning("slack: Slack sends more than 30,000 events an hour and holds some back")
        if payload.get("type") != "event_callback" or not self._events.add(str(payload.get("event_id"))):
            return
        try:
            heard = parse_event(payload, self._connection.bot)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it
            log_failure("slack: an event cannot be read", error)
            return
        if isinstance(heard, HomeOpened):
            self.tasks.start(self._sender.publish_home(heard.user, self._home))
        elif heard is not None:
            self._take(heard)

    def take_press(self, payload: Mapping[str, Any]) -> None:
        """Take an interactivity payload."""
        try:
            heard = parse_press(payload)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it
            log_failure("slack: a press cannot be read", error)
            return
        if isinstance(heard, Rating):
            self.tasks.start(self._ratings.take(heard))
        elif heard is not None:
            self._take(heard)

    def take_command(self, form: Mapping[str, str]) -> None:
        """Take a slash command."""
        try:
            heard = parse_command(form)
        except KeyError as error:
            log_failure("slack: a command cannot be read", error)
            return
        self._take(heard)

    def _take(self, received: Received) -> None:
        place = received.place
        if self._messages.add((place.channel, place.user, received.message_id)):
            self.tasks.start(self._replies.reply(received))
