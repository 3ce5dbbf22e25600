"""What people do in Slack, as the signed requests that Slack makes of it."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from typing import Any
from urllib.parse import urlencode

import requests
from slack_api import BOT, SlackApi

SECRET = "0123456789abcdef-signing"
_numbers = itertools.count(1000)


def signature(body: bytes, moment: int | str, secret: str = SECRET) -> str:
    """As https://docs.slack.dev/authentication/verifying-requests-from-slack says."""
    base = b"v0:" + str(moment).encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def now() -> str:
    """A new time stamp, as Slack numbers messages."""
    return f"1764000000.{next(_numbers):06}"


class People:
    """One person with a direct message to the assistant and a channel."""

    def __init__(self, api: SlackApi, root: str) -> None:
        number = next(_numbers)
        self.api = api
        self.webhook = f"{root}/webhooks/slack/webhook"
        self.user, self.direct, self.channel = f"U{number}", f"D{number}", f"C{number}"

    def post(self, body: str | bytes, kind: str = "application/json", **changes: Any) -> requests.Response:
        """Post a request as Slack does."""
        data = body.encode() if isinstance(body, str) else body
        moment = changes.pop("moment", int(time.time()))
        headers = {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": str(moment),
            "X-Slack-Signature": changes.pop("signature", signature(data, moment)),
            **changes.pop("headers", {}),
        }
        return requests.post(self.webhook, data=data, headers=headers, timeout=20)

    def deliver(self, event: dict[str, Any], event_id: str = "", **changes: Any) -> requests.Response:
        """Deliver an event; the same event id is the same event."""
        outer = {
            "type": "event_callback",
            "team_id": "T1",
            "api_app_id": "A1",
            "event_id": event_id or f"Ev{next(_numbers)}",
            "event_time": 1764000000,
            "authorizations": [{"team_id": "T1", "user_id": BOT, "is_bot": True}],
            "event": event,
        }
        return self.post(json.dumps({**outer, **changes.pop("outer", {})}), **changes)

    def message(self, text: str, channel: str = "", **fields: Any) -> dict[str, Any]:
        channel = channel or self.direct
        kind = {"D": "im", "C": "channel", "G": "group"}[channel[0]]
        event = {"type": "message", "channel": channel, "channel_type": kind, "user": self.user, "text": text}
        return {**event, "ts": now(), **fields}

    def mention(self, text: str, **fields: Any) -> dict[str, Any]:
        """`app_mention` has no `channel_type`."""
        event = self.message(f"<@{BOT}> {text}", self.channel, type="app_mention", **fields)
        event.pop("channel_type")
        return event

    def say(self, text: str, **fields: Any) -> list[dict[str, Any]]:
        """Write a direct message; return what comes back."""
        return self.ask(self.message(text, **fields))

    def ask(self, event: dict[str, Any], count: int = 1) -> list[dict[str, Any]]:
        """Deliver an event and return the messages that come back."""

        # Of this place only: a late message to somebody of the test before is no answer.
        def here() -> list[dict[str, Any]]:
            return [message for message in self.api.messages if message.get("channel") == event.get("channel")]

        before = len(here())
        assert self.deliver(event).status_code == 200
        self.api.wait(lambda: len(here()) >= before + count)
        return here()[before:]

    def replies(self, text: str, rest: float = 0.4) -> list[dict[str, Any]]:
        """Write a direct message; return all that comes back until it has been quiet for some seconds."""
        before = len(self.api.messages)
        self.say(text)
        count = 0
        while count != len(self.api.messages):
            count = len(self.api.messages)
            time.sleep(rest)
        return self.api.messages[before:]

    def next(self, before: int, count: int = 1) -> list[dict[str, Any]]:
        self.api.wait(lambda: len(self.api.messages) >= before + count)
        return self.api.messages[before:]

    def press(self, message: dict[str, Any], element: dict[str, Any], **changes: Any) -> requests.Response:
        """Press a button of a message; Slack escapes what it sends back."""
        value = changes.pop("value", None)
        action = {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": "b1",
            "action_ts": now(),
            "value": escaped(value or element["value"]),
        }
        if "text" in element:
            action["text"] = {**element["text"], "text": element["text"]["text"]}
        container = {"type": "message", "message_ts": message["ts"], "channel_id": message["channel"]}
        payload: dict[str, Any] = {
            "type": "block_actions",
            "user": {"id": self.user, "username": "ann"},
            "team": {"id": "T1"},
            "channel": {"id": message["channel"]},
            "response_url": f"{self.api.address}/response/{message['channel']}/{self.user}",
            "actions": [action],
        }
        if message.get("user"):
            payload["container"] = {**container, "is_ephemeral": True}
        else:
            payload |= {"container": container, "message": {key: message[key] for key in ("ts", "text")}}
            if message["thread_ts"]:
                payload["message"]["thread_ts"] = message["thread_ts"]
        body = urlencode({"payload": json.dumps({**payload, **changes.pop("outer", {})})})
        return self.post(body, "application/x-www-form-urlencoded", **changes)

    def command(self, text: str, channel: str = "", **fields: str) -> requests.Response:
        channel = channel or self.channel
        form = {
            "token": "deprecated",
            "team_id": "T1",
            "channel_id": channel,
            "channel_name": "general",
            "user_id": self.user,
            "user_name": "ann",
            "command": "/healthqa",
            "text": text,
            "response_url": f"{self.api.address}/response/{channel}/{self.user}",
            "trigger_id": now(),
        }
        return self.post(urlencode({**form, **fields}), "application/x-www-form-urlencoded")


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
