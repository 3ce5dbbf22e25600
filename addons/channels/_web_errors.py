"""What the `web` channel answers when a request cannot be served."""

from __future__ import annotations

from typing import Any

from sanic.response import HTTPResponse
from sanic.response import json as json_response

from addons.channels._failsafe import with_disclaimer
from healthqa.answer import DISCLAIMER

__all__ = ["RequestRefused", "problem"]

# From this status on, it is the server that cannot or will not answer: the reader gets the disclaimer too.
_OURS = 429


class RequestRefused(Exception):
    """A request that is answered with a JSON error.

    :param status: HTTP status, 4xx or 5xx.
    :param code: word a program can act on, e.g. `text_too_long`.
    :param message: one plain sentence for the reader or the developer of a page.
    :param retry_after: seconds after which the same request may succeed; 0: it will not.
    :param headers: further headers of the response.
    """

    def __init__(
        self, status: int, code: str, message: str, retry_after: int = 0, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after
        self.headers = headers or {}


def problem(refused: RequestRefused) -> HTTPResponse:
    """Return the response: `components.schemas.Problem` of openapi.yaml."""
    error: dict[str, Any] = {"code": refused.code, "message": refused.message, "retry": refused.retry_after > 0}
    headers = dict(refused.headers)
    if refused.retry_after:
        error["retry_after"] = refused.retry_after
        headers["Retry-After"] = str(refused.retry_after)
    if refused.status >= _OURS:
        error["disclaimer"] = DISCLAIMER
        if DISCLAIMER not in refused.message:
            error["message"] = with_disclaimer(refused.message)
    if refused.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return json_response({"v": 1, "error": error}, status=refused.status, headers=headers)
