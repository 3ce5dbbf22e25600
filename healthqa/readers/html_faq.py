"""Questions and answers that a page carries as data (schema.org FAQPage in JSON-LD)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import lxml.html
from lxml import etree

from healthqa.readers.source import clean_text
from healthqa.types import QuestionAndAnswer

__all__ = ["faq_of_json_ld"]

_MAX_DEPTH = 20


def faq_of_json_ld(page: Any) -> tuple[QuestionAndAnswer, ...]:  # noqa: ANN401 - lxml is untyped
    """Return the entries in the order of the page, each question once. Data that cannot be read is passed over."""
    entries: dict[str, QuestionAndAnswer] = {}
    for script in page.xpath("//script[@type='application/ld+json']"):
        try:
            data = json.loads(script.text or "")
        except (ValueError, RecursionError):
            continue
        for question, answer in _entries(data, 0):
            if question and answer:
                entries.setdefault(question.lower(), QuestionAndAnswer(question, answer))
    return tuple(entries.values())


def _entries(node: Any, depth: int) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    if depth > _MAX_DEPTH:
        return
    if isinstance(node, list):
        for child in node:
            yield from _entries(child, depth + 1)
    elif isinstance(node, dict):
        answer = node.get("acceptedAnswer")
        if isinstance(answer, list) and answer:
            answer = answer[0]
        if _is_type(node, "Question") and isinstance(answer, dict):
            yield _plain(node.get("name")), _plain(answer.get("text"))
            return
        for child in node.values():
            yield from _entries(child, depth + 1)


def _is_type(node: dict[str, Any], name: str) -> bool:
    kind = node.get("@type")
    return kind == name or isinstance(kind, list) and name in kind


def _plain(value: Any) -> str:  # noqa: ANN401
    """Return the text of a field, which may hold markup."""
    if not isinstance(value, str) or not value.strip():
        return ""
    try:
        element = lxml.html.fragment_fromstring(value, create_parent="div")
    except (etree.LxmlError, ValueError):
        return ""
    etree.strip_elements(element, "script", "style", "template", "iframe", etree.Comment, with_tail=False)
    return clean_text(" ".join(element.itertext()))
