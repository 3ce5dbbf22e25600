"""Build time only: fit `healthqa.answerability` and `healthqa.addressing` on questions and exchanges.

Needs scikit-learn.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from healthqa.addressing import LAST_SHARE, Kernel, exchange_vectors
from healthqa.answerability import (
    ADDRESSES_FILE,
    CARD_FILE,
    EXCHANGES_FILE,
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
from healthqa.exchanges import Exchange, load_exchanges
from healthqa.folders import made_anew
from healthqa.followup import own_words
from healthqa.near_misses import NearMisses
from healthqa.passages import split_articles
from healthqa.settings import Settings

__all__ = ["Examples", "examples_of", "fitted", "ridge", "shares_of", "train_answerability"]

# Chosen on questions by writers who saw neither: docs/adr/0008-answerability.md.
PENALTY = 10.0
GAMMA = 0.5
# docs/adr/0009-learned-ranking.md
RIDGE = 0.3
# docs/adr/0010-exchanges.md
EXCHANGE_RIDGE = 0.1
# Fewer of either kind say nothing about the next question.
FEWEST = 100


@dataclass(frozen=True)
class Examples:
    """What is learned from.

    :param answered: anticipated questions of the articles in use, with the ids of their passages.
    :param refused: questions that are refused.
    :param exchanges: follow-ups; none where they are too few.
    """

    answered: dict[str, str]
    refused: tuple[str, ...]
    exchanges: tuple[Exchange, ...] = ()


def train_answerability(settings: Settings, encoder: Encoder, reader: ReadsMessages) -> Path | None:
    """Fit on `questions_dir`, `follow_ups_dir` and the examples of `near_misses.yml`, into `answerability_dir`.

    Nothing is done when what is there was fitted on the same questions with the same models.

    :returns: the folder; None where there are fewer than 100 questions of either kind.
    :raises ContentError: when the questions or exchanges cannot be read.
    :raises AnswerabilityError: when it cannot be written; what was there is unchanged.
    """
    target, examples = settings.answerability_dir, examples_of(settings)
    if min(len(examples.answered), len(examples.refused)) < FEWEST:
        # What other questions once taught would judge these articles.
        shutil.rmtree(target, ignore_errors=True)
        return None
    wanted = (_hash(examples), encoder.fingerprint, reader.fingerprint)
    if _is_current(target, wanted):
        return target
    try:
        with made_anew(target) as fresh:
            if _is_current(target, wanted):  # another process learned while this one waited for the lock
                return target
            _fit(fresh, examples, wanted, lambda texts: joint_vectors(texts, encoder, reader))
    except OSError as error:
        raise AnswerabilityError(
            f"What was learned could not be written to {target} ({error.strerror or error}). What was there is "
            "unchanged. Free the disk or mend the folder's permissions, then run `make index`."
        ) from error
    return target


def examples_of(settings: Settings) -> Examples:
    """Return what is learned for the articles in use.

    :raises ContentError: when an article, the questions or the exchanges cannot be read.
    """
    listed = load_questions(settings.questions_dir) if settings.questions_dir else {}
    articles = read_articles(settings.articles_dir) if listed else ()
    slugs = {article.slug for article in articles}
    answered = {text: key for key, texts in listed.items() if key.split("#")[0] in slugs for text in texts}
    refused = {text: None for text, _ in NearMisses.load(settings.lexicon_dir).examples if text not in answered}
    passages = [passage.id for passage in split_articles(articles, settings)]
    exchanges = load_exchanges(settings.follow_ups_dir, passages) if answered else ()
    return Examples(answered, tuple(refused), exchanges if len(exchanges) >= FEWEST else ())


def _fit(
    folder: Path,
    examples: Examples,
    wanted: tuple[str, str, str],
    vectors_of: Callable[[Sequence[str]], NDArray[np.float32]],
) -> None:
    """Fit all machines and write them into the folder; `wanted`: what they depend on, for the card."""
    answered = list(examples.answered)
    vectors = vectors_of([*answered, *examples.refused])
    support, weights, bias = fitted(vectors, np.arange(len(vectors)) < len(answered))
    np.savez(folder / VECTORS_FILE, support=support.astype(np.float16), weights=weights)
    questions = vectors[: len(answered)]
    passages = tuple(dict.fromkeys(examples.answered.values()))
    _fit_ridge(
        folder / ADDRESSES_FILE, questions, shares_of([(one,) for one in examples.answered.values()], passages), RIDGE
    )
    files = [VECTORS_FILE, ADDRESSES_FILE]
    exchanged = tuple(dict.fromkeys(one for exchange in examples.exchanges for one in exchange.answers))
    if exchanged:
        own = vectors_of([own_words(exchange.ask) for exchange in examples.exchanges])
        last = vectors_of([exchange.after for exchange in examples.exchanges])
        answers = shares_of([exchange.answers for exchange in examples.exchanges], exchanged)
        _fit_ridge(folder / EXCHANGES_FILE, exchange_vectors(own, last), answers, EXCHANGE_RIDGE)
        files.append(EXCHANGES_FILE)
    hashes = {name: file_sha256(folder / name) for name in files}
    card = Card(*wanted, gamma=GAMMA, bias=bias, passages=passages, exchanged=exchanged, files=hashes)
    (folder / CARD_FILE).write_text(json.dumps(asdict(card), indent=2) + "\n", encoding="utf-8")


def _fit_ridge(path: Path, vectors: NDArray[np.float32], wanted: NDArray[np.float64], strength: float) -> None:
    weights = ridge(vectors, wanted, strength)
    np.savez(path, questions=vectors.astype(np.float16), weights=weights)


def shares_of(answers: Sequence[Sequence[str]], passages: Sequence[str]) -> NDArray[np.float64]:
    """Return what the regression is to say, shape `(len(answers), len(passages))`.

    One passage that answers gets 1; of several each gets less, so that their lengths are the same.
    """
    columns = {key: column for column, key in enumerate(passages)}
    wanted = np.zeros((len(answers), len(passages)))
    for row, found in enumerate(answers):
        for key in found:
            wanted[row, columns[key]] = len(found) ** -0.5
    return wanted


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


def ridge(vectors: NDArray[np.float32], wanted: NDArray[np.float64], strength: float) -> NDArray[np.float32]:
    """Return weights `(n, p)` by which what was learned from `(n, d)` speaks for `p` passages.

    :param wanted: `shares_of`, `(n, p)`; :param strength: of the regularisation.
    """
    near = Kernel(vectors, GAMMA).to(vectors).astype(np.float64)
    near[np.diag_indices_from(near)] += strength
    weights: NDArray[np.float32] = np.linalg.solve(near, wanted).astype(np.float32)
    return weights


def _hash(examples: Examples) -> str:
    how = (FORMAT, PENALTY, GAMMA, RIDGE, EXCHANGE_RIDGE, LAST_SHARE)
    exchanges = ["\t".join((one.after, one.ask, *one.answers)) for one in examples.exchanges]
    answered = ["\t".join(pair) for pair in examples.answered.items()]
    lines = [repr(how), *answered, "", *examples.refused, "", *exchanges]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _is_current(folder: Path, wanted: tuple[str, str, str]) -> bool:
    try:
        card = read_card(folder)
        return (card.examples, card.encoder, card.reader) == wanted and (
            all(file_sha256(folder / name) == value for name, value in card.files.items())
        )
    except (AnswerabilityError, OSError):
        return False
