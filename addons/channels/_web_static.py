"""The files of the widget as they are sent: compressed where the browser takes that, and once only."""

from __future__ import annotations

import gzip
import hashlib
import re

from sanic.request import Request
from sanic.response import HTTPResponse, raw

__all__ = ["StaticFile"]

_REFUSED = re.compile(r"q=0(\.0*)?\s*$")


class StaticFile:
    """A file that never changes while the server runs, plain and compressed."""

    def __init__(self, body: bytes, content_type: str) -> None:
        self._type = content_type
        self._etag = hashlib.sha256(body).hexdigest()[:16]
        # The same bytes at each start, so that a browser's copy stays good.
        self._plain, self._gzip = body, gzip.compress(body, mtime=0)

    def response(self, request: Request) -> HTTPResponse:
        """Return the file, compressed where the browser takes that, or 304 where it has it."""
        zipped = _takes_gzip(request.headers.get("accept-encoding", ""))
        etag = f'"{self._etag}{"-gzip" if zipped else ""}"'
        headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == etag:
            return raw(b"", status=304, headers=headers, content_type=self._type)
        if zipped:
            headers["Content-Encoding"] = "gzip"
        return raw(self._gzip if zipped else self._plain, headers=headers, content_type=self._type)


def _takes_gzip(accepted: str) -> bool:
    """Tell whether `Accept-Encoding` (RFC 9110, 12.5.3) names gzip without refusing it."""
    offers = (offer.partition(";") for offer in accepted.lower().split(","))
    return any(name.strip() == "gzip" and not _REFUSED.search(weight) for name, _, weight in offers)
