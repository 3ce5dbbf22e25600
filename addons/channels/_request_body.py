"""Reading the body of a request that others send, never more than it may have."""

from __future__ import annotations

from sanic.exceptions import PayloadTooLarge
from sanic.request import Request

__all__ = ["read_body"]


async def read_body(request: Request, limit: int) -> bytes:
    """Read the body of a route that was added with `stream=True`. The server itself would take 100 MB.

    :param limit: bytes at most.
    :raises PayloadTooLarge: beyond it.
    """
    stream = request.stream
    if stream is None:
        return b""
    stream.request_max_size = limit
    body = bytearray()
    while True:
        chunk = await stream.read()
        if not chunk:
            return bytes(body)
        body += chunk
        if len(body) > limit:
            raise PayloadTooLarge(f"The body may have {limit} bytes at most.")
