"""Bringing messages to Slack: in order, to one person alone where that is meant, as plain text where blocks fail."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any
from weakref import WeakValueDictionary

from addons.channels._slack_client import SlackClient, SlackFailure
from addons.channels._slack_events import Place
from addons.channels._slack_render import Outgoing

__all__ = ["Sender"]

logger = logging.getLogger(__name__)

# Slack's names for blocks that it does not take.
_BLOCK_ERRORS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "invalid_arguments"})


class Sender:
    """Speaks for the assistant. No method raises: whom a message does not reach cannot be told so."""

    def __init__(self, client: SlackClient) -> None:
        self._client = client
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def send(self, place: Place, messages: Sequence[Outgoing], is_alarm: bool = False) -> None:
        """Send messages one after another, behind those that are on their way to the same conversation.

        :param is_alarm: do not wait for the others, and where others read along show it to the writer alone.
        """
        if is_alarm or place.response_url:
            for message in messages:
                if is_alarm and not place.is_shared and not place.response_url:
                    await self._post(place, message)
                else:
                    await self.send_privately(place, message)
            return
        async with self._locks.setdefault(place.conversation_id, asyncio.Lock()):
            for message in messages:
                if not await self._post(place, message):
                    return

    async def send_privately(self, place: Place, message: Outgoing) -> None:
        """Show a message to the writer alone: where they wrote, else as a direct message."""
        try:
            if place.response_url:
                await self._respond(place, message)
            else:
                # In a thread that has only its first message Slack would show it to nobody.
                thread = place.thread if place.in_thread else None
                await self._call(
                    "chat.postEphemeral", message, channel=place.channel, user=place.user, thread_ts=thread
                )
        except SlackFailure as failure:
            logger.warning("slack: a private reply is sent as a direct message instead (%s)", failure)
            await self._post(Place(place.user, place.user), message)

    async def publish_home(self, user: str, view: dict[str, Any]) -> None:
        """Show the home tab."""
        try:
            await self._client.call("views.publish", user_id=user, view=view)
        except SlackFailure as failure:
            logger.error("slack: the home tab cannot be shown (%s)", failure)

    async def _post(self, place: Place, message: Outgoing) -> bool:
        try:
            await self._call(
                "chat.postMessage",
                message,
                channel=place.channel,
                thread_ts=place.thread,
                unfurl_links=False,
                unfurl_media=False,
            )
        except SlackFailure as failure:
            logger.error("slack: a message could not be sent (%s)", failure)
            return False
        return True

    async def _respond(self, place: Place, message: Outgoing) -> None:
        await self._client.respond(
            place.response_url,
            response_type="ephemeral",
            replace_original=False,
            text=message.text,
            blocks=message.blocks,
        )

    async def _call(self, method: str, message: Outgoing, **parameters: Any) -> None:  # noqa: ANN401 - the API's
        """Send with blocks; when Slack does not take them, as text.

        :raises SlackFailure: when that fails too, or for another reason.
        """
        try:
            await self._client.call(method, **parameters, text=message.text, blocks=message.blocks)
            return
        except SlackFailure as failure:
            if failure.code not in _BLOCK_ERRORS:
                raise
            logger.warning("slack: a message was refused in its full form and is sent as plain text (%s)", failure)
        # Better without links and buttons than not at all: it may be an alarm.
        await self._client.call(method, **parameters, text=message.text)
