"""Fit the coefficients by which questions that lean on the last one are judged, with ten-fold cross-validation.

Run from the project folder: `python -m benchmarks.follow_ups`. Asks the dev dialogues of `evaluation/sets` and the
exchanges of `follow_ups.yml`; no intents are known here. Prints how often the first hit states a right fact (with the
weights as they are), what would be shown at which limit, and the coefficients; nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.fitting import held_out_and_fitted, print_coefficients
from evaluation.dialogues import Dialogue, Turn, load_dialogues
from evaluation.keys import states
from evaluation.questions import SETS, load_facts, read_yaml
from healthqa.assistant import Assistant
from healthqa.coefficients import EXCHANGED_LEANING_COEFFICIENTS, LEANING_COEFFICIENTS
from healthqa.encoder import OnnxEncoder
from healthqa.examiner import Examiner
from healthqa.followup import remembered
from healthqa.lexicon import Lexicon
from healthqa.live_index import LiveIndex
from healthqa.near_misses import NearMisses
from healthqa.refused_examples import RefusedExamples
from healthqa.settings import Settings
from healthqa.types import Context

EXCHANGES = Path(__file__).with_name("follow_ups.yml")
# Their follow-ups are anticipated and refused questions by now: they would look surer than any other.
LEARNED = ("dialogues_7.dev.yml", "dialogues_8.dev.yml")
# Theirs are exchanges of `knowledge/follow_ups`.
AS_EXCHANGES = tuple(f"dialogues_{number}.dev.yml" for number in range(3, 7))
FITTED = ("complete", "dense", "own", "last", "beside", "beside_last", "uncovered_share", "drift", "letters")
EXCHANGED = (*FITTED, "answerability", "answerability_last", "addressed", "exchange")
OPENING = "opening of an exchange"
LIMITS = (0.3, 0.4, 0.5, 0.6)


@dataclass(frozen=True)
class Row:
    """One follow-up.

    :param answered: whether a fact was expected.
    :param right: whether the first hit states one of the expected facts.
    :param learned: it is among the questions or exchanges: what was learned from them judges it too surely.
    """

    conversation: int
    answered: bool
    right: bool
    learned: bool
    features: Mapping[str, float]


def conversations() -> list[Dialogue]:
    """Return the dev dialogues whose follow-ups are no anticipated questions, and the exchanges."""
    facts, learned = load_facts(), words_of(LEARNED)
    found = [one for one in load_dialogues() if one.part == "dev" and texts_of(one) not in learned]
    for first, second, expect in read_yaml(EXCHANGES):
        needs = () if isinstance(expect, str) else tuple(facts[fact] for fact in expect)
        turn = Turn(second, (expect,) if isinstance(expect, str) else tuple(expect), needs)
        found.append(Dialogue((Turn(first, (OPENING,)), turn), dev_only=True))
    return found


def words_of(files: Sequence[str]) -> set[tuple[str, ...]]:
    """Return what is said in each dialogue of some files of `evaluation/sets`."""
    return {tuple(text for text, _ in turns) for name in files for turns in read_yaml(SETS / name)}


def texts_of(dialogue: Dialogue) -> tuple[str, ...]:
    """Return what the reader says."""
    return tuple(turn.text for turn in dialogue.turns)


def make_examiner(settings: Settings) -> Examiner:
    """Return an examiner that looks for no alarms."""
    encoder = OnnxEncoder.load(settings.encoder_dir, threads=1)
    near_misses = NearMisses.load(settings.lexicon_dir)
    return Examiner(
        LiveIndex(settings, encoder, Lexicon.load(settings.lexicon_dir)),
        near_misses,
        RefusedExamples(encoder, near_misses.examples),
        lambda text: None,
        top_k=settings.top_k,
        threshold=settings.threshold,
    )


def rows_of(settings: Settings) -> Iterator[Row]:
    """Play the conversations; yield the turns that get as far as evidence."""
    assistant, examiner, exchanged = Assistant.load(settings), make_examiner(settings), words_of(AS_EXCHANGES)
    for number, dialogue in enumerate(conversations()):
        context = Context()
        for turn in dialogue.turns:
            if context.last_question and (turn.needs or turn.expect == ("refuse",)):
                found = examiner.lean(turn.text, context)
                if found.evidence is not None and found.hits:
                    shown = found.hits[0].passage.text
                    right = any(states(shown, need) for need in turn.needs)
                    learned = dialogue.turns[0].expect == (OPENING,) or texts_of(dialogue) in exchanged
                    yield Row(number, bool(turn.needs), right, learned, found.evidence.features)
            context = remembered(context, assistant.reply(turn.text, context))


def print_counts(rows: Sequence[Row], probabilities: NDArray[np.float64]) -> None:
    """Print, for each limit, what would be shown."""
    answered = np.array([row.answered for row in rows])
    right = np.array([row.right for row in rows])
    print(f"{answered.sum()} with an answer: first hit right {right[answered].mean():.1%}; {(~answered).sum()} without")
    for limit in LIMITS:
        shown = probabilities >= limit
        print(
            f"from {limit}: right passage {(shown & right)[answered].mean():.1%}, wrong one "
            f"{(shown & ~right)[answered].mean():.1%}, passage for what has no answer {shown[~answered].mean():.1%}"
        )


def main() -> int:
    """Fit and print."""
    every = list(rows_of(Settings.from_env()))
    fresh = [row for row in every if not row.learned and "exchange" in row.features]
    for names, rows, now in (
        (FITTED, every, LEANING_COEFFICIENTS),
        (EXCHANGED, fresh, EXCHANGED_LEANING_COEFFICIENTS),
    ):
        right, groups = [row.right for row in rows], [row.conversation for row in rows]
        figures = [tuple(row.features[name] for name in names) for row in rows]
        held_out, fitted = held_out_and_fitted(names, figures, right, groups)
        print_counts(rows, held_out)
        print_coefficients(fitted, now)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
