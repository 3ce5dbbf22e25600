"""Anticipated questions: what readers ask, written down below the passage that answers it (`knowledge/questions/`).

Each becomes one more vector of its passage, so that a reader's words find it although the article uses others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from rapidfuzz import process

from healthqa.errors import ContentError
from healthqa.quick_yaml import QUICK_LOADER, read_content
from healthqa.types import Passage

__all__ = ["MAX_QUESTION", "load_questions", "with_questions"]

# Longer ones are stories, not questions, and their vectors are near to everything.
MAX_QUESTION = 200
_SUFFIX = ".yml"


class _UniqueKeyLoader(QUICK_LOADER):  # type: ignore[misc]
    """Plain YAML lets the second of two equal passage ids win silently; an editor's questions would be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key.value!r} stands there twice, keep one", key.start_mark
                )
            seen.add(key.value)
        return dict(super().construct_mapping(node, deep))


def load_questions(folder: Path) -> Mapping[str, tuple[str, ...]]:
    """Read all `<article_slug>.yml` in the folder.

    :return: passage id -> its questions, in the order of the files; empty if there is no such folder.
    :raises ContentError: for a file that cannot be used, and for a question that two passages claim.
    """
    questions: dict[str, tuple[str, ...]] = {}
    owners: dict[str, str] = {}
    for path in sorted(Path(folder).glob(f"*{_SUFFIX}")):
        for passage_id, listed in _read(path).items():
            questions[passage_id] = _checked(path, passage_id, listed, owners)
    return MappingProxyType(questions)


def with_questions(passages: Sequence[Passage], folder: Path | None) -> tuple[Passage, ...]:
    """Give each passage its anticipated questions as further `encode_texts`.

    Files of articles that are not among the passages are left aside: they belong to another collection.

    :raises ContentError: for an id that no passage of its article has; it names the most similar one.
    """
    if folder is None:
        return tuple(passages)
    questions = load_questions(folder)
    slugs = {passage.article_slug for passage in passages}
    _check_ids((key for key in questions if _slug(key) in slugs), [passage.id for passage in passages], folder)
    return tuple(
        replace(passage, encode_texts=tuple(dict.fromkeys((*passage.encode_texts, *questions.get(passage.id, ())))))
        for passage in passages
    )


def _slug(passage_id: str) -> str:
    return passage_id.split("#")[0]


def _read(path: Path) -> Mapping[str, Any]:
    data = read_content(path, _UniqueKeyLoader)
    if not isinstance(data, dict) or set(data) != {"passages"} or not isinstance(data["passages"], dict):
        raise ContentError(
            path,
            "It has no list of passages.",
            "Write `passages:` and below it `<passage id>:` with a list of questions.",
        )
    for passage_id in data["passages"]:
        if not isinstance(passage_id, str) or "#" not in passage_id or _slug(passage_id) != path.stem:
            raise ContentError(
                path,
                f"The id {passage_id!r} is not one of the article {path.stem!r}.",
                f"The file <slug>.yml holds ids that begin with <slug>#: write {path.stem}#... or move it.",
            )
    return data["passages"]


def _checked(path: Path, passage_id: str, listed: object, owners: dict[str, str]) -> tuple[str, ...]:
    where = f"passage `{passage_id}`"
    if not isinstance(listed, list) or not listed:
        raise ContentError(
            path, "It has no questions.", "Write them as a list, each after `- `, or delete the id.", where
        )
    for question in listed:
        if not isinstance(question, str) or not question.strip():
            raise ContentError(
                path, f"{question!r} is not a question.", "Write text, in quotes if it holds `: `.", where
            )
        if len(question) > MAX_QUESTION:
            raise ContentError(path, f"{question[:40]!r}... is too long.", f"{MAX_QUESTION} characters at most.", where)
        key = "".join(char for char in question.casefold() if char.isalnum())
        if key in owners:
            problem = f"The question {question!r} stands there already, below `{owners[key]}`."
            raise ContentError(path, problem, "Keep it below the passage that answers it best.", where)
        owners[key] = passage_id
    return tuple(" ".join(question.split()) for question in listed)


def _check_ids(wanted: Iterable[str], known: Sequence[str], folder: Path) -> None:
    for passage_id in wanted:
        if passage_id in known:
            continue
        nearest = process.extractOne(passage_id, [other for other in known if _slug(other) == _slug(passage_id)])
        hint = f"Did you mean `{nearest[0]}`? " if nearest else ""
        raise ContentError(
            folder / f"{_slug(passage_id)}{_SUFFIX}",
            "The article has no such passage.",
            f"{hint}Ids change with the headings of the article; `healthqa ask --explain` shows them.",
            f"passage `{passage_id}`",
        )
