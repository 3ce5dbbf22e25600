"""Keeps measuring and training apart: no test question may be nearly the same as a training text.

`python -m evaluation.leakage` lists the test questions within cosine 0.95 of a training text.
`evaluation.run` gives each figure twice: for all questions, and for those that are apart from all training texts.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from evaluation.questions import load_questions
from healthqa.anticipated import load_questions as load_anticipated
from healthqa.encoder import Encoder, OnnxEncoder
from healthqa.exchanges import load_exchanges
from healthqa.near_misses import NearMisses
from healthqa.settings import Settings

__all__ = ["LIMIT", "Leak", "find_leaks", "training_texts"]

LIMIT = 0.95


@dataclass(frozen=True)
class Leak:
    """A test question, the training text nearest to it, and their cosine."""

    question: str
    training: str
    cosine: float


def training_texts(settings: Settings) -> tuple[str, ...]:
    """All texts that understanding, searching and refusing learn from.

    They are the NLU examples, the anticipated questions, the refused ones, and follow-ups with what was asked before;
    the messages of the alarms are not asked for by these sets.
    """
    texts = [text for path in sorted(settings.nlu_dir.glob("nlu*.yml")) for text in _examples(path)]
    if settings.questions_dir is not None:
        texts += [text for found in load_anticipated(settings.questions_dir).values() for text in found]
    texts += [text for text, _ in NearMisses.load(settings.lexicon_dir).examples]
    texts += [text for one in load_exchanges(settings.follow_ups_dir) for text in (one.after, one.ask)]
    return tuple(dict.fromkeys(texts))


def _examples(path: Path) -> Iterator[str]:
    for block in yaml.safe_load(path.read_text(encoding="utf-8")).get("nlu") or ():
        for line in str(block.get("examples", "")).splitlines():
            if line.startswith("- "):
                yield re.sub(r"\[([^]]+)\]\([^)]*\)", r"\1", line[2:]).strip()


def find_leaks(questions: Sequence[str], training: Sequence[str], encoder: Encoder, limit: float = LIMIT) -> list[Leak]:
    """Return the questions whose nearest training text is at least `limit` near, nearest first."""
    if not questions or not training:
        return []
    cosines = encoder.encode(questions) @ encoder.encode(training).T
    nearest = np.argmax(cosines, axis=1)
    leaks = [
        Leak(question, training[column], float(cosines[row, column]))
        for row, (question, column) in enumerate(zip(questions, nearest, strict=True))
        if cosines[row, column] >= limit
    ]
    return sorted(leaks, key=lambda leak: -leak.cosine)


def main() -> int:
    """Print the leaks of the test part; 1 when there is one."""
    settings = Settings.from_env()
    encoder = OnnxEncoder.load(settings.encoder_dir, threads=2)
    questions = [question.text for question in load_questions() if question.part == "test"]
    leaks = find_leaks(questions, training_texts(settings), encoder)
    for leak in leaks:
        print(f"{leak.cosine:.3f}  {leak.question!r} ~ {leak.training!r}")
    print(f"{len(leaks)} of {len(questions)} test questions within cosine {LIMIT} of a training text")
    return 1 if leaks else 0


if __name__ == "__main__":
    sys.exit(main())
