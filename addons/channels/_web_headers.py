"""Who may talk to the `web` channel, and the headers of everything it sends."""

from __future__ import annotations

from urllib.parse import urlsplit

from sanic import Sanic
from sanic.request import Request
from sanic.response import BaseHTTPResponse

from addons.channels._web_errors import RequestRefused, problem

__all__ = ["Gatekeeper"]

_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
# Sanic says this before any route of ours is reached, in a page of its own.
_METHOD_NOT_ALLOWED = 405
# Set by sanic-cors on requests it has dealt with; Rasa applies `--cors` to every path of the server, ours included.
_CORS_DONE = "_sanic_cors_e"


class Gatekeeper:
    """Checks the Origin of requests and sets security headers on all responses below the channel's address."""

    def __init__(self, allowed_origins: tuple[str, ...], prefix: str = "/webhooks/web") -> None:
        self._allowed = frozenset(allowed_origins)
        self._prefix = prefix

    def watch(self, app: Sanic) -> None:
        """Set the headers of every response below the prefix, those of errors and unknown paths too."""
        app.register_middleware(self._set_headers, "response")

    def check(self, request: Request) -> None:
        """Let only pages of this server and of the allowed origins send anything.

        :raises RequestRefused: with status 403 for a page of another site.
        """
        origin = request.headers.get("origin")
        if origin is not None and not self._is_own(origin, request) and origin.lower() not in self._allowed:
            raise RequestRefused(403, "origin_refused", "This web site may not use this chat.")

    @staticmethod
    def _is_own(origin: str, request: Request) -> bool:
        # Only host and port are compared: behind a proxy that ends TLS the server does not know its own scheme.
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        host = request.headers.get("host", "")
        return parts.scheme in ("http", "https") and bool(host) and parts.netloc.lower() == host.lower()

    async def _set_headers(self, request: Request, response: BaseHTTPResponse) -> BaseHTTPResponse | None:
        if request.path != self._prefix and not request.path.startswith(f"{self._prefix}/"):
            return None
        sanics_own = response.status == _METHOD_NOT_ALLOWED
        if sanics_own:
            allowed = {"Allow": response.headers.get("allow", "")}
            sentence = "This address does not take that method."
            response = problem(RequestRefused(_METHOD_NOT_ALLOWED, "method_not_allowed", sentence, headers=allowed))
        setattr(request.ctx, _CORS_DONE, "1")
        for name in [name for name in response.headers if name.lower().startswith("access-control-")]:
            response.headers.popall(name, None)
        page = (response.content_type or "").startswith("text/html")
        response.headers.update(_HEADERS)
        if request.path.startswith(f"{self._prefix}/static/"):
            # Any site may show them: which site may talk to the server is decided by its Origin.
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.headers["Content-Security-Policy"] = _PAGE_POLICY if page else _DATA_POLICY
        if "cache-control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        response.headers["Vary"] = ", ".join(filter(None, ["Origin", response.headers.get("vary")]))
        origin = request.headers.get("origin", "")
        if origin.lower() in self._allowed:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Methods"] = "GET, POST, DELETE"
            response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
            response.headers["Access-Control-Expose-Headers"] = "Retry-After"
            response.headers["Access-Control-Max-Age"] = "600"
        return response if sanics_own else None
