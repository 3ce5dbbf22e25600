"""What the `web` channel answers when a request cannot be served."""

from __future__ import annotations

__all__ = ["RequestRefused"]


class RequestRefused(Exception):
    """A request that is answered with a JSON error.

    :param status: HTTP status, 4xx or 5xx.
    :param code: word a program can act on, e.g. `text_too_long`.
    :param message: one plain sentence for the reader or the developer of a page.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
