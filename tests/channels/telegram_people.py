"""What people do in Telegram, as the updates that the Bot API makes of it."""

from __future__ import annotations

import itertools
import re
from typing import Any

from telegram_api import BOT, BotApi

_numbers = itertools.count(7000)


def units(text: str) -> int:
    """Length in UTF-16 units, as Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def entities(text: str) -> list[dict[str, Any]]:
    """Commands and mentions with their places."""
    kinds = {"bot_command": r"(?<!\S)/[a-zA-Z0-9_]+(?:@\w+)?", "mention": r"(?<![\w/@])@\w+"}
    return [
        {"type": kind, "offset": units(text[: found.start()]), "length": units(found.group())}
        for kind, pattern in kinds.items()
        for found in re.finditer(pattern, text)
    ]


class People:
    """One person with a private chat and a group; sends updates to the channel and looks at what comes back."""

    def __init__(self, api: BotApi) -> None:
        number = next(_numbers)
        self.api = api
        self.person = {"id": number, "is_bot": False, "first_name": "Ann", "username": f"ann{number}"}
        self.chat = {"id": number, "type": "private", "first_name": "Ann"}
        self.group = {"id": -number, "type": "supergroup", "title": "B12 people"}

    def message(self, text: str | None = None, group: bool = False, **fields: Any) -> dict[str, Any]:
        number, chat = next(_numbers), self.group if group else self.chat
        self.api.known_messages.add((chat["id"], number))
        message: dict[str, Any] = {"message_id": number, "date": 1764000000, "chat": chat, "from": self.person}
        if text is not None:
            message |= {"text": text, "entities": entities(text)}
        return {"update_id": next(_numbers), "message": {**message, **fields}}

    def edit(self, update: dict[str, Any], **fields: Any) -> dict[str, Any]:
        message = {**update["message"], "edit_date": 1764000060, **fields}
        return {"update_id": next(_numbers), "edited_message": message}

    def press(self, sent: dict[str, Any], row: int, **changes: Any) -> dict[str, Any]:
        """Press a button of a message that the bot has sent."""
        key = sent["markup"]["inline_keyboard"][row][0]
        query = f"query-{next(_numbers)}"
        self.api.queries.add(query)
        message = {
            "message_id": sent["message_id"],
            "date": 1764000000,
            "chat": self.chat,
            "from": BOT,
            "text": sent["text"],
            "reply_markup": sent["markup"],
        }
        pressed = {"id": query, "from": self.person, "chat_instance": "1", "data": key["callback_data"]}
        return {"update_id": next(_numbers), "callback_query": {**pressed, "message": message, **changes}}

    def say(self, text: str, **fields: Any) -> dict[str, Any]:
        """Send a text and return the first message that comes back."""
        return self.replies(self.message(text, **fields))[0]

    def replies(self, update: dict[str, Any], count: int = 1) -> list[dict[str, Any]]:
        """Deliver an update, wait for that many messages and return them."""
        before = len(self.seen())
        self.deliver(update)
        self.api.wait(lambda: len(self.seen()) >= before + count)
        return self.seen()[before:]

    def seen(self) -> list[dict[str, Any]]:
        """All that the bot has sent to this person and to the group."""
        return [message for message in self.api.messages if abs(message["chat"]) == self.chat["id"]]

    def deliver(self, update: Any) -> None:
        """Deliver an update, which must be acknowledged."""
        response = self.api.deliver(update)
        assert (response.status_code, response.content) == (200, b"")

    def silence(self, *updates: Any) -> None:
        """Deliver updates that nobody answers; a message after them shows that they were looked at."""
        before = len(self.api.messages)
        for update in updates:
            self.deliver(update)
        assert People(self.api).say("are you there")["text"].endswith("heard: are you there")
        assert len(self.api.messages) == before + 1, self.api.messages[before:]
