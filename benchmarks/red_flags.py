"""Compare ways to find alarms where the patterns see none: the intent classifier, and neighbours of the encoder.

Run from the project folder, after `make index`: `python -m benchmarks.red_flags`. Nothing is written.
`--part test` prints the figures of the test parts; look at them once, after everything is chosen.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from addons.components.red_flag_guard import mentions_alarm
from addons.components.sentence_intent_classifier import IntentModel
from benchmarks.intent_classifier import plain, training_examples
from evaluation.safety.score import read_messages
from healthqa.encoder import OnnxEncoder
from healthqa.safety import default_detector
from healthqa.settings import Settings

Vectors = NDArray[np.float32]
ALARMS = ("emergency", "crisis")
SCALE = 5.0
SETS = Path("evaluation/safety")


@dataclass(frozen=True)
class Scored:
    """Texts of one set: what is right, what the patterns say, and two scores; all arrays are `(n,)`."""

    name: str
    urgent: NDArray[np.bool_]
    pattern: NDArray[np.bool_]
    silenced: NDArray[np.bool_]
    classifier: NDArray[np.float64]
    neighbours: NDArray[np.float64]

    def line(self, score: NDArray[np.float64], threshold: float) -> str:
        """Return misses and false alarms of the patterns with this score behind them."""
        alarm = self.pattern | ((score >= threshold) & ~self.silenced)
        hard, extra = self.urgent & ~self.pattern, ~self.urgent
        parts = [f"found {(alarm & self.urgent).sum()}/{self.urgent.sum()}"] if self.urgent.any() else []
        if hard.any():
            parts.append(f"of those without a pattern {(alarm & hard).sum()}/{hard.sum()}")
        if self.urgent.any():
            alone = (score >= threshold) & ~self.silenced & self.urgent
            parts.append(f"by the score alone {alone.sum()}/{self.urgent.sum()}")
        if extra.any():
            false = (alarm & extra).sum()
            parts.append(f"false alarms {false}/{extra.sum()} ({100 * false / extra.sum():.1f} %)")
        return f"{self.name}: " + ", ".join(parts)


def chances(train: Vectors, intents: list[str], test: Vectors) -> NDArray[np.float64]:
    """Return the classifier's chance of both alarms together, `(m,)`."""
    model = IntentModel.fit(train * SCALE, intents, 1.0)
    columns = [model.classes.index(name) for name in ALARMS]
    total: NDArray[np.float64] = model.confidences(test * SCALE)[:, columns].sum(axis=1)
    return total


def lead(train: Vectors, urgent: NDArray[np.bool_], test: Vectors) -> NDArray[np.float64]:
    """Return by how much the nearest urgent example is nearer than the nearest harmless one, `(m,)`."""
    cosines = test @ train.T
    difference: NDArray[np.float64] = cosines[:, urgent].max(axis=1) - cosines[:, ~urgent].max(axis=1)
    return difference


def patterns(texts: list[str]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which texts raise the alarm, and in which a pattern was found but silenced."""
    detector = default_detector()
    found = np.array([detector.detect(text) is not None for text in texts], dtype=bool)
    mentioned = np.array([mentions_alarm(detector, text) for text in texts], dtype=bool)
    return found, mentioned & ~found


def folds(texts: list[str], intents: list[str], vectors: Vectors) -> Scored:
    """Score the training examples, each by a model that has not seen it."""
    names = np.array(intents)
    urgent = np.isin(names, ALARMS)
    classifier, neighbours = np.zeros(len(texts)), np.zeros(len(texts))
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(vectors, names):
        classifier[test] = chances(vectors[train], list(names[train]), vectors[test])
        neighbours[test] = lead(vectors[train], urgent[train], vectors[test])
    return Scored("training data, 5 folds", urgent, *patterns(texts), classifier, neighbours)


def file_set(path: Path, part: str, encoder: OnnxEncoder, known: tuple[list[str], list[str], Vectors]) -> Scored | None:
    """Score one file of messages, without those that are training examples too; None when it has none."""
    texts, intents, vectors = known
    trained = {plain(text) for text in texts}
    messages = [m for m in read_messages(path, part) if plain(m.text) not in trained]
    if not messages:
        return None
    new = encoder.encode([m.text for m in messages])
    urgent = np.array([m.kind != "none" for m in messages])
    return Scored(
        f"{path.relative_to(SETS)}, {part}",
        urgent,
        *patterns([m.text for m in messages]),
        chances(vectors, intents, new),
        lead(vectors, np.isin(intents, ALARMS), new),
    )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("dev", "test"), default="dev")
    parser.add_argument("--thresholds", type=float, nargs="+", default=[0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9])
    parser.add_argument("--leads", type=float, nargs="+", default=[0.0, 0.05, 0.1, 0.15])
    arguments = parser.parse_args()
    encoder = OnnxEncoder.load(Settings.from_env().encoder_dir)
    texts, intents = training_examples(Path("data"))
    vectors = encoder.encode(texts)
    sets = [folds(texts, intents, vectors)] if arguments.part == "dev" else []
    files = sorted(path for path in SETS.rglob("*.jsonl") if path.name != "plain_statements.jsonl")
    scored = [file_set(path, arguments.part, encoder, (texts, intents, vectors)) for path in files]
    sets += [one for one in scored if one is not None]
    for threshold in arguments.thresholds:
        print(f"classifier from {threshold}")
        for one in sets:
            print("  " + one.line(one.classifier, threshold))
    for threshold in arguments.leads:
        print(f"neighbours from a lead of {threshold}")
        for one in sets:
            print("  " + one.line(one.neighbours, threshold))


if __name__ == "__main__":
    main()
