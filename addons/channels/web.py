"""The `web` channel: a chat page and its interface over plain HTTP, with a streamed reply.

docs/channels/web.md describes the wire format. The channel adds what Rasa's `rest` leaves out: conversation ids made
by the server, each message once, limits, no commands, and a sentence with the disclaimer whatever fails.
"""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, empty, redirect
from sanic.response import json as json_response

from addons.channels._failsafe import Failsafe, log_failure
from addons.channels._web_errors import RequestRefused
from addons.channels._web_headers import Gatekeeper
from addons.channels._web_health import readiness
from addons.channels._web_input import read_message, read_nothing
from addons.channels._web_output import WIRE_VERSION
from addons.channels._web_pages import Pages
from addons.channels._web_sessions import SessionTokens
from addons.channels._web_settings import WebSettings
from addons.channels._web_turns import Turns
from healthqa.settings import Settings

__all__ = ["WebInput"]

OnNewMessage = Callable[[UserMessage], Awaitable[Any]]
Handler = Callable[..., Awaitable[HTTPResponse | None]]

# How often a waiting browser is told that the answer is on its way; proxies close a silent connection.
_TYPING_SECONDS = 2.0
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class WebInput(InputChannel):
    """Serves the chat page and takes its messages."""

    def __init__(self, web: WebSettings, settings: Settings | None = None) -> None:
        self._web = web
        self._settings = settings or Settings.from_env()
        self._failsafe = Failsafe(self._settings)
        self._gate = Gatekeeper(web.allowed_origins)
        self._tokens = SessionTokens(web.secret, web.session_hours)
        self._turns = Turns(self._failsafe, web.timeout, web.alarm_timeout)

    @classmethod
    def name(cls) -> str:
        """Return the channel's name; Rasa serves it below `/webhooks/web`."""
        return "web"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> WebInput:
        """Make the channel from its block of credentials.yml.

        :raises RasaException: when a setting cannot be used.
        """
        return cls(WebSettings.from_credentials(credentials))

    def get_output_channel(self) -> OutputChannel | None:
        """Return nothing: a browser is reached only while it waits for the reply to its message."""
        return None

    def blueprint(self, on_new_message: OnNewMessage) -> Blueprint:
        """Return the channel's routes."""
        routes = Blueprint("web_channel", strict_slashes=True)
        self._add_interface(routes, on_new_message)
        self._add_pages(routes, Pages(self._web, self._settings))

        @routes.listener("before_server_start")
        async def prepare(app: Sanic, _loop: Any) -> None:  # noqa: ANN401
            self._gate.watch(app)
            await asyncio.get_running_loop().run_in_executor(None, self._failsafe.prepare)

        return routes

    def _add_interface(self, routes: Blueprint, on_new_message: OnNewMessage) -> None:
        async def session(request: Request) -> HTTPResponse:
            self._gate.check(request)
            await read_nothing(request)
            token, seconds = self._tokens.issue()
            return json_response({"v": WIRE_VERSION, "token": token, "expires_in": seconds}, status=201)

        async def messages(request: Request) -> None:
            self._gate.check(request)
            message = await read_message(request)
            conversation_id = self._tokens.conversation(message.token)
            turn = self._turns.start(conversation_id, message, on_new_message)
            await self._stream(request, turn)

        async def live(request: Request) -> HTTPResponse:
            return json_response({"live": True})

        async def ready(request: Request) -> HTTPResponse:
            state = await readiness(request.app, self._settings)
            return json_response(state, status=200 if state["ready"] else 503)

        async def preflight(request: Request) -> HTTPResponse:
            return empty()  # a browser asks whether it may send; the headers say so

        async def elsewhere(request: Request, path: str) -> HTTPResponse:
            raise RequestRefused(404, "not_found", "There is nothing at this address.")

        routes.add_route(self._guarded(session), "/session", methods=["POST"], name="session", stream=True)
        routes.add_route(self._guarded(messages), "/messages", methods=["POST"], name="messages", stream=True)
        routes.add_route(self._guarded(live), "/live", methods=["GET"], name="live")
        routes.add_route(self._guarded(ready), "/ready", methods=["GET"], name="ready")
        for path in ("session", "messages"):
            routes.add_route(preflight, f"/{path}", methods=["OPTIONS"], name=f"preflight_{path}")
        routes.add_route(self._guarded(elsewhere), "/<path:path>", methods=_METHODS, name="elsewhere")

    def _add_pages(self, routes: Blueprint, pages: Pages) -> None:
        async def to_chat(request: Request) -> HTTPResponse:
            return redirect("web/", status=308)

        async def to_articles(request: Request) -> HTTPResponse:
            return redirect("articles/", status=308)

        routes.add_route(to_chat, "", methods=["GET"], name="to_chat", strict_slashes=True)
        routes.add_route(to_articles, "/articles", methods=["GET"], name="to_articles")
        routes.add_route(self._guarded(pages.chat), "/", methods=["GET"], name="chat")
        routes.add_route(self._guarded(pages.static), "/static/<name:str>", methods=["GET"], name="static")
        routes.add_route(self._guarded(pages.article_list), "/articles/", methods=["GET"], name="articles")
        routes.add_route(self._guarded(pages.article), "/articles/<slug:str>", methods=["GET"], name="article")

    async def _stream(self, request: Request, turn: asyncio.Task[list[dict[str, Any]]]) -> None:
        """Send `typing` until the turn is done, then its events, one JSON object a line."""
        # No proxy may hold lines back until the reply is complete.
        headers = {"X-Accel-Buffering": "no", "Cache-Control": "no-store, no-transform"}
        response = await request.respond(content_type="application/x-ndjson", headers=headers)
        try:
            while True:
                await response.send(_line({"v": WIRE_VERSION, "event": "typing"}))
                done, _ = await asyncio.wait({turn}, timeout=_TYPING_SECONDS)
                if done:
                    break
            events = turn.result()
        except Exception as error:
            log_failure("a reply could not be sent", error)
            events = [self._failsafe.error_event()]
        for event in events:
            await response.send(_line(event))
        await response.eof()

    def _guarded(self, handler: Handler) -> Handler:
        """Turn what a handler raises into JSON, with the disclaimer, never into a page with a traceback."""

        @functools.wraps(handler)
        async def guarded(request: Request, *args: Any, **kwargs: Any) -> HTTPResponse | None:  # noqa: ANN401
            try:
                return await handler(request, *args, **kwargs)
            except RequestRefused as refused:
                error = {"code": refused.code, "message": refused.message}
                return json_response({"v": WIRE_VERSION, "error": error}, status=refused.status)
            except Exception as error:
                log_failure(f"{request.method} {request.route.path if request.route else ''} failed", error)
                event = self._failsafe.error_event()
                problem = {"code": "failed", "message": event["text"]}
                return json_response({"v": WIRE_VERSION, "error": problem}, status=500)

        return guarded


def _line(event: dict[str, Any]) -> str:
    return json.dumps(event, ensure_ascii=False, default=str) + "\n"
