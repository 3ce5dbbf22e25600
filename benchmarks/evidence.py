"""Fit the coefficients of healthqa.evidence on the dev part of the question sets, with ten-fold cross-validation.

Run from the project folder: `python -m benchmarks.evidence INDEX PLAIN_INDEX`, where PLAIN_INDEX was made of plain
copies of the articles (`healthqa index --articles FOLDER --index PLAIN_INDEX`). Prints the coefficients and how many
questions of each kind would be refused or let through; nothing is written. Questions that a rule refuses have no
evidence and are left out; no intents are known here.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.fitting import held_out_and_fitted, print_coefficients
from evaluation.askers import CoreAsker
from evaluation.dialogues import load_dialogues
from evaluation.questions import load_questions
from evaluation.scoring import ask_dialogues, ask_questions
from healthqa.assistant import Assistant
from healthqa.coefficients import COEFFICIENTS, JUDGED_COEFFICIENTS
from healthqa.settings import Settings
from healthqa.types import Context

FURTHER = Path(__file__).with_name("evidence_questions.yml")
FITTED = ("dense", "beside", "coverage", "uncovered_share", "drift", "follows", "plain")
# Where `healthqa.answerability` has learned; a plain index has nothing to learn from.
JUDGED = (*(name for name in FITTED if name != "plain"), "answerability")
HALF = 0.5


@dataclass(frozen=True)
class Row:
    """A question's figures, whether the articles answer it, and under which name it is counted."""

    text: str
    answered: bool
    name: str
    features: Mapping[str, float]

    def figures(self, names: Sequence[str]) -> tuple[float, ...]:
        """Return the named features."""
        return tuple(self.features[name] for name in names)


def rows_of(index_dir: Path, name: str) -> list[Row]:
    """Ask all dev questions, the dialogues' turns and the further ones; return those that get as far as evidence."""
    assistant = Assistant.load(Settings.from_env(index_dir=index_dir))
    asker = CoreAsker(assistant)
    outcomes = ask_questions(asker, [q for q in load_questions() if q.part == "dev"])
    outcomes += ask_dialogues(asker, [d for d in load_dialogues() if d.part == "dev"])
    further = yaml.safe_load(FURTHER.read_text(encoding="utf-8"))
    asked = [
        (o.text, o.context or Context(), o.expect != "refuse", f"{name}, {o.group}")
        for o in outcomes
        if o.expect not in ("smalltalk", "emergency", "crisis")
    ]
    for kind, questions in further.items():
        asked += [(question, Context(), kind == "answered", f"{name}, further") for question in questions]
    rows = []
    for text, context, answered, label in asked:
        evidence = assistant.examine(text, context).evidence
        if evidence is not None:
            rows.append(Row(text, answered, label, evidence.features))
    return rows


def print_counts(rows: Sequence[Row], probabilities: Sequence[float]) -> None:
    """Print, by name, how many questions were refused or let through wrongly."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for row, probability in zip(rows, probabilities, strict=True):
        count = counts[row.name]
        count[0 if row.answered else 2] += (probability < HALF) if row.answered else (probability >= HALF)
        count[1 if row.answered else 3] += 1
    for name, (refused, answerable, passed, other) in sorted(counts.items()):
        print(f"{name}: {refused} of {answerable} answerable refused, {passed} of {other} others let through")


def fit(rows: Sequence[Row], names: Sequence[str], now: Mapping[str, float]) -> None:
    """Fit the named features and print what they would let through, held out, and the coefficients."""
    # The same question asked of both indexes must not stand on both sides of a fold.
    numbers = {text: number for number, text in enumerate(sorted({row.text for row in rows}))}
    figures, groups = [row.figures(names) for row in rows], [numbers[row.text] for row in rows]
    held_out, fitted = held_out_and_fitted(names, figures, [row.answered for row in rows], groups)
    print_counts(rows, held_out)
    print_coefficients(fitted, now)


def main(argv: Sequence[str] | None = None) -> int:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("index", type=Path, help="the default index")
    parser.add_argument("plain_index", type=Path, help="an index of articles without anticipated questions")
    arguments = parser.parse_args(argv)
    default, plain = rows_of(arguments.index.resolve(), "default"), rows_of(arguments.plain_index.resolve(), "plain")
    fit(default + plain, FITTED, COEFFICIENTS)
    # Only what was learned from is judged with it: passages without anticipated questions are not.
    fit([row for row in default if "answerability" in row.features], JUDGED, JUDGED_COEFFICIENTS)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
