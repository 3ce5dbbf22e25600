"""Build time only: fine-tune the default encoder on `knowledge/alarms` and export it as the alarm classifier.

The upper layers of the transformer and a linear layer over the mean of the token vectors learn; embeddings and lower
layers stay as they are, so their output is computed once (docs/adr/0005-alarm-classifier.md). Needs torch.
"""

from __future__ import annotations

import hashlib
import os
import random
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from healthqa.encoder import file_sha256
from healthqa.encoder_export import OPSET, load_original, weights_sha256
from healthqa.errors import AlarmModelError
from healthqa.folders import one_at_a_time, put_in_place
from healthqa.safety.classifier import (
    CARD_FILE,
    FORMAT,
    MODEL_FILE,
    TOKENIZER_FILE,
    AlarmCard,
    AlarmClassifier,
    read_alarm_card,
)
from healthqa.safety.examples import KINDS, Example, read_examples
from healthqa.settings import DEFAULT_ENCODER, DEFAULT_ENCODER_SHA256, Settings

if TYPE_CHECKING:
    import torch

__all__ = ["AlarmTrainer", "examples_hash", "train_alarms"]

# Chosen by leaving out one writer at a time: docs/adr/0005-alarm-classifier.md.
FROZEN_LAYERS = 3
EPOCHS = 3
BATCH = 32
RATE = 1e-4
HEAD_RATE = 1e-3
WARM_UP = 0.1
SMOOTHING = 0.05
DROPOUT = 0.1
MAX_LENGTH = 128
SEED = 7
# Largest difference between a chance by torch and by the exported graph.
MOST_DIFFERENCE = 1e-3

Report = Callable[[int, int], None]


def train_alarms(settings: Settings, report: Report = lambda done, total: None) -> Path:
    """Train from `settings.alarms_dir` into `settings.alarm_model_dir`; nothing is done when the model fits already.

    :param report: called with the batches done and their total.
    :returns: the folder.
    :raises ContentError: when an example cannot be used.
    :raises EncoderError: when the base model cannot be had.
    :raises AlarmModelError: when the export is not exact or cannot be written; what was there is unchanged.
    """
    target, examples = settings.alarm_model_dir, read_examples(settings.alarms_dir)
    if _is_current(target, examples):
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with one_at_a_time(target), tempfile.TemporaryDirectory(dir=target.parent, prefix=".alarms-") as scratch:
            if _is_current(target, examples):  # another process trained while this one waited for the lock
                return target
            fresh = Path(scratch) / "new"
            fresh.mkdir()
            trainer = AlarmTrainer(settings)
            trainer.fit(examples, report)
            trainer.export(fresh, examples)
            put_in_place(fresh, target, Path(scratch) / "old")
    except OSError as error:
        raise AlarmModelError(
            f"The alarm classifier could not be written to {target} ({error.strerror or error}). What was there is "
            "unchanged. Free the disk or the folder's permissions, then run `make alarms`."
        ) from error
    return target


