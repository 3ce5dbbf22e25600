"""Exact search against HNSW by the number of vectors: `python -m benchmarks.index_size`.

Both indexes of FAISS hold the same random unit vectors (dimension 384, as the default encoder's) and are asked the same
questions in turn, one at a time and on one thread, as a server does. Random vectors are the hardest case for HNSW: real
ones lie in clusters, and its recall is higher there. Times are the thread's CPU time, so that other work on the machine
counts little; those of one machine mean little, their ratio does.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

DIMENSION = 384
K = 5
# As healthqa/index.py sets them: links, and candidates looked at while building and while searching.
LINKS, BUILD_EFFORT, SEARCH_EFFORT = 32, 200, 128


def unit_vectors(count: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Return random directions, shape `(count, 384)`."""
    vectors = random.normal(size=(count, DIMENSION)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def hnsw() -> Any:  # noqa: ANN401 - FAISS is untyped
    """Return an empty HNSW index of inner products."""
    index = faiss.IndexHNSWFlat(DIMENSION, LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = BUILD_EFFORT
    index.hnsw.efSearch = SEARCH_EFFORT
    return index


def ask(index: Any, questions: NDArray[np.float32]) -> tuple[NDArray[np.int64], float]:  # noqa: ANN401
    """Search one question at a time.

    :returns: ids, shape `(questions, 5)`, and the median CPU seconds of a question.
    """
    found, seconds = [], []
    for question in questions:
        started = time.thread_time()
        found.append(index.search(question[None, :], K)[1][0])
        seconds.append(time.thread_time() - started)
    return np.array(found), float(np.median(seconds))


@dataclass(frozen=True)
class Figures:
    """CPU seconds of a question by exact search; with HNSW: those of a question, of building, and recall@5."""

    exact: float
    quick: float = math.nan
    built: float = math.nan
    recall: float = math.nan


def measure(size: int, questions: int, seed: int, with_hnsw: bool) -> Figures:
    """Ask both indexes the same questions."""
    random = np.random.default_rng(seed)
    vectors, asked = unit_vectors(size, random), unit_vectors(questions, random)
    flat = faiss.IndexFlatIP(DIMENSION)
    flat.add(vectors)
    if not with_hnsw:
        return Figures(ask(flat, asked)[1])
    graph, started = hnsw(), time.thread_time()
    graph.add(vectors)
    built = time.thread_time() - started
    right, exact = ask(flat, asked)
    near, quick = ask(graph, asked)
    shared = [len(set(one) & set(other)) for one, other in zip(right.tolist(), near.tolist(), strict=True)]
    return Figures(exact, quick, built, sum(shared) / (K * questions))


def main() -> None:
    """Print one line for each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000], metavar="N")
    parser.add_argument("--questions", type=int, default=200, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--most-hnsw", type=int, default=100_000, metavar="N", help="above this, exact search only: building takes long"
    )
    arguments = parser.parse_args()
    faiss.omp_set_num_threads(1)
    print("vectors   exact ms   HNSW ms   exact/HNSW   recall@5 of HNSW   building HNSW s")
    for size in arguments.sizes:
        found = measure(size, arguments.questions, arguments.seed, size <= arguments.most_hnsw)
        times = f"{found.exact * 1e3:8.3f}   {found.quick * 1e3:7.3f}   {found.exact / found.quick:10.1f}"
        print(f"{size:7d}   {times}   {found.recall:16.3f}   {found.built:15.1f}", flush=True)


if __name__ == "__main__":
    main()
