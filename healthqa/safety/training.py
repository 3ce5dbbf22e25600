"""Build time only: learn from `knowledge/alarms` and the intents' examples, export it as the alarm classifier.

How it is learned: `healthqa.safety.trainer`. Needs torch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from healthqa.encoder import file_sha256
from healthqa.errors import AlarmModelError
from healthqa.folders import made_anew
from healthqa.safety.classifier import (
    CARD_FILE,
    FORMAT,
    MODEL_FILE,
    TOKENIZER_FILE,
    WORDS_FILE,
    AlarmCard,
    AlarmClassifier,
    read_alarm_card,
    without_closing_marks,
)
from healthqa.safety.examples import KINDS, Example, read_examples
from healthqa.safety.intent_examples import IntentExample, read_intent_examples
from healthqa.safety.trainer import HOW, MAX_LENGTH, Report, Task, Trainer
from healthqa.settings import DEFAULT_ENCODER_SHA256, Settings

__all__ = ["examples_hash", "tasks_of", "train_alarms"]

# Largest difference between a chance by torch and by the exported graph.
MOST_DIFFERENCE = 1e-3


def train_alarms(settings: Settings, report: Report = lambda done, total: None, *, anew: bool = False) -> Path:
    """Train from `settings.alarms_dir` and the examples in `settings.nlu_dir` into `settings.alarm_model_dir`.

    Nothing is done when the model fits the messages in `alarms_dir` already: examples of intents that came later are
    learned by the intent classifier on top of it.

    :param report: called with the texts done and their total.
    :param anew: train in any case.
    :returns: the folder.
    :raises ContentError: when an example cannot be used.
    :raises EncoderError: when the base model cannot be had.
    :raises AlarmModelError: when the export is not exact or cannot be written; what was there is unchanged.
    """
    target, examples = settings.alarm_model_dir, read_examples(settings.alarms_dir)
    if not anew and _is_current(target, examples):
        return target
    intents = read_intent_examples(settings.nlu_dir)
    try:
        with made_anew(target) as fresh:
            if not anew and _is_current(target, examples):  # another process trained while this one waited for the lock
                return target
            trainer = Trainer(settings, tasks_of(examples, intents))
            trainer.fit(report)
            _export(trainer, fresh, examples)
    except OSError as error:
        raise AlarmModelError(
            f"The alarm classifier could not be written to {target} ({error.strerror or error}). What was there is "
            "unchanged. Free the disk or the folder's permissions, then run `make alarms`."
        ) from error
    return target


def tasks_of(examples: Sequence[Example], intents: Sequence[IntentExample]) -> tuple[Task, ...]:
    """Return what the model learns: the alarms first, then the intents, where there are at least two."""
    alarms = Task(KINDS, tuple(e.text for e in examples), tuple(KINDS.index(e.kind) for e in examples))
    names = tuple(sorted({example.intent for example in intents}))
    if len(names) < 2:
        return (alarms,)
    texts = tuple(without_closing_marks(example.text) for example in intents)
    return alarms, Task(names, texts, tuple(names.index(example.intent) for example in intents))


def examples_hash(examples: Sequence[Example]) -> str:
    """Hash what the model's alarms depend on: the examples and how it is trained."""
    lines = [repr((FORMAT, DEFAULT_ENCODER_SHA256, *HOW)), *(f"{example.kind}\t{example.text}" for example in examples)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _is_current(folder: Path, examples: Sequence[Example]) -> bool:
    try:
        card = read_alarm_card(folder)
        return card.examples == examples_hash(examples) and all(
            file_sha256(folder / name) == value for name, value in card.files.items()
        )
    except (AlarmModelError, OSError):
        return False


def _export(trainer: Trainer, folder: Path, examples: Sequence[Example]) -> None:
    """Write model, tokenizer and card, and compare what was written with the trained model.

    :raises AlarmModelError: when both differ.
    """
    trainer.tokenizer.backend_tokenizer.save(str(folder / TOKENIZER_FILE))
    trainer.write_graph(folder / MODEL_FILE)
    (folder / WORDS_FILE).write_text("".join(f"{word}\n" for word in trainer.words), encoding="utf-8")
    files = {name: file_sha256(folder / name) for name in (MODEL_FILE, TOKENIZER_FILE, WORDS_FILE)}
    card = AlarmCard(examples_hash(examples), DEFAULT_ENCODER_SHA256, MAX_LENGTH, files=files)
    (folder / CARD_FILE).write_text(card.to_json(), encoding="utf-8")
    sample = [example.text for example in examples[:: max(1, len(examples) // 20)]]
    worst = np.abs(AlarmClassifier.load(folder).chances(sample) - trainer.chances(sample)).max()
    if worst > MOST_DIFFERENCE:
        raise AlarmModelError(f"The exported alarm classifier is not exact (a chance differs by {worst:.4f}).")