def examples_hash(examples: Sequence[Example]) -> str:
    """Hash what the model depends on: the examples and how it is trained."""
    how = (FORMAT, FROZEN_LAYERS, EPOCHS, BATCH, RATE, HEAD_RATE, WARM_UP, SMOOTHING, DROPOUT, MAX_LENGTH, SEED)
    lines = [repr(how), *(f"{example.kind}\t{example.text}" for example in examples)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _is_current(folder: Path, examples: Sequence[Example]) -> bool:
    try:
        card = read_alarm_card(folder)
        return card.examples == examples_hash(examples) and all(
            file_sha256(folder / name) == value for name, value in card.files.items()
        )
    except (AlarmModelError, OSError):
        return False


class AlarmTrainer:
    """One training run on the CPU; the same examples give the same model on the same machine."""

    def __init__(self, settings: Settings) -> None:
        """Load the base model.

        :raises AlarmModelError: when torch is not installed.
        :raises EncoderError: when the model cannot be had or has other weights than expected.
        """
        try:
            import torch
        except ImportError as error:
            raise AlarmModelError(
                "Training the alarm classifier needs torch, which is not installed here. Copy the folder "
                f"{settings.alarm_model_dir} from a machine that has it, or install requirements.lock."
            ) from error

        torch.manual_seed(SEED)
        torch.set_num_threads(len(os.sched_getaffinity(0)))
        self._torch = torch
        # The retrieval encoder can be replaced, the alarm classifier's base cannot: its figures were measured on it.
        base = Settings.from_env(
            {}, root=settings.root, encoder_model=DEFAULT_ENCODER, encoder_sha256=DEFAULT_ENCODER_SHA256
        )
        original = load_original(base)
        self._tokenizer = original.tokenizer
        self._transformer = original[0].auto_model
        self._learning = torch.nn.ModuleList(self._transformer.encoder.layer[FROZEN_LAYERS:])
        self._head = torch.nn.Linear(self._transformer.config.hidden_size, len(KINDS))
        self._dropout = torch.nn.Dropout(DROPOUT)

    def fit(self, examples: Sequence[Example], report: Report = lambda done, total: None) -> None:
        """Learn from the examples."""
        torch, shuffle = self._torch, random.Random(SEED)
        states = self._lower_states([example.text for example in examples])
        targets = [KINDS.index(example.kind) for example in examples]
        learned = list(self._learning.parameters())
        optimizer = torch.optim.AdamW(
            [{"params": learned, "lr": RATE}, {"params": self._head.parameters(), "lr": HEAD_RATE}], weight_decay=0.01
        )
        total = EPOCHS * -(-len(examples) // BATCH)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _share_of_rate(step, total))
        self._learning.train()
        done = 0
        for _ in range(EPOCHS):
            for rows in _batches(states, shuffle):
                logits = self._head(self._dropout(self._pooled([states[row] for row in rows])))
                wanted = torch.tensor([targets[row] for row in rows])
                loss = torch.nn.functional.cross_entropy(logits, wanted, label_smoothing=SMOOTHING)
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(learned, 1.0)
                optimizer.step()
                schedule.step()
                done += 1
                report(done, total)
        self._transformer.eval()

    def export(self, folder: Path, examples: Sequence[Example]) -> None:
        """Write model, tokenizer and card, and compare what was written with the trained model.

        :raises AlarmModelError: when both differ.
        """
        self._tokenizer.backend_tokenizer.save(str(folder / TOKENIZER_FILE))
        self._write_graph(folder / MODEL_FILE)
        files = {name: file_sha256(folder / name) for name in (MODEL_FILE, TOKENIZER_FILE)}
        card = AlarmCard(examples_hash(examples), weights_sha256(DEFAULT_ENCODER), MAX_LENGTH, files=files)
        (folder / CARD_FILE).write_text(card.to_json(), encoding="utf-8")
        sample = [example.text for example in examples[:: max(1, len(examples) // 20)]]
        worst = np.abs(AlarmClassifier.load(folder).chances(sample) - self.chances(sample)).max()
        if worst > MOST_DIFFERENCE:
            raise AlarmModelError(f"The exported alarm classifier is not exact (a chance differs by {worst:.4f}).")

    def chances(self, texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return the chance of each kind, shape `(len(texts), 3)`, by torch."""
        torch = self._torch
        with torch.no_grad():
            rows = [self._head(self._pooled([state]))[0] for state in self._lower_states(texts)]
            return cast(
                "np.ndarray[Any, np.dtype[np.float64]]", torch.softmax(torch.stack(rows), 1).numpy().astype(np.float64)
            )

    def _lower_states(self, texts: Sequence[str]) -> list[torch.Tensor]:
        """Return the token vectors `(tokens, d)` that the first learning layer gets, for each text."""
        torch = self._torch
        self._transformer.eval()
        states: list[Any] = [None] * len(texts)
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        with torch.no_grad():
            for start in range(0, len(order), BATCH):
                rows = order[start : start + BATCH]
                batch = self._tokenizer(
                    [texts[row] for row in rows],
                    padding=True,
                    truncation=True,
                    max_length=MAX_LENGTH,
                    return_tensors="pt",
                )
                padding = _attention_bias(batch["attention_mask"].float())
                hidden = self._transformer.embeddings(batch["input_ids"], batch["token_type_ids"])
                for layer in self._transformer.encoder.layer[:FROZEN_LAYERS]:
                    hidden = layer(hidden, attention_mask=padding)[0]
                for row, vectors, mask in zip(rows, hidden, batch["attention_mask"], strict=True):
                    states[row] = vectors[: int(mask.sum())].clone()
        return states

    def _pooled(self, states: Sequence[torch.Tensor]) -> torch.Tensor:
        """Run the learning layers and return the mean of each text's token vectors, `(n, d)`."""
        tools = self._torch
        hidden = tools.nn.utils.rnn.pad_sequence(list(states), batch_first=True)
        lengths = tools.tensor([len(state) for state in states])
        mask = (tools.arange(hidden.shape[1])[None, :] < lengths[:, None]).float()
        for layer in self._learning:
            hidden = layer(hidden, attention_mask=_attention_bias(mask))[0]
        return cast("torch.Tensor", (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True))

    def _write_graph(self, path: Path) -> None:
        import torch

        transformer, head = self._transformer, self._head

        class Graph(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.transformer, self.head = transformer, head

            def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
                states = self.transformer(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
                mask = attention_mask[:, :, None].float()
                return cast("torch.Tensor", self.head((states * mask).sum(1) / mask.sum(1)))

        names = ["input_ids", "attention_mask"]
        features = self._tokenizer(["a text", "a second, longer text"], padding=True, return_tensors="pt")
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the tracer warns of shape checks that do not depend on the input
            torch.onnx.export(
                Graph().eval(),
                tuple(features[name] for name in names),
                str(path),
                input_names=names,
                output_names=["logits"],
                dynamic_axes={name: {0: "texts", 1: "tokens"} for name in names} | {"logits": {0: "texts"}},
                opset_version=OPSET,
            )


def _attention_bias(mask: torch.Tensor) -> torch.Tensor:
    """Turn a mask `(n, tokens)` of ones and zeros into what a layer adds to its attention scores."""
    return (1.0 - mask)[:, None, None, :] * -1e9


def _share_of_rate(step: int, total: int) -> float:
    """Rise linearly over the first tenth of the steps, then fall linearly to zero."""
    warm_up = max(1, int(WARM_UP * total))
    return min(1.0, (step + 1) / warm_up) * max(0.0, 1.0 - step / total)


def _batches(states: Sequence[torch.Tensor], shuffle: random.Random) -> Iterator[list[int]]:
    """Deal texts of similar length into batches, so that little is padded, in an order that is new each time."""
    order = sorted(range(len(states)), key=lambda row: len(states[row]) + 4 * shuffle.random())
    batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    shuffle.shuffle(batches)
    yield from batches
