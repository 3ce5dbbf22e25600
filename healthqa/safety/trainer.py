"""Build time only: one transformer learns alarms and intents together.

Why: docs/adr/0007-one-model-for-alarms-and-intents.md. The upper layers and one linear layer for each task learn;
embeddings and lower layers stay as they are, so what they give is computed once. Needs torch.
"""

from __future__ import annotations

import os
import random
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from healthqa.encoder_export import OPSET, load_original
from healthqa.errors import AlarmModelError
from healthqa.safety.readable import Reader, common_words
from healthqa.settings import DEFAULT_ENCODER, DEFAULT_ENCODER_SHA256, Settings

if TYPE_CHECKING:
    import torch

__all__ = ["HOW", "MAX_LENGTH", "Report", "Task", "Trainer"]

# Chosen by leaving out writers one at a time (docs/adr/0005-alarm-classifier.md), the last two lines in 0007.
FROZEN_LAYERS = 3
EPOCHS = 4
BATCH = 32
RATE = 1e-4
HEAD_RATE = 1e-3
WARM_UP = 0.1
SMOOTHING = 0.05
DROPOUT = 0.1
MAX_LENGTH = 128
SEED = 7
# What a model depends on beside its examples.
_RATES = (RATE, HEAD_RATE, WARM_UP, SMOOTHING, DROPOUT)
HOW = (FROZEN_LAYERS, EPOCHS, BATCH, *_RATES, MAX_LENGTH, SEED)

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Task:
    """What is to be told apart.

    :param labels: their names, in the order of the outputs.
    :param texts: messages; :param answers: for each the number of its label.
    """

    labels: tuple[str, ...]
    texts: tuple[str, ...]
    answers: tuple[int, ...]


