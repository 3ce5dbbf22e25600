"""How well the alarm classifier does on the messages of a writer whom it has not seen.

Run from the project folder: `python -m benchmarks.alarm_classifier`. Each writer of `knowledge/alarms` is left out in
turn and takes one training (some minutes each); `--writer writer_a` does one. Nothing is written.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.safety.score import FOLDER, read_messages
from healthqa.safety import default_detector
from healthqa.safety.classifier import pieces_of
from healthqa.safety.examples import read_examples
from healthqa.safety.finder import HARMLESS_WORDS
from healthqa.safety.intent_examples import read_intent_examples
from healthqa.safety.trainer import Trainer
from healthqa.safety.training import tasks_of
from healthqa.settings import Settings

ALARMS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
HARMLESS = (0.0, 0.02, 0.035, 0.05, 0.1)


@dataclass(frozen=True)
class Scored:
    """Messages of one source; arrays of shape `(n,)`.

    :param lengthy: whether a message has enough words for the classifier to take back a pattern's alarm.
    """

    name: str
    urgent: NDArray[np.bool_]
    pattern: NDArray[np.bool_]
    lengthy: NDArray[np.bool_]
    chance: NDArray[np.float64]

    def line(self, alarm: float, harmless: float) -> str:
        """Return recall and false alarms of `RedFlagFinder` with these two limits."""
        taken_back = (self.chance < harmless) & self.lengthy
        raised = (self.pattern & ~taken_back) | (~self.pattern & (self.chance >= alarm))
        return (
            f"alarm from {alarm}, harmless below {harmless}: found {raised[self.urgent].mean():.1%} of "
            f"{self.urgent.sum()}, false alarms {raised[~self.urgent].mean():.1%} of {(~self.urgent).sum()}"
        )


def scored(name: str, texts: Sequence[str], kinds: Iterable[str], trainer: Trainer) -> Scored:
    """Score messages with patterns and with what the trainer has learned."""
    detector = default_detector()
    return Scored(
        name,
        np.array([kind != "none" for kind in kinds]),
        np.array([detector.detect(text) is not None for text in texts]),
        np.array([len(text.split()) >= HARMLESS_WORDS for text in texts]),
        np.array([trainer.chances(pieces_of(text))[:, 1:].sum(axis=1).max() for text in texts]),
    )


def leave_out(writer: str, settings: Settings) -> list[Scored]:
    """Train without a writer; score that writer's messages and the dev half of the first blind set."""
    examples = read_examples(settings.alarms_dir)
    others = [example for example in examples if example.writer != writer]
    trainer = Trainer(settings, tasks_of(others, read_intent_examples(settings.nlu_dir)))
    trainer.fit()
    own = [example for example in examples if example.writer == writer]
    blind = [m for path in sorted((FOLDER / "blind").glob("*.jsonl")) for m in read_messages(path, "dev")]
    return [
        scored(writer, [e.text for e in own], [e.kind for e in own], trainer),
        scored(f"blind dev, without {writer}", [m.text for m in blind], [m.kind for m in blind], trainer),
    ]


def main() -> None:
    """Print the figures."""
    settings = Settings.from_env()
    writers = sorted({example.writer for example in read_examples(settings.alarms_dir)} - {"everyday", "ordinary"})
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writer", choices=writers, action="append", help="leave out this one only; may be repeated")
    for writer in parser.parse_args().writer or writers:
        for one in leave_out(writer, settings):
            print(one.name, flush=True)
            print(f"  patterns alone: {one.pattern[one.urgent].mean():.1%}, {one.pattern[~one.urgent].mean():.1%}")
            for alarm in ALARMS:
                for harmless in HARMLESS:
                    print(f"  {one.line(alarm, harmless)}", flush=True)


if __name__ == "__main__":
    main()
