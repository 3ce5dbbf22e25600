"""Folders with generated files: made by one process at a time, replaced in one step."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["made_anew"]


@contextlib.contextmanager
def made_anew(target: Path) -> Iterator[Path]:
    """Give an empty folder that takes the place of `target` at the end, in one step; left empty, nothing changes.

    One process at a time: look once more inside whether there is still something to do.

    :raises OSError: when a folder cannot be made or moved; what was there is unchanged.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(target), tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as scratch:
        fresh = Path(scratch) / "new"
        fresh.mkdir()
        yield fresh
        if any(fresh.iterdir()):
            _put_in_place(fresh, target, Path(scratch) / "old")


@contextlib.contextmanager
def _one_at_a_time(target: Path) -> Iterator[None]:
    """Let one process make the folder; the others wait and then find the work done."""
    with (target.parent / f".{target.name}.lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _put_in_place(fresh: Path, target: Path, old: Path) -> None:
    """Move `fresh` to `target`; what was there goes to `old` and is deleted, or comes back when the move fails.

    :raises OSError: when the move fails.
    """
    if target.exists():
        os.replace(target, old)
    try:
        os.replace(fresh, target)
    except OSError:
        if old.exists():
            os.replace(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)
