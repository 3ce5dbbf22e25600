"""What an update of Telegram says to the assistant: a message, a pressed button, or nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiogram.types import MessageEntity

from addons.channels._text import clean_text

__all__ = ["ALLOWED_UPDATES", "COMMANDS", "Bot", "Chat", "Received", "parse_update"]

# What Telegram is asked to send. It may send more: updates from before the webhook was set.
ALLOWED_UPDATES = ["message", "edited_message", "callback_query"]

# Command -> the words that Rasa understands.
COMMANDS = {"start": "hello", "help": "help", "forget": "forget me"}

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,64})(?:@([A-Za-z0-9_]+))?(?:\s+(.*))?", re.DOTALL)
_START_PARAMETER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_UNREADABLE = frozenset(
    "animation audio contact dice document game location paid_media photo poll sticker story venue video video_note "
    "voice".split()
)


@dataclass(frozen=True)
class Bot:
    """Who we are at Telegram.

    :param username: without `@`; empty while it is not known, and no mention is recognised.
    """

    id: int
    username: str = ""


@dataclass(frozen=True)
class Chat:
    """Where a message was written.

    :param topic: number of the topic in a group with topics.
    """

    id: int
    is_group: bool = False
    topic: int | None = None

    @property
    def conversation_id(self) -> str:
        """Rasa's sender id: a conversation per chat, in a group with topics per topic."""
        return f"telegram:{self.id}" if self.topic is None else f"telegram:{self.id}:{self.topic}"


@dataclass(frozen=True)
class Received:
    """What a reader sent.

    :param message_id: Telegram's number of the message; of a pressed button: of the message that holds it.
    :param text: cleaned words; of a pressed button: the words on it, empty when they are not known.
    :param button: what the pressed button carries; empty for a message.
    :param callback_id: to answer the press with.
    :param edited: the reader changed a message sent before.
    :param unreadable: there is a picture, a voice message or the like, with or without words.
    """

    update_id: int
    chat: Chat
    message_id: int
    text: str
    button: str = ""
    callback_id: str = ""
    edited: bool = False
    unreadable: bool = False


def parse_update(update: Mapping[str, Any], bot: Bot) -> Received | None:
    """Return what an update says to the assistant; `None` for all that is not meant for it.

    :raises Exception: whatever Python makes of a structure that is none of Telegram's.
    """
    update_id = int(update["update_id"])
    if "callback_query" in update:
        return _button(update_id, update["callback_query"])
    if "message" in update:
        return _message(update_id, update["message"], bot)
    if "edited_message" in update:
        return _message(update_id, update["edited_message"], bot, edited=True)
    return None


def _button(update_id: int, query: Mapping[str, Any]) -> Received | None:
    message, data = query.get("message"), str(query.get("data") or "")
    chat = _chat(message) if message else None
    if message is None or chat is None or not data:
        return None
    # Telegram keeps these words, the reader's program cannot make them up. They are missing in a very old message.
    rows = (message.get("reply_markup") or {}).get("inline_keyboard") or ()
    title = next((key["text"] for row in rows for key in row if key.get("callback_data") == data), "")
    return Received(update_id, chat, int(message["message_id"]), clean_text(title), data, str(query["id"]))


def _message(update_id: int, message: Mapping[str, Any], bot: Bot, edited: bool = False) -> Received | None:
    chat = _chat(message)
    if chat is None or _is_by_program(message):
        return None
    raw = message.get("text") or message.get("caption") or ""
    unreadable = not _UNREADABLE.isdisjoint(message)
    # A live location is edited every few seconds; people joining and pinned messages say nothing.
    if not raw and (edited or not unreadable):
        return None
    words, mentioned = _without_mention(raw, message.get("entities") or message.get("caption_entities") or (), bot)
    words, commanded = _command(words, bot, chat)
    if words is None or (chat.is_group and not (mentioned or commanded or _is_reply_to(message, bot))):
        return None
    return Received(
        update_id, chat, int(message["message_id"]), clean_text(words), edited=edited, unreadable=unreadable
    )


def _chat(message: Mapping[str, Any]) -> Chat | None:
    kind = message["chat"]["type"]
    if kind not in ("private", "group", "supergroup"):
        return None
    # Outside topics the number stands for a chain of replies.
    topic = message.get("message_thread_id") if message.get("is_topic_message") else None
    return Chat(int(message["chat"]["id"]), kind != "private", None if topic is None else int(topic))


def _is_by_program(message: Mapping[str, Any]) -> bool:
    """Say whether a bot or a linked channel wrote it; an administrator who hides behind the group is a person."""
    if message.get("is_automatic_forward") or message.get("via_bot"):
        return True
    return bool((message.get("from") or {}).get("is_bot")) and "sender_chat" not in message


def _without_mention(text: str, entities: Any, bot: Bot) -> tuple[str, bool]:  # noqa: ANN401 - Telegram's JSON
    """Return the words without the bot's name, and whether it was named."""
    encoded = text.encode("utf-16-le", "surrogatepass")
    mentioned = False
    # From the end, so that the places before stay right. Telegram counts in UTF-16 units.
    for item in sorted(entities, key=lambda item: -int(item["offset"])):
        entity = MessageEntity(**item)
        if not _names(entity, text, bot):
            continue
        mentioned = True
        encoded = encoded[: entity.offset * 2] + encoded[(entity.offset + entity.length) * 2 :]
    return encoded.decode("utf-16-le", "replace").strip(), mentioned


def _names(entity: MessageEntity, text: str, bot: Bot) -> bool:
    if entity.type == "text_mention":
        return bool(entity.user and entity.user.id == bot.id)
    name = f"@{bot.username}".lower()
    return entity.type == "mention" and len(name) > 1 and entity.get_text(text).lower() == name


def _command(text: str, bot: Bot, chat: Chat) -> tuple[str | None, bool]:
    """Return the words for Rasa and whether the bot was commanded; `None` for a command to another bot."""
    found = _COMMAND.fullmatch(text)
    if found is None:
        return text, False
    name, target, rest = found.group(1), found.group(2) or "", found.group(3) or ""
    if target and target.lower() != bot.username.lower():
        return (None if chat.is_group else text), False
    words = COMMANDS.get(name.lower())
    # A link like t.me/bot?start=page12 sends its part after the command. Any other words are what the reader says.
    if words and (not rest or (name.lower() == "start" and _START_PARAMETER.fullmatch(rest))):
        return words, True
    return f"{name} {rest}".strip(), bool(words or target)


def _is_reply_to(message: Mapping[str, Any], bot: Bot) -> bool:
    answered = message.get("reply_to_message") or {}
    # In a group with topics each message answers the one that opened the topic.
    return (answered.get("from") or {}).get("id") == bot.id and "forum_topic_created" not in answered
