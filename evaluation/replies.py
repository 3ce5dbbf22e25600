"""What a reply is, told from its text alone: a passage with its source, a fixed text of `responses.yml`, or neither.

The running servers send text; so the core is read in the same way, and nothing is taken on trust.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from healthqa.answer import DISCLAIMER, NOT_REVIEWED, SOURCE_PREFIX, one_block
from healthqa.settings import Settings

__all__ = ["KINDS", "WITHOUT_DISCLAIMER", "Message", "Reading", "Texts", "default_texts", "read_reply"]

NOTICE = "utter_notice"
# Responses that count by themselves, whatever their `metadata.kind` says.
_OWN_KINDS = {"utter_did_you_mean": "did_you_mean", "utter_error": "failure"}
# Sentences of healthqa.provenance: "sources" and "why" name what was shown, they show nothing.
_PROVENANCE = re.compile(
    r"The answer is from “|The article names |Last reviewed: |I compared your question with every passage|"
    r"It stands under “|How well it fits: |What your question and the passage share: |I do not write answers of my own"
)
# In the order in which the kind of a reply follows from the kinds of its messages.
KINDS = (
    "emergency",
    "crisis",
    "answer",
    "did_you_mean",
    "failure",
    "refuse",
    "clarify",
    "provenance",
    "smalltalk",
    "unknown",
    "none",
)
# Everything else is medical, refusing, failing or alarming.
WITHOUT_DISCLAIMER = frozenset({"smalltalk", "none"})


@dataclass(frozen=True)
class Message:
    """One message of a reply.

    :param kind: one of `KINDS`.
    :param response: name of the fixed text, if it is one.
    :param blocks: the shown texts, each of which a source line follows.
    :param stray: text beside the blocks and the fixed text; always empty in a proper reply.
    """

    kind: str
    response: str = ""
    blocks: tuple[str, ...] = ()
    stray: str = ""
    disclaimer: bool = False

    @property
    def shown(self) -> str:
        """What the reader sees of the articles, without sources, notice and disclaimer."""
        return "\n".join(self.blocks)


@dataclass(frozen=True)
class Reading:
    """A whole reply."""

    messages: tuple[Message, ...]

    @property
    def kind(self) -> str:
        """The kind of the most telling message; `none` where nothing came."""
        kinds = {message.kind for message in self.messages}
        return next((kind for kind in KINDS if kind in kinds), "none")

    @property
    def shown(self) -> str:
        """What the reader sees of the articles."""
        return "\n".join(message.shown for message in self.messages if message.blocks)

    @property
    def responses(self) -> tuple[str, ...]:
        """Names of the fixed texts."""
        return tuple(message.response for message in self.messages if message.response)


class Texts:
    """The fixed texts of a `responses.yml`, to be recognised in replies.

    :param path: the file; its texts may hold placeholders.
    """

    def __init__(self, path: Path) -> None:
        responses = yaml.safe_load(path.read_text(encoding="utf-8"))["responses"]
        self.notices = tuple(_one_line(variant["text"]) for variant in responses[NOTICE])
        self.kinds: dict[str, str] = {}
        self._patterns: list[tuple[str, re.Pattern[str]]] = []
        for name, variants in responses.items():
            if name != NOTICE:
                kind = (variants[0].get("metadata") or {}).get("kind", "refuse")
                self.kinds[name] = _OWN_KINDS.get(name, kind)
                self._patterns += [(name, _pattern_of(variant["text"])) for variant in variants]

    def name_of(self, text: str) -> str:
        """Return the name of the fixed text that this is, or an empty text."""
        line = _one_line(text)
        return next((name for name, pattern in self._patterns if pattern.fullmatch(line)), "")


@lru_cache(maxsize=1)
def default_texts() -> Texts:
    """Return the texts of the configured `responses.yml`."""
    return Texts(Settings.from_env().responses_path)


def read_reply(messages: Iterable[str], texts: Texts) -> Reading:
    """Tell what each message is."""
    return Reading(tuple(_read_message(message, texts) for message in messages))


def _read_message(text: str, texts: Texts) -> Message:
    disclaimer = DISCLAIMER in text
    lines = [line for line in text.replace(DISCLAIMER, "").split("\n") if line.strip()]
    lines = [line for line in lines if _one_line(line) not in texts.notices]
    blocks, rest = _blocks(lines)
    stray = "\n".join(rest)
    if blocks:
        return Message("answer", texts.name_of(stray), tuple(blocks), stray, disclaimer)
    if not rest:
        return Message("none", disclaimer=disclaimer)
    name = texts.name_of(stray)
    if name:
        return Message(texts.kinds[name], name, disclaimer=disclaimer)
    if all(_PROVENANCE.match(line) or line == NOT_REVIEWED for line in rest):
        return Message("provenance", disclaimer=disclaimer)
    return Message("unknown", stray=stray, disclaimer=disclaimer)


def _blocks(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split into the texts that end in a source line, and what stands after the last of these."""
    blocks: list[str] = []
    open_lines: list[str] = []
    after_source = False
    for line in lines:
        if line.startswith(SOURCE_PREFIX):
            blocks.append("\n".join(open_lines))
            open_lines, after_source = [], True
        elif line != NOT_REVIEWED or not after_source:
            open_lines.append(line)
            after_source = False
    return blocks, open_lines


def _pattern_of(text: str) -> re.Pattern[str]:
    parts = re.split(r"\{[a-z_]+\}", _one_line(one_block(text)))
    return re.compile(".+?".join(re.escape(part) for part in parts))


def _one_line(text: str) -> str:
    return " ".join(text.split())
