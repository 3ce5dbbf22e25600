"""Bringing messages to a chat: in order, with what Telegram refuses taken away, and quietly where nobody is left."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any
from weakref import WeakValueDictionary

from addons.channels._telegram_client import TelegramClient, TelegramFailure
from addons.channels._telegram_render import Outgoing
from addons.channels._telegram_updates import Chat

__all__ = ["Sender"]

logger = logging.getLogger(__name__)

# Telegram shows "typing" for five seconds.
_TYPING_SECONDS = 4.0
# A press that is not confirmed, a keyboard that stays: a reader can live with that.
_SMALL_SECONDS = 3.0
_SMALL_TRIES = 3


class Sender:
    """Speaks to the chats of one bot. No method raises: whom a message does not reach cannot be told so."""

    def __init__(self, client: TelegramClient) -> None:
        self._client = client
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def send(
        self, chat: Chat, messages: Sequence[Outgoing], reply_to: int | None = None, at_once: bool = False
    ) -> None:
        """Send messages one after another, behind those that are on their way to the same chat.

        :param reply_to: message that the first one answers, shown by Telegram above it.
        :param at_once: do not wait for the others: an alarm.
        """
        lock = asyncio.Lock() if at_once else self._locks.setdefault(chat.id, asyncio.Lock())
        async with lock:
            for position, message in enumerate(messages):
                if not await self._send(chat, message, None if position else reply_to):
                    return

    @contextlib.asynccontextmanager
    async def typing(self, chat: Chat) -> AsyncIterator[None]:
        """Show that an answer is being looked for, as long as the block runs."""
        task = asyncio.create_task(self._type(chat))
        try:
            yield
        finally:
            task.cancel()

    async def answer_press(self, callback_id: str) -> None:
        """Tell the reader's program that the press has arrived: it shows a clock until then."""
        await self._try("answerCallbackQuery", tries=_SMALL_TRIES, callback_query_id=callback_id)

    async def remove_keyboard(self, chat: Chat, message_id: int) -> None:
        """Take the buttons off a message."""
        await self._try("editMessageReplyMarkup", tries=_SMALL_TRIES, chat_id=chat.id, message_id=message_id)

    async def _send(self, chat: Chat, message: Outgoing, reply_to: int | None) -> bool:
        place = {"chat_id": chat.id, "message_thread_id": chat.topic}
        try:
            await self._client.call(
                "sendMessage",
                **place,
                text=message.html,
                parse_mode="HTML",
                disable_web_page_preview=True,
                reply_markup=message.keyboard,
                reply_to_message_id=reply_to,
                allow_sending_without_reply=None if reply_to is None else True,
            )
        except TelegramFailure as failure:
            if failure.reason != "rejected":
                return self._lost(failure)
        else:
            return True
        # Better without links, buttons and topic than not at all: it may be an alarm.
        logger.warning("telegram: a message was refused in its full form and is sent as plain text")
        try:
            await self._client.call("sendMessage", chat_id=chat.id, text=message.plain, disable_web_page_preview=True)
        except TelegramFailure as failure:
            return self._lost(failure)
        return True

    @staticmethod
    def _lost(failure: TelegramFailure) -> bool:
        if failure.reason == "gone":
            logger.info("telegram: a chat cannot be reached: the bot was blocked or removed there")
        else:
            logger.error("telegram: a message could not be sent (%s)", failure.reason)
        logger.debug("telegram: %s", failure)
        return False

    async def _type(self, chat: Chat) -> None:
        while await self._try("sendChatAction", chat_id=chat.id, message_thread_id=chat.topic, action="typing"):
            await asyncio.sleep(_TYPING_SECONDS)

    async def _try(self, method: str, tries: int = 1, **parameters: Any) -> bool:  # noqa: ANN401 - the API's
        """Do what nobody misses when it fails; say whether it was done."""
        try:
            await self._client.call(method, tries=tries, seconds=_SMALL_SECONDS, **parameters)
        except TelegramFailure as failure:
            logger.debug("telegram: %s", failure)
            return False
        return True
