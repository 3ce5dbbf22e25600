"""Build time only: fit `healthqa.answerability` and `healthqa.addressing` on the anticipated and the refused questions.

Needs scikit-learn.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from healthqa.addressing import Kernel
from healthqa.answerability import (
    ADDRESSES_FILE,
    CARD_FILE,
    FORMAT,
    VECTORS_FILE,
    Card,
    ReadsMessages,
    joint_vectors,
    read_card,
)
from healthqa.anticipated import load_questions
from healthqa.articles import read_articles
from healthqa.encoder import Encoder, file_sha256
from healthqa.errors import AnswerabilityError
from healthqa.folders import made_anew
from healthqa.near_misses import NearMisses
from healthqa.settings import Settings

__all__ = ["examples_of", "fitted", "ridge", "train_answerability"]

# Chosen on questions by writers who saw neither: docs/adr/0008-answerability.md.
PENALTY = 10.0
GAMMA = 0.5
# docs/adr/0009-learned-ranking.md
RIDGE = 0.3
# Fewer of either kind say nothing about the next question.
FEWEST = 100


def train_answerability(settings: Settings, encoder: Encoder, reader: ReadsMessages) -> Path | None:
    """Fit on `settings.questions_dir` and the examples of `near_misses.yml`, into `settings.answerability_dir`.

    Nothing is done when what is there was fitted on the same questions with the same models.

    :returns: the folder; None where there are fewer than 100 questions of either kind.
    :raises ContentError: when the questions cannot be read.
    :raises AnswerabilityError: when it cannot be written; what was there is unchanged.
    """
    target, (addressed, refused) = settings.answerability_dir, examples_of(settings)
    answered = tuple(addressed)
    if min(len(answered), len(refused)) < FEWEST:
        # What other questions once taught would judge these articles.
        shutil.rmtree(target, ignore_errors=True)
        return None
    wanted = (_hash(addressed, refused), encoder.fingerprint, reader.fingerprint)
    if _is_current(target, wanted):
        return target
    try:
        with made_anew(target) as fresh:
            if _is_current(target, wanted):  # another process learned while this one waited for the lock
                return target
            vectors = joint_vectors([*answered, *refused], encoder, reader)
            support, weights, bias = fitted(vectors, np.arange(len(vectors)) < len(answered))
            np.savez(fresh / VECTORS_FILE, support=support.astype(np.float16), weights=weights)
            questions = vectors[: len(answered)]
            passages = tuple(dict.fromkeys(addressed.values()))
            by_passage = ridge(questions, [passages.index(addressed[text]) for text in answered])
            np.savez(fresh / ADDRESSES_FILE, questions=questions.astype(np.float16), weights=by_passage)
            files = {name: file_sha256(fresh / name) for name in (VECTORS_FILE, ADDRESSES_FILE)}
            card = Card(*wanted, gamma=GAMMA, bias=bias, passages=passages, files=files)
            (fresh / CARD_FILE).write_text(json.dumps(asdict(card), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise AnswerabilityError(
            f"What was learned could not be written to {target} ({error.strerror or error}). What was there is "
            "unchanged. Free the disk or mend the folder's permissions, then run `make index`."
        ) from error
    return target


def examples_of(settings: Settings) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the anticipated questions of the articles in use with their passages' ids, and the refused questions.

    :raises ContentError: when an article or the questions cannot be read.
    """
    listed = load_questions(settings.questions_dir) if settings.questions_dir else {}
    slugs = {article.slug for article in read_articles(settings.articles_dir)} if listed else set()
    answered = {text: key for key, texts in listed.items() if key.split("#")[0] in slugs for text in texts}
    refused = {text: None for text, _ in NearMisses.load(settings.lexicon_dir).examples if text not in answered}
    return answered, tuple(refused)


def fitted(
    vectors: NDArray[np.float32], answered: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32], float]:
    """Return support vectors `(n, d)`, their weights `(n,)` and the bias.

    :param vectors: joint vectors of all questions `(m, d)`; :param answered: which the articles answer `(m,)`.
    """
    from sklearn.svm import SVC

    # Balanced: there are twice as many answered questions, and an invented answer is no better than a refusal.
    machine = SVC(C=PENALTY, gamma=GAMMA, class_weight="balanced", cache_size=1000)
    machine.fit(vectors, answered)
    return vectors[machine.support_], machine.dual_coef_[0].astype(np.float32), float(machine.intercept_[0])


def ridge(questions: NDArray[np.float32], columns: Sequence[int]) -> NDArray[np.float32]:
    """Return weights `(n, p)` by which questions `(n, d)` speak for `p` passages; `columns`: which one each is for."""
    wanted = np.zeros((len(columns), max(columns) + 1))
    wanted[np.arange(len(columns)), list(columns)] = 1.0
    near = Kernel(questions, GAMMA).to(questions).astype(np.float64)
    near[np.diag_indices_from(near)] += RIDGE
    weights: NDArray[np.float32] = np.linalg.solve(near, wanted).astype(np.float32)
    return weights


def _hash(answered: Mapping[str, str], refused: Sequence[str]) -> str:
    lines = [repr((FORMAT, PENALTY, GAMMA, RIDGE)), *map("\t".join, answered.items()), "", *refused]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _is_current(folder: Path, wanted: tuple[str, str, str]) -> bool:
    try:
        card = read_card(folder)
        return (card.examples, card.encoder, card.reader) == wanted and (
            all(file_sha256(folder / name) == value for name, value in card.files.items())
        )
    except (AnswerabilityError, OSError):
        return False
