"""Reading and checking what a browser sends to the `web` channel."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass

from sanic.exceptions import PayloadTooLarge
from sanic.request import Request

from addons.channels._web_errors import RequestRefused

__all__ = ["BODY_LIMIT", "TEXT_LIMIT", "MessageRequest", "clean_text", "plain_words", "read_message", "read_nothing"]

BODY_LIMIT = 16 * 1024
TEXT_LIMIT = 2000

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Invisible characters that could hide a command or turn a line around. The joiners U+200C and U+200D stay.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]")


@dataclass(frozen=True)
class MessageRequest:
    """One checked message of a reader.

    :param token: session token.
    :param id: the browser's id of this message; the same id is the same message.
    :param text: 1 to 2,000 characters without control characters.
    """

    token: str
    id: str
    text: str


async def read_message(request: Request) -> MessageRequest:
    """Read, limit and check the body of POST messages.

    :raises RequestRefused: with a 4xx status that says what is wrong.
    """
    data = _json_object(request, await _body(request))
    token, message_id, text = (data.get(name) for name in ("token", "id", "text"))
    if not isinstance(token, str) or not 1 <= len(token) <= 2048:
        raise RequestRefused(400, "token_missing", "The field 'token' must hold the token of POST session.")
    if not isinstance(message_id, str) or not _ID.fullmatch(message_id):
        raise RequestRefused(400, "id_invalid", "The field 'id' must be 1 to 64 letters, digits, '-' or '_'.")
    if not isinstance(text, str):
        raise RequestRefused(400, "text_missing", "The field 'text' must be a text.")
    text = clean_text(text)
    if not plain_words(text):
        raise RequestRefused(400, "text_empty", "Please type a question first.")
    if len(text) > TEXT_LIMIT:
        raise RequestRefused(400, "text_too_long", f"Please shorten your message to {TEXT_LIMIT:,} characters.")
    return MessageRequest(token, message_id, text)


async def read_nothing(request: Request) -> None:
    """Read and ignore the body of a request that needs none, within the limit."""
    await _body(request)


def clean_text(text: str) -> str:
    """Return the text without control, invisible and broken characters, line breaks as spaces."""
    text = _INVISIBLE.sub("", text)
    kept = (" " if char in "\n\r\t\u2028\u2029" else char for char in text)
    return "".join(char for char in kept if unicodedata.category(char) not in ("Cc", "Cs")).strip()


def plain_words(text: str) -> str:
    """Return the text such that Rasa takes it as words: it runs whatever begins with a slash as a command."""
    return re.sub(r"^[/\s]+", "", text)


def _json_object(request: Request, body: bytes) -> dict[str, object]:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    # A page of another site can send a form without asking first, but no application/json.
    if kind != "application/json":
        raise RequestRefused(415, "not_json", "Send the header 'Content-Type: application/json'.")
    try:
        data = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RequestRefused(400, "not_json", "The body is not JSON in UTF-8.") from error
    if not isinstance(data, dict):
        raise RequestRefused(400, "not_an_object", "The body must be a JSON object with token, id and text.")
    return data


async def _body(request: Request) -> bytes:
    """Read the body but never more than the limit: the server itself would take 100 MB."""
    too_large = RequestRefused(413, "body_too_large", f"The body may have {BODY_LIMIT // 1024} kB at most.")
    stream = request.stream
    if stream is None:
        return b""
    stream.request_max_size = BODY_LIMIT
    body = bytearray()
    try:
        while True:
            chunk = await stream.read()
            if not chunk:
                return bytes(body)
            body += chunk
            if len(body) > BODY_LIMIT:
                raise too_large
    except PayloadTooLarge as error:
        raise too_large from error
