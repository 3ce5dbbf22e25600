"""An article file as checked text, and the checks that all readers share."""

from __future__ import annotations

import hashlib
import re
import stat
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from healthqa.errors import ArticleError

__all__ = ["MAX_BYTES", "SourceFile", "check_web_address", "clean_text", "is_unsafe_link", "read_source", "slugify"]

MAX_BYTES = 5 * 1024 * 1024
SLUG_LENGTH = 80
# Control characters, zero-width and direction marks: invisible to an editor, but they change what a reader sees.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_SPACE = re.compile(r"\s+")
_UNSAFE_SCHEME = re.compile(r"^(javascript|vbscript|data|file|blob):", re.IGNORECASE)


@dataclass(frozen=True)
class SourceFile:
    """An article file that was read.

    :param text: its text, with plain line feeds and without a byte order mark.
    :param sha256: hash of its bytes.
    """

    path: Path
    text: str
    sha256: str

    def error(self, problem: str, advice: str, line: int | None = None, field: str | None = None) -> ArticleError:
        """Make an error that names this file and the line (from 1) or field."""
        where = f"line {line}" if line is not None else f"field `{field}`" if field else ""
        return ArticleError(self.path, problem, advice, where)


def read_source(path: Path) -> SourceFile:
    """Read an article file.

    :raises ArticleError: if it is no regular file, too large, empty, or not UTF-8.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ArticleError(path, "This is not a regular file.", "Put the article itself there.")
        if status.st_size > MAX_BYTES:
            raise _too_large(path, status.st_size)
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ArticleError(path, f"It cannot be read ({error.strerror}).", "Check its name and permissions.") from error
    if len(data) > MAX_BYTES:  # it grew since its size was asked for
        raise _too_large(path, len(data))
    text = _decode(path, data)
    if not clean_text(text):
        raise ArticleError(path, "The file is empty.", "Write the article, or delete the file.")
    return SourceFile(path, text, hashlib.sha256(data).hexdigest())


def _too_large(path: Path, size: int) -> ArticleError:
    problem = f"The file has {size / 1024 / 1024:.0f} MB; {MAX_BYTES // 1024 // 1024} MB is the most."
    return ArticleError(path, problem, "Save the text alone, or split it into several articles.")


def _decode(path: Path, data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = f"The file is not UTF-8 (byte 0x{data[error.start]:02x})."
        raise ArticleError(path, problem, "Save it again with the encoding UTF-8.", f"line {line}") from None
    if "\x00" in text:
        raise ArticleError(path, "The file holds zero bytes: it is no text.", "Save it as UTF-8 text.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def clean_text(text: str) -> str:
    """Return the text on one line: composed characters, single spaces, nothing invisible."""
    return _SPACE.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFC", text))).strip()


def slugify(text: str, fallback: str = "section") -> str:
    """Return the text as a part of an address: lower-case ASCII letters, digits and single hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower().replace("'", "")
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(slug) > SLUG_LENGTH:
        slug = slug[:SLUG_LENGTH].rsplit("-", 1)[0]
    return slug or fallback


def is_unsafe_link(target: str) -> bool:
    """Say whether a link would run or embed something instead of leading somewhere."""
    # Browsers ignore control characters and blanks inside a scheme: "java\\tscript:" runs.
    return bool(_UNSAFE_SCHEME.match(re.sub(r"[\s\x00-\x20]+", "", _INVISIBLE.sub("", unquote(target)))))


def check_web_address(source: SourceFile, url: str, field: str) -> str:
    """Return the address if a reader may be sent there.

    :raises ArticleError: if it is anything but a complete http(s) address.
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good or re.search(r"[\s<>\"'`\\]", url) or _INVISIBLE.search(url):
        advice = "Give a complete address that starts with https://, or leave it empty."
        raise source.error(f"{url[:80]!r} is not a web address.", advice, field=field)
    return url
