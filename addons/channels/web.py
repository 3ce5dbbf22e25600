"""The `web` channel: a chat page and its interface over plain HTTP, with a streamed reply.

openapi.yaml is the interface, docs/channels/web.md explains it. The channel adds what Rasa's `rest` leaves out:
conversation ids made by the server, each message once, limits, no commands, and a sentence with the disclaimer
whatever fails.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import yaml
from rasa.core.channels.channel import InputChannel, OutputChannel
from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, empty, redirect
from sanic.response import json as json_response

from addons.channels._failsafe import Failsafe, log_failure
from addons.channels._turns import OnNewMessage, TurnRunner
from addons.channels._web_access import Access
from addons.channels._web_conversation import Conversation
from addons.channels._web_errors import RequestRefused, problem
from addons.channels._web_health import readiness
from addons.channels._web_output import WebOutput
from addons.channels._web_pages import Pages
from addons.channels._web_settings import WebSettings
from healthqa.settings import Settings

__all__ = ["WebInput"]

Handler = Callable[..., Awaitable[HTTPResponse | None]]

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_READING = ["GET", "HEAD"]
_RETRY_SECONDS = 5
_INTERFACE = Path(__file__).parent / "openapi.yaml"


class WebInput(InputChannel):
    """Serves the chat page and takes its messages."""

    def __init__(self, web: WebSettings, settings: Settings | None = None) -> None:
        self._web = web
        self._settings = settings or Settings.from_env()
        self._failsafe = Failsafe(self._settings)
        self._access = Access(web)
        self._runner = TurnRunner(self._failsafe, WebOutput, web.timeout, web.alarm_timeout)
        self._interface = yaml.safe_load(_INTERFACE.read_text(encoding="utf-8"))

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
        self._add_conversation(routes, on_new_message)
        self._add_operation(routes)
        self._add_pages(routes, Pages(self._web, self._settings))

        @routes.listener("before_server_start")
        async def prepare(app: Sanic, _loop: Any) -> None:  # noqa: ANN401
            self._access.gate.watch(app)
            await asyncio.get_running_loop().run_in_executor(None, self._failsafe.prepare)

        return routes

    def _add_conversation(self, routes: Blueprint, on_new_message: OnNewMessage) -> None:
        async def preflight(request: Request) -> HTTPResponse:
            return empty()  # a browser asks whether it may send; the headers say so

        conversation = Conversation(self._access, self._runner, self._settings, on_new_message)
        for path, method, handler in (
            ("/session", "POST", conversation.start),
            ("/session", "DELETE", conversation.forget),
            ("/messages", "POST", conversation.message),
            ("/history", "GET", conversation.history),
            ("/feedback", "POST", conversation.feedback),
            ("/me", "GET", conversation.stored_data),
        ):
            name = f"{method.lower()}_{path[1:]}"
            methods = _READING if method == "GET" else [method]
            routes.add_route(self._guarded(handler), path, methods=methods, name=name, stream=method != "GET")
        for path in ("session", "messages", "history", "feedback", "me"):
            routes.add_route(preflight, f"/{path}", methods=["OPTIONS"], name=f"preflight_{path}")

    def _add_operation(self, routes: Blueprint) -> None:
        async def live(request: Request) -> HTTPResponse:
            return json_response({"live": True})

        async def ready(request: Request) -> HTTPResponse:
            state = await readiness(request.app, self._settings)
            return json_response(state, status=200 if state["ready"] else 503)

        async def interface(request: Request) -> HTTPResponse:
            return json_response(self._interface)

        async def elsewhere(request: Request, path: str) -> HTTPResponse:
            raise RequestRefused(404, "not_found", "There is nothing at this address.")

        routes.add_route(self._guarded(live), "/live", methods=_READING, name="live")
        routes.add_route(self._guarded(ready), "/ready", methods=_READING, name="ready")
        routes.add_route(self._guarded(interface), "/openapi.json", methods=_READING, name="interface")
        routes.add_route(self._guarded(elsewhere), "/<path:path>", methods=_METHODS, name="elsewhere")

    def _add_pages(self, routes: Blueprint, pages: Pages) -> None:
        async def to_chat(request: Request) -> HTTPResponse:
            return redirect("web/", status=308)

        async def to_articles(request: Request) -> HTTPResponse:
            return redirect("articles/", status=308)

        routes.add_route(to_chat, "", methods=_READING, name="to_chat", strict_slashes=True)
        routes.add_route(to_articles, "/articles", methods=_READING, name="to_articles")
        routes.add_route(self._guarded(pages.chat), "/", methods=_READING, name="chat")
        routes.add_route(self._guarded(pages.static), "/static/<name:str>", methods=_READING, name="static")
        routes.add_route(self._guarded(pages.article_list), "/articles/", methods=_READING, name="articles")
        routes.add_route(self._guarded(pages.article), "/articles/<slug:str>", methods=_READING, name="article")

    def _guarded(self, handler: Handler) -> Handler:
        """Turn what a handler raises into JSON, with the disclaimer, never into a page with a traceback."""

        @functools.wraps(handler)
        async def guarded(request: Request, *args: Any, **kwargs: Any) -> HTTPResponse | None:  # noqa: ANN401
            try:
                return await handler(request, *args, **kwargs)
            except RequestRefused as refused:
                return problem(refused)
            except Exception as error:
                log_failure(f"web: {request.method} {request.route.path if request.route else ''} failed", error)
                return problem(RequestRefused(500, "failed", self._failsafe.error().text, _RETRY_SECONDS))

        return guarded
