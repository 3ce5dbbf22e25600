"""Content-hash stamps: a build step is done again only when one of its input files changed or its output is gone."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["exclusive", "files_hash", "is_fresh", "read_stamp", "write_stamp"]

_SKIPPED_FOLDERS = {"__pycache__", ".ipynb_checkpoints"}


def files_hash(paths: Iterable[Path], root: Path, extra: str = "") -> str:
    """Hash the contents of files and folders.

    :param paths: files or folders; one that does not exist counts as empty.
    :param root: names inside the hash are relative to it, so that a moved project stays fresh.
    :param extra: anything else that the output depends on, e.g. a setting.
    :return: SHA-256 in hexadecimal.
    """
    digest = hashlib.sha256(extra.encode())
    for file in sorted({file for path in paths for file in _files(path)}):
        name = str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
        digest.update(b"\0" + name.encode() + b"\0")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif path.is_dir():
        for child in path.iterdir():
            if child.name not in _SKIPPED_FOLDERS and not child.name.startswith("."):
                yield from _files(child)


def read_stamp(path: Path) -> dict[str, str]:
    """Read a stamp; one that is missing or broken reads as empty, so that the step runs again."""
    try:
        stamp = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(path: Path, inputs: str, output: str) -> None:
    """Remember the hash of the inputs and what the step left behind; replaced in one go."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"inputs": inputs, "output": output}) + "\n", encoding="utf-8")
    fresh.replace(path)


def is_fresh(path: Path, inputs: str, output: str) -> bool:
    """Tell whether the stamp fits the inputs and the output that is there now; no output is never fresh."""
    stamp = read_stamp(path)
    return bool(output) and stamp.get("inputs") == inputs and stamp.get("output") == output


@contextmanager
def exclusive(path: Path, waiting: str = "") -> Iterator[None]:
    """Hold a lock file, so that `make test` beside `make run` does not build the same thing at the same time.

    :param waiting: printed once when another run holds the lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting:
                print(waiting, flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
