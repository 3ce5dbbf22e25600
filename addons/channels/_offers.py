"""Buttons whose payload is a command of Rasa: a reader may run one only when the assistant offered it here.

Nothing is kept in memory and nothing is signed: what was offered stands in the conversation's own bot messages. To
the outside a payload is an id made from it; on its way back the id is looked up there. So it holds after a restart and
on several servers, and ends with the conversation. An id (27 characters) fits Telegram's 64 bytes; a question may not.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, Event
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.nlu.constants import INTENT
from rasa.shared.nlu.training_data.message import Message

from addons.channels._replies import Button, message_of_event

__all__ = ["find_offer", "is_command", "is_offer_id", "offer_id", "parse_command", "public_payload"]

_ID = re.compile(r"button:[0-9a-f]{20}")


def is_command(payload: str) -> bool:
    """Return whether Rasa would run this payload instead of reading it."""
    return payload.lstrip().startswith("/")


def offer_id(button: Button) -> str:
    """Return the id of a button: 27 ASCII characters, the same for the same title and payload."""
    digest = hashlib.sha256(f"{button.title}\0{button.payload}".encode("utf-8", "surrogatepass"))
    return f"button:{digest.hexdigest()[:20]}"


def public_payload(button: Button) -> str:
    """Return what a button sends: its words, or its id in place of a command."""
    return offer_id(button) if is_command(button.payload) else button.payload


def is_offer_id(text: str) -> bool:
    """Return whether a text looks like the id of a button."""
    return _ID.fullmatch(text) is not None


def find_offer(events: Iterable[Event], wanted: str) -> Button | None:
    """Return the button with that id among the bot messages of a conversation.

    :param events: all events of this conversation.
    """
    for event in events:
        said = message_of_event(event) if isinstance(event, BotUttered) else None
        for button in said.buttons if said else ():
            if offer_id(button) == wanted:
                return button
    return None


def parse_command(payload: str, domain: Domain) -> dict[str, Any] | None:
    """Return what Rasa's own reader makes of `/intent{"entity": "value"}`; `None` when the domain lacks the intent.

    It goes to Rasa as ready-made parse data, past NLU: there `RedFlagGuard` takes the command out of every text.
    """
    message = YAMLStoryReader.unpack_regex_message(Message({"text": payload}), domain)
    return message.as_dict(only_output_properties=True) if message.get(INTENT) else None
