"""What a request of Slack says to the assistant: a message, a press, a rating, a look at the home tab, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from addons.channels._slack_text import mentions, readable
from addons.channels._text import clean_text

__all__ = ["RATE_ACTION", "HomeOpened", "Place", "Rating", "Received", "parse_command", "parse_event", "parse_press"]

RATE_ACTION = "rate"

# Kinds of messages that people write; all others say that somebody joined, pinned, renamed ...
_WRITTEN = frozenset({"", "file_share", "thread_broadcast", "me_message"})
# What may follow the slash command -> the words that Rasa understands.
_COMMANDS = {"": "help", "forget": "forget me"}


@dataclass(frozen=True)
class Place:
    """Where a message was written, and so where the reply belongs.

    :param thread: time stamp of the thread's first message; `None`: the timeline of a direct message.
    :param is_shared: others can read it too.
    :param in_thread: the thread had begun before; only then Slack shows there what one person alone shall see.
    :param response_url: takes replies that only this person sees, for half an hour; empty: the place is not private.
    """

    channel: str
    user: str
    thread: str | None = None
    is_shared: bool = False
    in_thread: bool = False
    response_url: str = ""

    @property
    def conversation_id(self) -> str:
        """Rasa's sender id: a conversation per thread, direct message, or person who uses the command in a channel."""
        if self.response_url:
            return f"slack:{self.channel}:{self.user}"
        return f"slack:{self.channel}:{self.thread}" if self.thread else f"slack:{self.channel}"


@dataclass(frozen=True)
class Received:
    """What a reader sent.

    :param message_id: time stamp of the message, of a changed one with that of the change; of a command its trigger.
    :param text: cleaned words; of a pressed button what it sends, words or an id.
    :param choice: the words on the pressed button; empty for a message.
    :param unreadable: there is a picture, a recording or the like, with or without words.
    :param is_addressed: meant for the assistant for sure; else only where it takes part in the thread already.
    """

    place: Place
    message_id: str
    text: str
    choice: str = ""
    unreadable: bool = False
    is_addressed: bool = True


@dataclass(frozen=True)
class Rating:
    """A thumb under an answer.

    :param answer: id of the answer.
    """

    place: Place
    answer: str
    good: bool


@dataclass(frozen=True)
class HomeOpened:
    """Somebody looks at the assistant's home tab."""

    user: str


def parse_event(payload: Mapping[str, Any], bot: str) -> Received | HomeOpened | None:
    """Return what an `event_callback` says; `None` for all that is not meant for the assistant.

    :param bot: user id of the assistant, as far as it is known; Slack mostly says it with the event.
    :raises Exception: whatever Python makes of a structure that is none of Slack's.
    """
    event = payload["event"]
    kind = event["type"]
    if kind == "app_home_opened":
        return HomeOpened(str(event["user"])) if event.get("tab") == "home" else None
    if kind not in ("message", "app_mention"):
        return None
    changed = kind == "message" and event.get("subtype") == "message_changed"
    message = _changed(event) if changed else event
    bot = _bot_of(payload) or bot
    if message is None or not _is_by_person(message, bot):
        return None
    return _received(message, str(event["channel"]), event.get("channel_type"), kind, bot)


def parse_press(payload: Mapping[str, Any]) -> Received | Rating | None:
    """Return what a `block_actions` payload says; `None` for buttons that are none of ours.

    :raises Exception: as `parse_event`.
    """
    if payload.get("type") != "block_actions":
        return None
    action = payload["actions"][0]
    # Slack escapes what it sends back, also the value that we gave to a button.
    value = readable(str(action.get("value") or ""))
    place = _place_of_press(payload)
    if action.get("action_id") == RATE_ACTION:
        direction, _, answer = value.partition(":")
        return Rating(place, answer, direction == "up") if direction in ("up", "down") and answer else None
    if action.get("type") != "button" or not value:
        return None
    title = readable(str((action.get("text") or {}).get("text") or ""))
    message = f"{payload['container'].get('message_ts')}:{action.get('action_ts')}"
    return Received(place, message, clean_text(value), choice=clean_text(title) or "…")


def parse_command(form: Mapping[str, str]) -> Received:
    """Return what was written after the slash command. Only the person who wrote it sees the reply.

    :raises KeyError: for a form that is no slash command.
    """
    place = Place(form["channel_id"], form["user_id"], response_url=form["response_url"])
    words = clean_text(readable(form.get("text", "")))
    return Received(place, form.get("trigger_id", ""), _COMMANDS.get(words.lower(), words))


def _changed(event: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return a message that its writer changed. Slack tells in the same way that it added a preview of a link."""
    message, before = event.get("message") or {}, event.get("previous_message") or {}
    if not message.get("edited") or message.get("text") == before.get("text"):
        return None
    return message


def _bot_of(payload: Mapping[str, Any]) -> str:
    for authorization in payload.get("authorizations") or ():
        if authorization.get("is_bot"):
            return str(authorization.get("user_id") or "")
    return ""


def _is_by_person(message: Mapping[str, Any], bot: str) -> bool:
    if message.get("bot_id") or message.get("hidden") or message.get("subtype", "") not in _WRITTEN:
        return False
    return message.get("user") not in (None, "", "USLACKBOT", bot)


def _received(
    message: Mapping[str, Any],
    channel: str,
    channel_type: str | None,
    kind: str,
    bot: str,
) -> Received | None:
    raw, written = str(message.get("text") or ""), str(message["ts"])
    named = set(mentions(raw))
    mentioned = kind == "app_mention" or bool(bot and bot in named)
    root = message.get("thread_ts")
    in_thread = bool(root) and root != written
    is_direct = channel_type == "im" or channel.startswith("D")
    unreadable = bool(message.get("files"))
    text = clean_text(readable(raw, bot))
    if not text and not unreadable and not mentioned:
        return None
    if not (is_direct or mentioned) and (not in_thread or named):
        return None  # people among themselves; who is named in a thread is spoken to
    thread = str(root) if in_thread else (None if is_direct else written)
    place = Place(channel, str(message["user"]), thread, is_shared=not is_direct, in_thread=in_thread)
    edited = (message.get("edited") or {}).get("ts")
    return Received(
        place,
        f"{written}:{edited}" if edited else written,
        text or ("" if unreadable else "help"),
        unreadable=unreadable,
        is_addressed=is_direct or mentioned,
    )


def _place_of_press(payload: Mapping[str, Any]) -> Place:
    container, user = payload["container"], str(payload["user"]["id"])
    channel = str(container.get("channel_id") or payload["channel"]["id"])
    if container.get("is_ephemeral"):
        return Place(channel, user, response_url=str(payload["response_url"]))
    written = str(container["message_ts"])
    root = (payload.get("message") or {}).get("thread_ts") or container.get("thread_ts")
    in_thread = bool(root) and root != written
    is_direct = channel.startswith("D")
    thread = str(root) if in_thread else (None if is_direct else written)
    return Place(channel, user, thread, is_shared=not is_direct, in_thread=in_thread)
