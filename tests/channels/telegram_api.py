"""A local Bot API : takes what the real aiogram client sends, with Telegram's documented checks, errors and limits."""

from __future__ import annotations

import asyncio
import json
import re
import time
from html.parser import HTMLParser
from typing import Any

import requests
from aiohttp import web
from local_api import LocalApi

TOKEN = "123456:AAF-test_token-never_shown"
BOT = {"id": 123456, "is_bot": True, "first_name": "B12", "username": "AskB12Bot"}
_TAGS = {"b", "i", "u", "s", "a", "code", "pre"}


class Refused(Exception):
    """A request that the Bot API refuses."""

    def __init__(self, status: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.status = status
        self.body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
        if parameters:
            self.body["parameters"] = parameters


def flood(seconds: int) -> Refused:
    return Refused(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


BLOCKED = Refused(403, "Forbidden: bot was blocked by the user")
DOWN = Refused(502, "Bad Gateway")


class _Visible(HTMLParser):
    """What a reader sees of `parse_mode` HTML; refuses what Telegram cannot parse."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.links, self._open = "", [], []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in _TAGS:
            raise Refused(400, f'Bad Request: can\'t parse entities: Unsupported start tag "{tag}" at byte offset 0')
        self._open.append(tag)
        self.links += [value for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            raise Refused(400, "Bad Request: can't parse entities: Unexpected end tag at byte offset 0")

    def handle_data(self, data: str) -> None:
        self.text += data


def visible(html: str) -> tuple[str, list[str]]:
    parser = _Visible()
    if re.search(r"<(?![a-z/])", html):
        raise Refused(400, 'Bad Request: can\'t parse entities: Unsupported start tag "" at byte offset 0')
    parser.feed(html)
    parser.close()
    return parser.text, parser.links


class BotApi(LocalApi):
    """Telegram's side.

    `planned[method]` holds what comes before the right answers: `Refused`, seconds to sleep, or a raw text with 502.
    """

    def __init__(self, token: str = TOKEN) -> None:
        super().__init__()
        self.token = token
        self.webhook: dict[str, Any] = {"url": ""}
        self.queue: list[dict[str, Any]] = []
        self.confirmed = 0
        self.queries: set[str] = set()
        self.known_messages: set[tuple[int, int]] = set()
        self._polls = 0

    def routes(self, app: web.Application) -> None:
        app.router.add_route("*", "/bot{token}/{method}", self._handle)

    def deliver(self, update: Any, **changes: Any) -> requests.Response:
        """Post an update as Telegram does."""
        secret = {"X-Telegram-Bot-Api-Secret-Token": self.webhook["secret_token"]}
        headers = {"Content-Type": "application/json", **changes.get("headers", secret)}
        body = changes.get("data", json.dumps(update))
        return requests.post(self.webhook["url"], data=body, headers=headers, timeout=20)

    async def _handle(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        form = {**request.query, **await request.post()}
        self.note(method, form)
        try:
            if request.match_info["token"] != self.token:
                raise Refused(401, "Unauthorized")
            planned = self.next_planned(method)
            if isinstance(planned, Refused):
                raise planned
            if isinstance(planned, str):
                return web.Response(status=502, text=planned, content_type="text/html")
            if planned:
                await asyncio.sleep(planned)
            result = await getattr(self, f"_{method}", self._ok)(form)
        except Refused as refused:
            return web.json_response(refused.body, status=refused.status)
        self.note()
        return web.json_response({"ok": True, "result": result})

    async def _ok(self, form: dict[str, Any]) -> bool:
        return True

    async def _getMe(self, form: dict[str, Any]) -> dict[str, Any]:
        return BOT

    async def _setWebhook(self, form: dict[str, Any]) -> bool:
        if form.get("secret_token") and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", form["secret_token"]):
            raise Refused(400, "Bad Request: secret token contains unallowed characters")
        self.webhook = dict(form)
        return True

    async def _deleteWebhook(self, form: dict[str, Any]) -> bool:
        self.webhook = {"url": ""}
        return True

    async def _getWebhookInfo(self, form: dict[str, Any]) -> dict[str, Any]:
        return {"url": self.webhook["url"], "has_custom_certificate": False, "pending_update_count": len(self.queue)}

    async def _getUpdates(self, form: dict[str, Any]) -> list[dict[str, Any]]:
        if self.webhook["url"]:
            raise Refused(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self._polls += 1
        turn, end = self._polls, time.monotonic() + int(form.get("timeout", 0))
        offset = int(form.get("offset") or 0)
        self.confirmed = max(self.confirmed, offset)
        while True:
            if turn != self._polls:
                raise Refused(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
                )
            self.queue = [update for update in self.queue if update["update_id"] >= offset]
            if self.queue or time.monotonic() >= end:
                return self.queue[: int(form.get("limit", 100))]
            await asyncio.sleep(0.02)

    async def _sendMessage(self, form: dict[str, Any]) -> dict[str, Any]:
        chat, text, links = int(form["chat_id"]), form.get("text", ""), []
        if form.get("parse_mode") == "HTML":
            text, links = visible(text)
        if not text.strip():
            raise Refused(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > 4096:
            raise Refused(400, "Bad Request: message is too long")
        markup = json.loads(form.get("reply_markup") or "{}")
        for row in markup.get("inline_keyboard", ()):
            if any(not 1 <= len(key["callback_data"].encode()) <= 64 for key in row):
                raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
        reply_to = form.get("reply_to_message_id")
        if reply_to and (chat, int(reply_to)) not in self.known_messages:
            if form.get("allow_sending_without_reply", "").lower() != "true":
                raise Refused(400, "Bad Request: message to be replied not found")
        sent = {
            "message_id": 1000 + len(self.messages),
            "chat": chat,
            "text": text,
            "html": form.get("text"),
            "links": links,
            "markup": markup,
            "topic": form.get("message_thread_id"),
            "reply_to": int(reply_to) if reply_to else None,
        }
        self.messages.append(sent)
        return {"message_id": sent["message_id"], "date": 1, "chat": {"id": chat, "type": "private"}, "text": text}

    async def _answerCallbackQuery(self, form: dict[str, Any]) -> bool:
        if form["callback_query_id"] not in self.queries:
            raise Refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self.queries.discard(form["callback_query_id"])
        return True

    async def _editMessageReplyMarkup(self, form: dict[str, Any]) -> Any:
        number = int(form["message_id"])
        found = next((message for message in self.messages if message["message_id"] == number), None)
        if found is None:
            raise Refused(400, "Bad Request: message to edit not found")
        new = json.loads(form.get("reply_markup") or "{}")
        if found["markup"] == new:
            raise Refused(400, "Bad Request: message is not modified")
        found["markup"] = new
        return True
