"""Runs `rasa train` with a progress bar and keeps its long output in a file."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

import yaml
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from scripts.children import child_environment

__all__ = ["component_count", "latest_model", "train_model"]

_COMPONENT = re.compile(r"(?:Starting to train component|Restored component) '(\w+)'")
_INTERESTING = re.compile(r"error|exception|conflict|contradict|invalid|no space left", re.IGNORECASE)
_BORING = re.compile(r"Warning: | INFO | DEBUG |^Traceback|^\s")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_SHOWN_LINES = 12


def train_model(root: Path, log: Path) -> int:
    """Train from config.yml, domain.yml and data/ into models/; return the exit code.

    :param log: takes everything that Rasa prints; of a failure its telling lines are shown.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "rasa", "train", "--out", "models"]
    child = subprocess.Popen(
        command,
        cwd=root,
        env=child_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert child.stdout is not None
    with log.open("w", encoding="utf-8") as file:
        _follow(_copied(child.stdout, file), component_count(root / "config.yml"))
    code = child.wait()
    if code:
        _show_failure(log)
    return code


def _copied(lines: Iterable[str], file: TextIO) -> Iterator[str]:
    for line in lines:
        file.write(line)
        yield line


def _follow(lines: Iterator[str], components: int) -> None:
    console = Console()
    if not console.is_terminal:
        for _ in lines:
            pass
        return
    columns = SpinnerColumn(), TextColumn("    {task.description}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting Rasa", total=components)
        for line in lines:
            if match := _COMPONENT.search(line):
                progress.update(task, advance=1, description=match[1])
        progress.update(task, completed=components)


def _show_failure(log: Path) -> None:
    text = _COLOUR.sub("", log.read_text(encoding="utf-8", errors="replace"))
    lines = [line.rstrip() for line in text.splitlines()]
    telling = [line for line in lines if _INTERESTING.search(line) and not _BORING.search(line)]
    for line in (telling or [line for line in lines if line])[-_SHOWN_LINES:]:
        print(f"    {line}", file=sys.stderr)
    print(f"    Rasa's whole output: {log}", file=sys.stderr)


def component_count(config: Path) -> int:
    """Count the pipeline's components and the policies, the unit of the progress bar."""
    try:
        content = yaml.safe_load(config.read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError):
        return 1
    return max(1, sum(len(content.get(key) or []) for key in ("pipeline", "policies")))


def latest_model(folder: Path) -> str:
    """Name the newest model archive, which is the one Rasa loads; empty when there is none."""
    models = sorted(folder.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime) if folder.is_dir() else []
    return models[-1].name if models else ""
