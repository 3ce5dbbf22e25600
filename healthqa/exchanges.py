"""Follow-ups that readers type, and which passages answer them after what was asked before (`knowledge/follow_ups/`).

The same few words ask for other things after other questions: "why?", "does it hurt?". `make index` learns from these
exchanges which passage a follow-up is for (`healthqa.addressing`); they are never shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rapidfuzz import process

from healthqa.errors import ContentError
from healthqa.quick_yaml import read_content

__all__ = ["MAX_WORDS", "Exchange", "load_exchanges"]

# Longer ones stand for themselves (`followup.is_short`).
MAX_WORDS = 30
_FIELDS = ("after", "ask", "answers")
_EXAMPLE = "Write `- {after: what was asked before, ask: the follow-up, answers: [passage ids]}`."


@dataclass(frozen=True)
class Exchange:
    """One follow-up.

    :param after: the reader's question before; :param ask: what they type next.
    :param answers: ids of the passages that answer it then, best first; empty where no article does.
    """

    after: str
    ask: str
    answers: tuple[str, ...]


def load_exchanges(folder: Path | None, passages: Sequence[str] | None = None) -> tuple[Exchange, ...]:
    """Read all `*.yml` in the folder; none if there is no such folder.

    :param passages: ids of the passages of the articles in use. Files whose answers all lie in other articles are left
        aside: they belong to another collection. Without ids, all are read and none is checked.
    :raises ContentError: for a file or entry that cannot be used; it names the entry and, for an id that no passage of
        its article has, the most similar one.
    """
    if folder is None:
        return ()
    seen: set[tuple[str, str]] = set()
    found: list[Exchange] = []
    for path in sorted(Path(folder).glob("*.yml")):
        exchanges = [_exchange(path, number, entry) for number, entry in enumerate(_read(path), 1)]
        for number, exchange in enumerate(exchanges, 1):
            key = _folded(exchange.after), _folded(exchange.ask)
            if key in seen:
                raise ContentError(
                    path, "The same follow-up stands there twice.", "Keep one.", _where(number, exchange)
                )
            seen.add(key)
        found += exchanges if passages is None else _in_use(path, exchanges, passages)
    return tuple(found)


def _in_use(path: Path, exchanges: Sequence[Exchange], passages: Sequence[str]) -> list[Exchange]:
    """Return the exchanges with the answers by articles in use; of those that others answer nothing can be said."""
    slugs = {_slug(key) for key in passages}
    if not any(_slug(one) in slugs for exchange in exchanges for one in exchange.answers):
        return []
    found = []
    for number, exchange in enumerate(exchanges, 1):
        answers = tuple(one for one in exchange.answers if _slug(one) in slugs)
        for one in answers:
            if one not in passages:
                raise _unknown(path, _where(number, exchange), one, passages)
        if answers or not exchange.answers:
            found.append(Exchange(exchange.after, exchange.ask, answers))
    return found


def _read(path: Path) -> list[Any]:
    content = read_content(path)
    entries = content.get("follow_ups") if isinstance(content, dict) and set(content) == {"follow_ups"} else None
    if not isinstance(entries, list):
        raise ContentError(
            path, "It has no list of follow-ups.", f"Write `follow_ups:` and below it a list. {_EXAMPLE}"
        )
    return entries


def _exchange(path: Path, number: int, entry: object) -> Exchange:
    if not isinstance(entry, dict) or set(entry) != set(_FIELDS):
        raise ContentError(path, "It has not the fields `after`, `ask` and `answers`.", _EXAMPLE, f"entry {number}")
    texts = []
    for name in ("after", "ask"):
        text = entry[name]
        if not isinstance(text, str) or not text.strip():
            problem = f"`{name}` is {text!r}."
            raise ContentError(path, problem, "Write text, in quotes if it holds `: `.", f"entry {number}")
        if len(text.split()) > MAX_WORDS:
            raise ContentError(path, f"`{name}` is too long.", f"{MAX_WORDS} words at most.", f"entry {number}")
        texts.append(" ".join(text.split()))
    answers = entry["answers"]
    if not isinstance(answers, list) or not all(isinstance(one, str) and "#" in one for one in answers):
        problem = "`answers` is no list of passage ids."
        raise ContentError(path, problem, "Write [] where no article answers it.", f"entry {number}")
    return Exchange(texts[0], texts[1], tuple(dict.fromkeys(answers)))


def _unknown(path: Path, where: str, wanted: str, passages: Sequence[str]) -> ContentError:
    nearest = process.extractOne(wanted, [key for key in passages if _slug(key) == _slug(wanted)])
    hint = f"Did you mean `{nearest[0]}`? " if nearest else ""
    return ContentError(
        path,
        f"The article has no passage `{wanted}`.",
        f"{hint}Ids change with the headings of the article; `healthqa ask --explain` shows them.",
        where,
    )


def _where(number: int, exchange: Exchange) -> str:
    return f"entry {number} (`{exchange.ask}`)"


def _folded(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _slug(passage_id: str) -> str:
    return passage_id.split("#")[0]
