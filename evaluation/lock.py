"""The lock on the test part: nobody changes it unnoticed.

`python -m evaluation.lock` checks it; `python -m evaluation.lock --write` locks the test part as it is now.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

from evaluation.dialogues import load_dialogues
from evaluation.questions import SETS, load_questions
from healthqa.errors import ContentError

__all__ = ["check_lock", "main", "hash_of_test_part"]


def hash_of_test_part(folder: Path = SETS) -> str:
    """Hash of the test part: its questions, what they need, and its dialogues."""
    questions = [repr(question) for question in load_questions(folder) if question.part == "test"]
    dialogues = [repr(dialogue) for dialogue in load_dialogues(folder) if dialogue.part == "test"]
    return hashlib.sha256("\n".join(sorted(questions) + sorted(dialogues)).encode()).hexdigest()


def check_lock(folder: Path = SETS) -> None:
    """Make sure that the test part is the one that was locked.

    :raises ContentError: when a test question, its facts or a test dialogue was changed.
    """
    lock = folder / "test.sha256"
    if lock.read_text(encoding="utf-8").strip() != hash_of_test_part(folder):
        raise ContentError(
            lock,
            "The test part has changed since it was locked.",
            "Undo the change; mend only a wrong key, and say so in evaluation/README.md.",
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Check or write the lock; 1 when the test part has changed."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.lock", description=__doc__)
    parser.add_argument("--write", action="store_true", help="lock the test part as it is now")
    if parser.parse_args(argv).write:
        (SETS / "test.sha256").write_text(f"{hash_of_test_part()}\n", encoding="utf-8")
    try:
        check_lock()
    except ContentError as error:
        print(error)
        return 1
    print("The test part is the one that was locked.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
