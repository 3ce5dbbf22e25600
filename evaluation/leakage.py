"""Keeps measuring and training apart: no test question may be nearly the same as a training text.

`make apart` names each training text within cosine 0.95 of a question of the test half and fails where there is one.
Small talk is left out: "hello" and "thanks" have to be learned although they are asked. `evaluation.run` gives the
figure of those that are apart, too.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from evaluation.dialogues import load_dialogues
from evaluation.questions import load_questions
from healthqa.anticipated import load_questions as load_anticipated
from healthqa.encoder import Encoder, OnnxEncoder
from healthqa.exchanges import load_exchanges
from healthqa.near_misses import NearMisses
from healthqa.settings import Settings

__all__ = ["LIMIT", "Leak", "asked_questions", "find_leaks", "find_learned", "training_texts"]

LIMIT = 0.95


@dataclass(frozen=True)
class Leak:
    """A test question, the training text nearest to it, and their cosine."""

    question: str
    training: str
    cosine: float


def training_texts(settings: Settings) -> tuple[str, ...]:
    """All texts that understanding, searching and refusing learn from.

    They are the NLU examples, the anticipated questions, the refused ones, and follow-ups with what was asked before.
    The messages of the alarms teach only what is an alarm, and comparing them takes four minutes more.
    """
    texts = [text for path in sorted(settings.nlu_dir.glob("nlu*.yml")) for text in _examples(path)]
    if settings.questions_dir is not None:
        texts += [text for found in load_anticipated(settings.questions_dir).values() for text in found]
    texts += [text for text, _ in NearMisses.load(settings.lexicon_dir).examples]
    texts += [text for one in load_exchanges(settings.follow_ups_dir) for text in (one.after, one.ask)]
    return tuple(dict.fromkeys(texts))


def asked_questions() -> tuple[str, ...]:
    """The test half's questions on health or on anything else: single ones, and those that open a dialogue."""
    single = [one.text for one in load_questions() if one.part == "test" and one.group != "smalltalk"]
    return (*single, *(one.turns[0].text for one in load_dialogues() if one.part == "test"))


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


def find_learned(settings: Settings, encoder: Encoder) -> list[Leak]:
    """Return each training text that lies within the limit of a question of the test half, with that question."""
    asked = asked_questions()
    found = find_leaks(training_texts(settings), asked, encoder)
    return [Leak(question=leak.training, training=leak.question, cosine=leak.cosine) for leak in found]


def main() -> int:
    """Print the training texts that must go; 1 when there is one."""
    settings = Settings.from_env()
    learned = find_learned(settings, OnnxEncoder.load(settings.encoder_dir, threads=2))
    for leak in learned:
        print(f"{leak.cosine:.3f}  training {leak.training!r} ~ test {leak.question!r}")
    print(f"{len(learned)} training texts within cosine {LIMIT} of a question of the test half: they must be taken out")
    return 1 if learned else 0


if __name__ == "__main__":
    sys.exit(main())
