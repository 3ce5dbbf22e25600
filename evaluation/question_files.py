"""A publisher's own questions, one a line in a text file, or as a list in a YAML file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from healthqa.errors import ContentError

__all__ = ["load_question_file"]

_YAML = frozenset({".yml", ".yaml"})


def load_question_file(path: Path) -> tuple[str, ...]:
    """Read the questions.

    Text: one a line; empty lines and lines that start with `#` are left out. YAML: a list of texts, or headings with
    lists of texts below them. A question that stands there twice is asked once.

    :raises ContentError: for a file that cannot be used; it names the file and, where there is one, the line.
    """
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ContentError(path, f"The questions cannot be read ({why}).", "Name a UTF-8 text or YAML file.") from error
    found = _from_yaml(path, content) if path.suffix.lower() in _YAML else _from_text(content)
    questions = tuple(dict.fromkeys(found))
    if not questions:
        raise ContentError(path, "There is no question in the file.", "Write one question a line.")
    return questions


def _from_text(content: str) -> Iterator[str]:
    for line in content.splitlines():
        question = " ".join(line.split())
        if question and not question.startswith("#"):
            yield question


def _from_yaml(path: Path, content: str) -> Iterator[str]:
    try:
        root = yaml.compose(content, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else ""
        raise ContentError(path, "The file is not valid YAML.", "Mend that line, or use a .txt file.", where) from error
    if root is not None:
        yield from _texts_below(path, root)


def _texts_below(path: Path, node: yaml.Node) -> Iterator[str]:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield _text_of(path, item)
    elif isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            if not isinstance(value, yaml.SequenceNode):
                problem = "Below a heading there is no list of questions."
                raise ContentError(path, problem, "Write each question after `- `.", _line(value))
            yield from _texts_below(path, value)
    else:
        raise ContentError(path, "It is no list of questions.", "Write each question after `- `.", _line(node))


def _text_of(path: Path, node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
        advice = "Write one text after `- `, in quotes if it holds `: `."
        raise ContentError(path, "This is not a question.", advice, _line(node))
    return " ".join(node.value.split())


def _line(node: yaml.Node) -> str:
    return f"line {node.start_mark.line + 1}"
