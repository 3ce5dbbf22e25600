"""A local Slack: takes what the real slack_sdk sends, with the Web API's documented checks, errors and limits."""

from __future__ import annotations

import asyncio
import html
import json
import re
from typing import Any

from aiohttp import web
from local_api import LocalApi

TOKEN = "xoxb-1111-2222-never_shown"
BOT = "UBOT00001"
ALL_SCOPES = "app_mentions:read,channels:history,chat:write,commands,groups:history,im:history,mpim:history"


class Refused(Exception):
    """`ok: false`, or a status that comes instead of an answer."""

    def __init__(self, error: str, status: int = 200, **headers: str) -> None:
        super().__init__(error)
        self.error, self.status, self.headers = error, status, headers


def limited(seconds: int) -> Refused:
    return Refused("ratelimited", 429, **{"Retry-After": str(seconds)})


DOWN = Refused("<html>Bad gateway</html>", 502)


def check_blocks(blocks: list[dict[str, Any]], surface: str = "message") -> None:
    """Refuse what Block Kit does not take."""
    if not 1 <= len(blocks) <= (50 if surface == "message" else 100):
        raise Refused("invalid_blocks")
    for block in blocks:
        texts = [block["text"]] if "text" in block else []
        elements = block.get("elements", [])
        if block["type"] == "context":
            texts, elements = elements, []
            _require(1 <= len(texts) <= 10)
        elif block["type"] == "actions":
            _require(1 <= len(elements) <= 25)
            _require(len({element["action_id"] for element in elements}) == len(elements))
        elif block["type"] == "context_actions":
            _require(surface == "message" and 1 <= len(elements) <= 5)
        else:
            _require(block["type"] in ("section", "header", "divider"))
        for text in texts:
            _check_text(text, 150 if block["type"] == "header" else 3000)
        for element in elements:
            _check_button(element)


def _check_text(text: dict[str, Any], limit: int) -> None:
    _require(text["type"] in ("mrkdwn", "plain_text") and 1 <= len(text["text"]) <= limit)
    _require("verbatim" not in text or text["type"] == "mrkdwn")


def _check_button(element: dict[str, Any]) -> None:
    if element["type"] == "feedback_buttons":
        for button in (element["positive_button"], element["negative_button"]):
            _check_text(button["text"], 75)
            _require(1 <= len(button["value"]) <= 2000)
        return
    _require(element["type"] == "button" and element["text"]["type"] == "plain_text")
    _check_text(element["text"], 75)
    _require(1 <= len(element["value"]) <= 2000)


def _require(holds: bool) -> None:
    if not holds:
        raise Refused("invalid_blocks")


def shown(message: dict[str, Any]) -> str:
    """What a reader sees of the texts of a message's blocks, without those on buttons."""
    texts = []
    for block in message.get("blocks") or [{"type": "section", "text": {"type": "mrkdwn", "text": message["text"]}}]:
        for text in [block["text"]] if "text" in block else block["elements"] if block["type"] == "context" else ():
            raw = text["text"]
            if text["type"] == "mrkdwn":
                raw = re.sub(r"<(https?://[^|>]*)(?:\|([^>]*))?>", lambda found: found[2] or found[1], raw)
                assert "<" not in raw and ">" not in raw, f"not escaped: {raw}"
            texts.append(html.unescape(raw))
    return "\n".join(texts)


def links(message: dict[str, Any]) -> list[str]:
    """The addresses of the links in a message's blocks."""
    found = re.findall(r"<(https?://[^|>]*)", json.dumps(message["blocks"], ensure_ascii=False))
    return [html.unescape(address) for address in found]


def buttons(message: dict[str, Any], kind: str = "actions") -> list[dict[str, Any]]:
    return [element for block in message["blocks"] if block["type"] == kind for element in block["elements"]]


class SlackApi(LocalApi):
    """Slack's side.

    `planned[method]` holds what comes before the right answers: `Refused` or seconds to sleep.
    """

    def __init__(self, token: str = TOKEN) -> None:
        super().__init__()
        self.token = token
        self.scopes = ALL_SCOPES
        self.closed_channels: set[str] = set()
        self.threads: set[tuple[str, str]] = set()

    @property
    def api_url(self) -> str:
        return f"{self.address}/api/"

    def routes(self, app: web.Application) -> None:
        app.router.add_post("/api/{method}", self._handle)
        app.router.add_post("/response/{channel}/{user}", self._respond)

    async def _handle(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        body = json.loads(await request.text() or "{}")
        self.note(method, body)
        try:
            await self._play(method)
            if request.headers.get("Authorization") != f"Bearer {self.token}":
                raise Refused("invalid_auth")
            assert request.content_type == "application/json"
            result = getattr(self, "_" + method.replace(".", "_"))(body)
        except Refused as refused:
            if refused.status != 200 and refused.error.startswith("<"):
                return web.Response(text=refused.error, status=refused.status, content_type="text/html")
            answer = {"ok": False, "error": refused.error}
            return web.json_response(answer, status=refused.status, headers=refused.headers)
        self.note()
        return web.json_response({"ok": True, **result}, headers={"x-oauth-scopes": self.scopes})

    async def _respond(self, request: web.Request) -> web.Response:
        body = json.loads(await request.text())
        self.note("response_url", body)
        try:
            await self._play("response_url")
            self._take(body, channel=request.match_info["channel"], user=request.match_info["user"])
            assert body["response_type"] == "ephemeral" and body["replace_original"] is False
        except Refused as refused:
            return web.Response(text=refused.error, status=refused.status if refused.status != 200 else 404)
        self.note()
        return web.Response(text="ok")

    async def _play(self, method: str) -> None:
        planned = self.next_planned(method)
        if isinstance(planned, Refused):
            raise planned
        if planned:
            await asyncio.sleep(planned)

    def _auth_test(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"team": "Publisher", "team_id": "T1", "user": "healthqa", "user_id": BOT, "bot_id": "BBOT"}

    def _take(self, body: dict[str, Any], channel: str, user: str = "", **more: Any) -> dict[str, Any]:
        if channel in self.closed_channels:
            raise Refused("channel_not_found")
        if not body.get("text") or len(body["text"]) > 40_000:
            raise Refused("no_text")
        if "blocks" in body:
            check_blocks(body["blocks"])
        message = {
            "channel": channel,
            "user": user,
            "ts": f"9{len(self.messages):09}.000100",
            "thread_ts": body.get("thread_ts"),
            "text": body["text"],
            "blocks": body.get("blocks"),
            **more,
        }
        self.messages.append(message)
        return {"channel": channel, "ts": message["ts"]}

    def _chat_postMessage(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - the API's name
        if body.get("thread_ts"):
            self.threads.add((body["channel"], body["thread_ts"]))
        return self._take(body, body["channel"])

    def _chat_postEphemeral(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - the API's name
        if "blocked" in body["user"]:
            raise Refused("user_not_in_channel")
        # Slack takes it, but in a thread that nobody has replied in it is shown to nobody.
        thread = body.get("thread_ts")
        seen = not thread or (body["channel"], thread) in self.threads
        return {"message_ts": self._take(body, body["channel"], body["user"], seen=seen)["ts"]}

    def _views_publish(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["view"]["type"] != "home":
            raise Refused("invalid_arguments")
        check_blocks(body["view"]["blocks"], "home")
        return {"view": body["view"]}