class Trainer:
    """One training run on the CPU; the same examples give the same model on the same machine.

    :raises AlarmModelError: when torch is not installed.
    :raises EncoderError: when the base model cannot be had or has other weights than expected.
    """

    def __init__(self, settings: Settings, tasks: Sequence[Task]) -> None:
        _use_fast_kernels()
        try:
            import torch
        except ImportError as error:
            raise AlarmModelError(
                "Training the alarm classifier needs torch, which is not installed here. Copy its folder from a "
                "machine that has it, or install requirements.lock."
            ) from error

        torch.manual_seed(SEED)
        torch.set_num_threads(len(os.sched_getaffinity(0)))
        self._torch = torch
        self._tasks = tuple(tasks)
        self.words = common_words(text for task in tasks for text in task.texts)
        self._reader = Reader(self.words)
        # The retrieval encoder can be replaced, the base of this model cannot: its figures were measured on it.
        original = load_original(
            Settings.from_env(
                {}, root=settings.root, encoder_model=DEFAULT_ENCODER, encoder_sha256=DEFAULT_ENCODER_SHA256
            )
        )
        self.tokenizer, self._transformer = original.tokenizer, original[0].auto_model.eval()
        self._lower = self._transformer.encoder.layer[:FROZEN_LAYERS]
        self._learning = torch.nn.ModuleList(self._transformer.encoder.layer[FROZEN_LAYERS:])
        width = self._transformer.config.hidden_size
        self._heads = torch.nn.ModuleList([torch.nn.Linear(width, len(task.labels)) for task in tasks])
        self._dropout = torch.nn.Dropout(DROPOUT)
        self._half = _multiplies_bfloat16()

    def fit(self, report: Report = lambda done, total: None) -> None:
        """Learn all tasks; `report` is called with the share done, as texts, and their total."""
        texts = sum(len(task.texts) for task in self._tasks)
        total = texts * (1 + EPOCHS)
        states: list[list[Any]] = []
        for task in self._tasks:
            states.append(self._lower_states(task.texts))
            report(sum(len(of_task) for of_task in states), total)
        lengths = [[len(state) for state in of_task] for of_task in states]
        shuffle = random.Random(SEED)
        optimizer = self._optimizer()
        self._learning.train()
        for epoch in range(EPOCHS):
            batches = _batches(lengths, shuffle)
            for number, (which, rows) in enumerate(batches):
                passed = (epoch + number / len(batches)) / EPOCHS
                self._step(optimizer, which, [states[which][row] for row in rows], rows, passed)
                report(int(texts * (1 + EPOCHS * passed)), total)
        self._transformer.eval()
        report(total, total)

    def chances(self, texts: Sequence[str], task: int = 0) -> NDArray[np.float64]:
        """Return the chance of each label of a task, shape `(len(texts), labels)`, by torch."""
        torch = self._torch
        with torch.no_grad():
            rows = [self._heads[task](self._pooled([state]))[0] for state in self._lower_states(texts)]
            return cast("NDArray[np.float64]", torch.softmax(torch.stack(rows), 1).numpy().astype(np.float64))

    def write_graph(self, path: Path) -> None:
        """Export the whole model as ONNX: `logits` of the first task, and `vector`, what all tasks are told from."""
        import torch

        transformer, head = self._transformer, self._heads[0]

        class Graph(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.transformer, self.head = transformer, head

            def forward(
                self, input_ids: torch.Tensor, attention_mask: torch.Tensor
            ) -> tuple[torch.Tensor, torch.Tensor]:
                states = self.transformer(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
                mask = attention_mask[:, :, None].float()
                vector = (states * mask).sum(1) / mask.sum(1)
                return self.head(vector), vector

        names = ["input_ids", "attention_mask"]
        features = self.tokenizer(["a text", "a second, longer text"], padding=True, return_tensors="pt")
        axes: dict[str, dict[int, str]] = {name: {0: "texts", 1: "tokens"} for name in names}
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the tracer warns of shape checks that do not depend on the input
            torch.onnx.export(
                Graph().eval(),
                tuple(features[name] for name in names),
                str(path),
                input_names=names,
                output_names=["logits", "vector"],
                dynamic_axes=axes | {"logits": {0: "texts"}, "vector": {0: "texts"}},
                opset_version=OPSET,
            )

    def _optimizer(self) -> torch.optim.Optimizer:
        groups = [
            {"params": list(self._learning.parameters()), "lr": RATE, "most": RATE},
            {"params": list(self._heads.parameters()), "lr": HEAD_RATE, "most": HEAD_RATE},
        ]
        return self._torch.optim.AdamW(groups, weight_decay=0.01)

    def _step(
        self,
        optimizer: torch.optim.Optimizer,
        task: int,
        states: Sequence[torch.Tensor],
        rows: Sequence[int],
        passed: float,
    ) -> None:
        torch = self._torch
        for group in optimizer.param_groups:
            group["lr"] = group["most"] * _share_of_rate(passed)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._half):
            logits = self._heads[task](self._dropout(self._pooled(states)))
        wanted = torch.tensor([self._tasks[task].answers[row] for row in rows])
        loss = torch.nn.functional.cross_entropy(logits.float(), wanted, label_smoothing=SMOOTHING)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._learning.parameters(), 1.0)
        optimizer.step()

    def _lower_states(self, texts: Sequence[str]) -> list[Any]:
        """Return the token vectors `(tokens, d)` that the first learning layer gets, for each text."""
        states: list[Any] = [None] * len(texts)
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        with self._torch.no_grad():
            for start in range(0, len(order), BATCH):
                rows = order[start : start + BATCH]
                batch = self.tokenizer(
                    [self._reader.read(texts[row]) for row in rows],
                    padding=True,
                    truncation=True,
                    max_length=MAX_LENGTH,
                    return_tensors="pt",
                )
                mask = batch["attention_mask"]
                hidden = self._transformer.embeddings(batch["input_ids"], batch["token_type_ids"])
                hidden = self._through(self._lower, hidden, mask.float())
                for row, vectors, of_row in zip(rows, hidden, mask, strict=True):
                    states[row] = vectors[: int(of_row.sum())].clone()
        return states

    def _pooled(self, states: Sequence[torch.Tensor]) -> torch.Tensor:
        """Run the learning layers and return the mean of each text's token vectors, `(n, d)`."""
        tools = self._torch
        hidden = tools.nn.utils.rnn.pad_sequence(list(states), batch_first=True)
        lengths = tools.tensor([len(state) for state in states])
        mask = (tools.arange(hidden.shape[1])[None, :] < lengths[:, None]).float()
        hidden = self._through(self._learning, hidden, mask)
        return cast("torch.Tensor", (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True))

    def _through(self, layers: Any, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:  # noqa: ANN401
        """Run some layers; `mask` `(n, tokens)` has ones where there are tokens."""
        bias = (1.0 - mask)[:, None, None, :] * -1e9
        for layer in layers:
            hidden = layer(hidden, attention_mask=bias)[0]
        return hidden


def _batches(lengths: Sequence[Sequence[int]], shuffle: random.Random) -> list[tuple[int, list[int]]]:
    """Deal texts of one task and of similar length into batches, in an order of chance; so little is padded.

    :param lengths: tokens of each text of each task.
    :returns: for each batch the number of its task and its rows.
    """
    batches: list[tuple[int, list[int]]] = []
    for task, of_task in enumerate(lengths):
        keys = [length + 4 * shuffle.random() for length in of_task]
        order = sorted(range(len(of_task)), key=keys.__getitem__)
        batches += [(task, order[start : start + BATCH]) for start in range(0, len(order), BATCH)]
    shuffle.shuffle(batches)
    return batches


def _share_of_rate(passed: float) -> float:
    """Rise linearly over the first tenth of the way (0..1), then fall linearly to zero."""
    return min(1.0, (passed + 1e-3) / WARM_UP) * max(0.0, 1.0 - passed)


def _multiplies_bfloat16() -> bool:
    """Whether the processor has instructions for bfloat16: then the products of matrices while learning use them.

    Weights stay float32. How much faster: `python -m benchmarks.matrix_products`; of the training 31 -> 21 seconds for
    a round of 5,300 texts on two cores of an EPYC (docs/adr/0007-one-model-for-alarms-and-intents.md).
    """
    return "avx512_bf16" in _cpu_info()


def _use_fast_kernels() -> None:
    """Let PyTorch use AVX2 on AMD processors; call it before the first product of matrices.

    The MKL 2020.0 inside PyTorch 1.13 falls back to SSE on processors that are not Intel's: 36 instead of 134 GFLOPS
    on two cores of an EPYC (`python -m benchmarks.matrix_products`).
    """
    if "AuthenticAMD" in _cpu_info():
        os.environ.setdefault("MKL_DEBUG_CPU_TYPE", "5")


def _cpu_info() -> str:
    """What Linux says of the processor; empty elsewhere."""
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
