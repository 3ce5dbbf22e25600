"""Writes docs/cli.md from what the commands' --help says: `python -m scripts.cli_docs`. A test holds it current."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from healthqa.cli import build_parser

__all__ = ["main", "page"]

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 100
HEAD = """# Commands

`healthqa` lies in `.venv/bin`. It ends with 0, or with 2 after one sentence that says what is wrong and what to do;
`healthqa evaluate` ends with 1 when a question got no reply or, with `--articles`, when there is something to mend. The
settings that all of them obey: [operations](operations.md).

<!-- Written by `.venv/bin/python -m scripts.cli_docs`: change the help texts, not this page. -->
"""


def page() -> str:
    """Return the page: each command with its help, in the order in which `healthqa --help` names them."""
    parser = build_parser()
    parts = [HEAD, _section("healthqa", parser)]
    for name, command in _commands(parser).items():
        # This one hands over to a parser of its own.
        shown = importlib.import_module("evaluation.run").build_parser() if name == "evaluate" else command
        parts.append(_section(f"healthqa {name}", shown))
    return "\n".join(parts)


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    # argparse has no public way to list them.
    group = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return dict(group.choices)


def _section(title: str, parser: argparse.ArgumentParser) -> str:
    # The terminal's width must not decide how the page looks.
    parser.formatter_class = lambda *, prog: argparse.HelpFormatter(prog, width=WIDTH)
    return f"## {title}\n\n```\n{parser.format_help().rstrip()}\n```\n"


def main() -> int:
    """Write the page; return 0."""
    (ROOT / "docs" / "cli.md").write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
