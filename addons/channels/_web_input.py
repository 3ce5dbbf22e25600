"""Reading and checking what a browser sends to the `web` channel."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from sanic.exceptions import PayloadTooLarge
from sanic.request import Request

from addons.channels._request_body import read_body
from addons.channels._text import TEXT_LIMIT, clean_text, plain_words
from addons.channels._web_errors import RequestRefused

__all__ = [
    "BODY_LIMIT",
    "COMMENT_LIMIT",
    "FeedbackRequest",
    "MessageRequest",
    "parse_feedback",
    "parse_message",
    "read_json",
    "read_nothing",
    "token_of",
]

BODY_LIMIT = 16 * 1024
COMMENT_LIMIT = 1000

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TOKEN_LIMIT = 2048
_ANSWER_LIMIT = 64

Body = dict[str, object]


@dataclass(frozen=True)
class MessageRequest:
    """One checked message of a reader.

    :param id: the browser's id of this message; the same id is the same message.
    :param text: 1 to 2,000 characters without control characters, or the id of a button.
    """

    id: str
    text: str


@dataclass(frozen=True)
class FeedbackRequest:
    """A checked rating.

    :param answer: id of the answer.
    :param good: thumbs up.
    :param comment: at most 1,000 characters without control characters.
    """

    answer: str
    good: bool
    comment: str


async def read_json(request: Request) -> Body:
    """Read the body, a JSON object.

    :raises RequestRefused: for one that is too large, of another type, or no JSON object.
    """
    body = await _body(request)
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    # A page of another site can send a form without asking first, but no application/json.
    if kind != "application/json":
        raise RequestRefused(415, "not_json", "Send the header 'Content-Type: application/json'.")
    try:
        data = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RequestRefused(400, "not_json", "The body is not JSON in UTF-8.") from error
    if not isinstance(data, dict):
        raise RequestRefused(400, "not_an_object", "The body must be a JSON object.")
    return data


async def read_nothing(request: Request) -> None:
    """Read and ignore the body of a request that needs none, within the limit.

    :raises RequestRefused: for one that is too large.
    """
    await _body(request)


def token_of(request: Request, body: Body | None = None) -> str:
    """Return the session token: that of the header `Authorization: Bearer ...`, else that of the body.

    :raises RequestRefused: with status 401 when there is none.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    given: object = token.strip() if scheme.lower() == "bearer" else (body or {}).get("token")
    if not isinstance(given, str) or not 1 <= len(given) <= _TOKEN_LIMIT:
        raise RequestRefused(401, "token_missing", "Send the token of POST session: 'Authorization: Bearer TOKEN'.")
    return given


def parse_message(body: Body) -> MessageRequest:
    """Check the body of POST messages.

    :raises RequestRefused: with status 400 and what is wrong.
    """
    message_id, text, token = body.get("id"), body.get("text"), body.get("token", "-")
    if not isinstance(token, str) or not 1 <= len(token) <= _TOKEN_LIMIT:
        raise RequestRefused(400, "token_invalid", "The field 'token' must hold the token of POST session.")
    if not isinstance(message_id, str) or not _ID.fullmatch(message_id):
        raise RequestRefused(400, "id_invalid", "The field 'id' must be 1 to 64 letters, digits, '-' or '_'.")
    if not isinstance(text, str):
        raise RequestRefused(400, "text_missing", "The field 'text' must be a text.")
    text = clean_text(text)
    if not plain_words(text):
        raise RequestRefused(400, "text_empty", "Please type a question first.")
    if len(text) > TEXT_LIMIT:
        raise RequestRefused(400, "text_too_long", f"Please shorten your message to {TEXT_LIMIT:,} characters.")
    return MessageRequest(message_id, text)


def parse_feedback(body: Body) -> FeedbackRequest:
    """Check the body of POST feedback.

    :raises RequestRefused: with status 400 and what is wrong.
    """
    answer, rating, comment = body.get("answer"), body.get("rating"), body.get("comment", "")
    if not isinstance(answer, str) or not 1 <= len(answer) <= _ANSWER_LIMIT:
        raise RequestRefused(400, "answer_invalid", "The field 'answer' must hold the id of an answer.")
    if rating not in ("up", "down"):
        raise RequestRefused(400, "rating_invalid", "The field 'rating' must be 'up' or 'down'.")
    if not isinstance(comment, str):
        raise RequestRefused(400, "comment_invalid", "The field 'comment' must be a text.")
    comment = clean_text(comment)
    if len(comment) > COMMENT_LIMIT:
        raise RequestRefused(400, "comment_too_long", f"Please shorten your comment to {COMMENT_LIMIT:,} characters.")
    return FeedbackRequest(answer, rating == "up", comment)


async def _body(request: Request) -> bytes:
    try:
        return await read_body(request, BODY_LIMIT)
    except PayloadTooLarge as error:
        limit = f"The body may have {BODY_LIMIT // 1024} kB at most."
        raise RequestRefused(413, "body_too_large", limit) from error
