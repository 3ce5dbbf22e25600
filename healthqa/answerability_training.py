"""Build time only: fit `healthqa.answerability` on the anticipated and the refused questions. Needs scikit-learn."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from healthqa.answerability import CARD_FILE, FORMAT, VECTORS_FILE, Card, ReadsMessages, joint_vectors, read_card
from healthqa.anticipated import load_questions
from healthqa.articles import read_articles
from healthqa.encoder import Encoder, file_sha256
from healthqa.errors import AnswerabilityError
from healthqa.folders import made_anew
from healthqa.near_misses import NearMisses
from healthqa.settings import Settings

__all__ = ["examples_of", "train_answerability"]

# Chosen on questions by writers who saw neither: docs/adr/0008-answerability.md.
PENALTY = 10.0
GAMMA = 0.5
# Fewer of either kind say nothing about the next question.
FEWEST = 100


def train_answerability(settings: Settings, encoder: Encoder, reader: ReadsMessages) -> Path | None:
    """Fit on `settings.questions_dir` and the examples of `near_misses.yml`, into `settings.answerability_dir`.

    Nothing is done when what is there was fitted on the same questions with the same models.

    :returns: the folder; None where there are fewer than 100 questions of either kind.
    :raises ContentError: when the questions cannot be read.
    :raises AnswerabilityError: when it cannot be written; what was there is unchanged.
    """
    target, (answered, refused) = settings.answerability_dir, examples_of(settings)
    if min(len(answered), len(refused)) < FEWEST:
        # What other questions once taught would judge these articles.
        shutil.rmtree(target, ignore_errors=True)
        return None
    wanted = (_hash(answered, refused), encoder.fingerprint, reader.fingerprint)
    if _is_current(target, wanted):
        return target
    try:
        with made_anew(target) as fresh:
            if _is_current(target, wanted):  # another process learned while this one waited for the lock
                return target
            vectors = joint_vectors([*answered, *refused], encoder, reader)
            support, weights, bias = fitted(vectors, np.arange(len(vectors)) < len(answered))
            np.savez(fresh / VECTORS_FILE, support=support.astype(np.float16), weights=weights)
            card = Card(*wanted, gamma=GAMMA, bias=bias, sha256=file_sha256(fresh / VECTORS_FILE))
            (fresh / CARD_FILE).write_text(json.dumps(asdict(card), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise AnswerabilityError(
            f"What was learned could not be written to {target} ({error.strerror or error}). What was there is "
            "unchanged. Free the disk or mend the folder's permissions, then run `make index`."
        ) from error
    return target


def examples_of(settings: Settings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the anticipated questions of the articles in use, and the refused questions.

    :raises ContentError: when an article or the questions cannot be read.
    """
    listed = load_questions(settings.questions_dir) if settings.questions_dir else {}
    slugs = {article.slug for article in read_articles(settings.articles_dir)} if listed else set()
    answered = {text: None for key, texts in listed.items() if key.split("#")[0] in slugs for text in texts}
    refused = {text: None for text, _ in NearMisses.load(settings.lexicon_dir).examples if text not in answered}
    return tuple(answered), tuple(refused)


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


def _hash(answered: Sequence[str], refused: Sequence[str]) -> str:
    lines = [repr((FORMAT, PENALTY, GAMMA)), *answered, "", *refused]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _is_current(folder: Path, wanted: tuple[str, str, str]) -> bool:
    try:
        card = read_card(folder)
        return (card.examples, card.encoder, card.reader) == wanted and (
            file_sha256(folder / VECTORS_FILE) == card.sha256
        )
    except (AnswerabilityError, OSError):
        return False
