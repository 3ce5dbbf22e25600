"""Folders with generated files: made by one process at a time, replaced in one step."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

__all__ = ["one_at_a_time", "put_in_place"]


@contextlib.contextmanager
def one_at_a_time(target: Path) -> Iterator[None]:
    """Let one process make the folder; the others wait and then find the work done."""
    with (target.parent / f".{target.name}.lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def put_in_place(fresh: Path, target: Path, old: Path) -> None:
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
