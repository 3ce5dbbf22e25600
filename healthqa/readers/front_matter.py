"""The YAML block at the head of a Markdown article."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import yaml

from healthqa.readers.source import SourceFile, check_web_address, clean_text
from healthqa.types import Source

__all__ = ["FIELDS", "FrontMatter", "read_front_matter"]

FIELDS = (
    "title",
    "slug",
    "url",
    "author",
    "published",
    "last_reviewed",
    "next_review",
    "sources",
    "licence",
    "language",
)
_BLOCK = re.compile(r"\A---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True)
class FrontMatter:
    """The checked fields; `body` is the text after the block, which starts after `lines` lines of the file."""

    body: str
    lines: int = 0
    title: str = ""
    slug: str = ""
    url: str = ""
    author: str = ""
    published: date | None = None
    last_reviewed: date | None = None
    next_review: date | None = None
    sources: tuple[Source, ...] = ()
    licence: str = ""
    language: str = "en"
    present: frozenset[str] = field(default_factory=frozenset)


def read_front_matter(source: SourceFile) -> FrontMatter:
    """Read the block; without one, all fields have their defaults.

    :raises ArticleError: for broken YAML, an unknown field, or a value that cannot be used.
    """
    if not re.match(r"---[ \t]*\n", source.text):
        return FrontMatter(body=source.text)
    block = _BLOCK.match(source.text)
    if block is None:
        advice = "Write a line `---` after the last field."
        raise source.error("The front matter is not closed.", advice, line=1)
    values = _load(source, block.group(1) or "")
    return FrontMatter(
        body=source.text[block.end() :],
        lines=source.text.count("\n", 0, block.end()),
        title=_text(source, values, "title"),
        slug=_slug(source, values),
        url=_url(source, _text(source, values, "url"), "url"),
        author=_text(source, values, "author"),
        published=_date(source, values, "published"),
        last_reviewed=_date(source, values, "last_reviewed"),
        next_review=_date(source, values, "next_review"),
        sources=_sources(source, values),
        licence=_text(source, values, "licence"),
        language=_language(source, values),
        present=frozenset(values),
    )


def _load(source: SourceFile, text: str) -> dict[str, Any]:
    try:
        # An alias can blow a small file up to gigabytes, and no article needs one.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.BaseLoader)):
            raise source.error("The front matter uses a YAML alias (`*name`).", "Write the value out, or in quotes.")
        node = yaml.compose(text, Loader=yaml.BaseLoader)
        if node is None:
            return {}
        if not isinstance(node, yaml.MappingNode):
            raise source.error("The front matter is no list of fields.", "Write lines like `title: ...`.", line=2)
        _check_names(source, node)
        values: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - BaseLoader makes strings only
        return values
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 2
        problem = f"The front matter is not valid YAML ({getattr(error, 'problem', None) or 'unreadable'})."
        raise source.error(problem, "Put a text that holds `: ` or `#` in quotes.", line=line) from error
    except RecursionError:
        raise source.error("The front matter is nested too deeply.", "Write plain fields.", line=2) from None


def _check_names(source: SourceFile, node: yaml.MappingNode) -> None:
    seen: set[str] = set()
    for key, _ in node.value:
        name = str(key.value)
        line = key.start_mark.line + 2
        if name not in FIELDS:
            near = difflib.get_close_matches(name.lower(), FIELDS, n=1, cutoff=0.6)
            advice = f"Did you mean `{near[0]}`?" if near else f"The fields are: {', '.join(FIELDS)}."
            raise source.error(f"There is no field `{name[:60]}`.", advice, line=line)
        if name in seen:
            raise source.error(f"The field `{name}` stands there twice.", "Keep one of them.", line=line)
        seen.add(name)


def _text(source: SourceFile, values: Mapping[str, Any], name: str) -> str:
    value = values.get(name, "")
    if not isinstance(value, str):
        raise source.error("The value is not a plain text.", "Write it on one line, in quotes.", field=name)
    text = clean_text(value)
    return "" if text in ("~", "null") else text


def _date(source: SourceFile, values: Mapping[str, Any], name: str) -> date | None:
    text = _text(source, values, name)
    if not text:
        return None
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        advice = "Write it as YYYY-MM-DD, for example 2024-05-31, or leave it empty."
        raise source.error(f"{text[:40]!r} is not a date.", advice, field=name) from None


def _slug(source: SourceFile, values: Mapping[str, Any]) -> str:
    slug = _text(source, values, "slug")
    if slug and (not _SLUG.fullmatch(slug) or len(slug) > 80):
        advice = "Use lower-case letters, digits and single hyphens, 80 at most, for example `low-b12-cramps`."
        raise source.error(f"{slug[:80]!r} cannot be part of an address.", advice, field="slug")
    return slug


def _language(source: SourceFile, values: Mapping[str, Any]) -> str:
    language = _text(source, values, "language") or "en"
    if not _LANGUAGE.fullmatch(language):
        raise source.error(f"{language[:40]!r} is not a language code.", "Write `en`.", field="language")
    return language


def _url(source: SourceFile, url: str, name: str) -> str:
    return check_web_address(source, url, name) if url else ""


def _sources(source: SourceFile, values: Mapping[str, Any]) -> tuple[Source, ...]:
    entries = values.get("sources") or []
    advice = 'Write each as `- {name: "...", url: ""}`.'
    if not isinstance(entries, list):
        raise source.error("The sources are not a list.", advice, field="sources")
    found = []
    for number, entry in enumerate(entries, start=1):
        name = f"sources[{number}]"
        if not isinstance(entry, dict) or not set(entry) <= {"name", "url"}:
            raise source.error("A source has the fields `name` and `url` only.", advice, field=name)
        title = _text(source, entry, "name")
        if not title:
            raise source.error("The source has no name.", advice, field=name)
        found.append(Source(title, _url(source, _text(source, entry, "url"), f"{name}.url")))
    return tuple(found)
