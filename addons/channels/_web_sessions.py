"""Conversation ids made by the server, in signed tokens that expire."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

import jwt

from addons.channels._web_errors import RequestRefused

__all__ = ["Session", "SessionTokens"]

_ALGORITHM = "HS256"
_AUDIENCE = "healthqa-web"


@dataclass(frozen=True)
class Session:
    """A conversation's id, and the time (seconds since 1970) when its token expires."""

    conversation_id: str
    expires: float


class SessionTokens:
    """Issues and checks the tokens that name a conversation.

    A reader's browser cannot choose the id: whoever could would read and write in another reader's conversation.
    """

    def __init__(self, secret: str, hours: float) -> None:
        self._secret = secret
        self._seconds = int(hours * 3600)

    def issue(self) -> tuple[str, int]:
        """Return a token for a new conversation and the seconds it stays valid."""
        now = int(time.time())
        claims = {"sub": f"web-{secrets.token_hex(16)}", "aud": _AUDIENCE, "iat": now, "exp": now + self._seconds}
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM), self._seconds

    def read(self, token: str) -> Session:
        """Return what a token says.

        :raises RequestRefused: with status 401 for a token that is expired, forged or none of ours.
        """
        try:
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                options={"require": ["sub", "exp", "aud"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise RequestRefused(401, "session_expired", "This chat session has ended: start a new one.") from error
        except (jwt.InvalidTokenError, ValueError, TypeError) as error:
            raise RequestRefused(401, "session_invalid", "This chat session is not known: start a new one.") from error
        return Session(str(claims["sub"]), float(claims["exp"]))
