"""The index folder: build it, put it in place, load it. Files and locks are `index_store`'s business.

::

    index/current                      one line: the version in use; replaced atomically
    index/versions/<version>/          vectors.faiss, passages.jsonl, manifest.json
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from healthqa import index_store as store
from healthqa.anticipated import with_questions
from healthqa.articles import read_articles
from healthqa.encoder import Encoder
from healthqa.errors import IndexFolderError
from healthqa.exchanges import load_exchanges
from healthqa.passages import split_articles
from healthqa.settings import Settings
from healthqa.types import Article, Passage

__all__ = ["Index", "IndexBuild", "IndexHit", "Progress", "build_index", "current_version"]

# Above this many vectors an exact search takes longer than the rest of a turn.
FLAT_LIMIT = 200_000
HNSW_NEIGHBOURS = 32
ENCODE_STEP = 64

Progress = Callable[[str, int, int], None]
current_version = store.current_version


@dataclass(frozen=True)
class IndexBuild:
    """What a build did.

    :param version: the version that is in use now.
    :param unchanged: everything was up to date and nothing was written.
    :param encoded: texts that were encoded.
    :param reused: vectors taken from the version before.
    """

    version: str
    articles: int
    passages: int
    vectors: int
    encoded: int
    reused: int
    unchanged: bool = False


class IndexHit(NamedTuple):
    """A passage's place in `Index.passages` and its cosine with the query (higher is better)."""

    ordinal: int
    score: float


class Index:
    """A loaded version of the index. It stays usable, and its files stay on disk, until `close`."""

    def __init__(self, version: str, manifest: store.Manifest, passages: tuple[Passage, ...], vectors: Any) -> None:  # noqa: ANN401
        self.version = version
        self.manifest = manifest
        self.passages = passages
        self._vectors = vectors
        counts = [len(passage.encode_texts) for passage in passages]
        self._rows = np.repeat(np.arange(len(passages), dtype=np.int64), counts)
        self._most_rows = max(counts, default=1)
        self._lock: store.ReadLock | None = None

    @classmethod
    def load(cls, index_dir: Path, encoder: Encoder, public_url: str = "") -> Index:
        """Load the version in use and check every file of it.

        :param public_url: put before the links to articles that the assistant serves itself.
        :raises IndexFolderError: if there is none, it is damaged, or it was built with another encoder.
        """
        index_dir = Path(index_dir)
        lock = store.lock_current(index_dir)
        try:
            manifest = store.read_manifest(lock.folder)
            store.check_encoder(manifest, encoder, lock.folder)
            data = store.read_files(lock.folder, manifest)
            passages = _with_address(store.passages_from_jsonl(data[store.PASSAGES_FILE], lock.folder), public_url)
            index = cls(lock.version, manifest, passages, _faiss_from_bytes(data[store.VECTORS_FILE], lock.folder))
            if len(index._rows) != index._vectors.ntotal or index._vectors.d != encoder.dimension:
                raise IndexFolderError(f"The files in {lock.folder} do not fit each other. {store.REBUILD}")
        except BaseException:
            lock.release()
            raise
        index._lock = lock
        return index

    def search(self, vectors: NDArray[np.float32], k: int) -> list[IndexHit]:
        """Find the k nearest passages, best first.

        :param vectors: `(q, d)` unit rows, or one `(d,)` row: wordings of ONE question; the best score counts.
        :param k: hits to return at most; a passage with several vectors appears once, with its best.
        """
        best: dict[int, float] = {}
        for hits in self.search_each(vectors, k):
            for hit in hits:
                best[hit.ordinal] = max(hit.score, best.get(hit.ordinal, -2.0))
        ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))
        return [IndexHit(ordinal, score) for ordinal, score in ranked[:k]]

    def search_each(self, vectors: NDArray[np.float32], k: int) -> list[list[IndexHit]]:
        """Like `search`, for q questions at once: one list of hits per row of `vectors`."""
        queries = np.ascontiguousarray(np.atleast_2d(vectors), dtype=np.float32)
        # k passages are certain to be among this many rows, however their vectors crowd.
        wanted = min(k * self._most_rows, self._vectors.ntotal)
        if wanted < 1:
            return [[] for _ in queries]
        scores, rows = self._vectors.search(queries, wanted)
        return [self._hits(row, score, k) for row, score in zip(rows, scores, strict=True)]

    def vectors(self) -> NDArray[np.float32]:
        """Return all vectors, `(n, d)`, in the order of the passages' `encode_texts`."""
        return cast("NDArray[np.float32]", self._vectors.reconstruct_n(0, self._vectors.ntotal))

    def close(self) -> None:
        """Let go of the version's files, so that a later build may remove them. Searching goes on working."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _hits(self, rows: NDArray[np.int64], scores: NDArray[np.float32], k: int) -> list[IndexHit]:
        best: dict[int, float] = {}
        for row, score in zip(rows.tolist(), scores.tolist(), strict=True):
            if row >= 0:  # HNSW fills up with -1 when it finds fewer
                best.setdefault(int(self._rows[row]), score)
        ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))
        return [IndexHit(ordinal, score) for ordinal, score in ranked[:k]]


def build_index(
    articles_dir: Path, settings: Settings, encoder: Encoder, progress: Progress | None = None
) -> IndexBuild:
    """Read the articles, encode what is new, and put a new version of the index in place.

    Texts that the version in use holds already are not encoded again. Whatever fails leaves that version as it was.

    :param progress: called with (what is done, steps done, steps in all).
    :raises ArticleError: if an article cannot be used.
    :raises ContentError: if a file of anticipated questions or of follow-ups cannot.
    :raises IndexFolderError: if another build is running or the folder cannot be written.
    """
    report = progress or (lambda _what, _done, _all: None)
    with store.build_lock(settings.index_dir):
        report("reading articles", 0, 1)
        articles = read_articles(Path(articles_dir))
        passages = with_questions(split_articles(articles, settings), settings.questions_dir)
        if settings.questions_dir is not None:
            # They are learned from after this, but what cannot be used must stop it before anything has changed.
            load_exchanges(settings.follow_ups_dir, [passage.id for passage in passages])
        report("reading articles", 1, 1)
        content = _content_hash(articles, passages, encoder)
        previous = _previous(settings.index_dir, encoder)
        try:
            if previous is not None and previous.manifest.content == content:
                store.remove_old_versions(settings.index_dir)
                counts = len(articles), len(passages), previous.manifest.vectors
                return IndexBuild(previous.version, *counts, encoded=0, reused=counts[2], unchanged=True)
            known = _known_vectors(previous)
        finally:
            if previous is not None:
                previous.close()
        texts = [text for passage in passages for text in passage.encode_texts]
        vectors, encoded = _vectors_of(texts, known, encoder, report)
        version = _write(settings, articles, passages, vectors, encoder, content)
        report("index in place", 1, 1)
    return IndexBuild(version, len(articles), len(passages), len(texts), encoded, len(texts) - encoded)


def _write(
    settings: Settings,
    articles: Sequence[Article],
    passages: Sequence[Passage],
    vectors: NDArray[np.float32],
    encoder: Encoder,
    content: str,
) -> str:
    files = {
        store.VECTORS_FILE: _faiss_to_bytes(_faiss_of(vectors)),
        store.PASSAGES_FILE: store.passages_to_jsonl(passages),
    }
    manifest = store.Manifest(
        format=store.FORMAT,
        encoder_name=encoder.name,
        encoder_fingerprint=encoder.fingerprint,
        dimension=encoder.dimension,
        passages=len(passages),
        vectors=len(vectors),
        kind="flat" if len(vectors) <= FLAT_LIMIT else "hnsw",
        articles={article.path: article.sha256 for article in articles},
        content=content,
        built=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        files={name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    )
    return store.put_in_place(settings.index_dir, manifest, files)


def _content_hash(articles: Sequence[Article], passages: Sequence[Passage], encoder: Encoder) -> str:
    """Hash what an index is made of; the passages stand for the code and the settings that made them."""
    digest = hashlib.sha256(f"{store.FORMAT}|{encoder.fingerprint}|{encoder.dimension}\n".encode())
    for article in sorted(articles, key=lambda article: article.path):
        digest.update(f"{article.path}|{article.sha256}\n".encode())
    digest.update(store.passages_to_jsonl(passages))
    return digest.hexdigest()


def _previous(index_dir: Path, encoder: Encoder) -> Index | None:
    try:
        return Index.load(index_dir, encoder)
    except IndexFolderError:  # none yet, damaged, or of another encoder: build everything anew
        return None


def _known_vectors(previous: Index | None) -> dict[str, NDArray[np.float32]]:
    if previous is None:
        return {}
    texts = (text for passage in previous.passages for text in passage.encode_texts)
    return dict(zip(texts, previous.vectors(), strict=True))


def _vectors_of(
    texts: Sequence[str], known: dict[str, NDArray[np.float32]], encoder: Encoder, report: Progress
) -> tuple[NDArray[np.float32], int]:
    """Return one row per text and how many texts had to be encoded."""
    fresh = list(dict.fromkeys(text for text in texts if text not in known))
    for start in range(0, len(fresh), ENCODE_STEP):
        report("encoding", start, len(fresh))
        step = fresh[start : start + ENCODE_STEP]
        known.update(zip(step, encoder.encode(step), strict=True))
    report("encoding", len(fresh), len(fresh))
    rows = [known[text] for text in texts]
    matrix = np.vstack(rows) if rows else np.zeros((0, encoder.dimension))
    return np.ascontiguousarray(matrix, dtype=np.float32), len(fresh)


def _faiss_of(vectors: NDArray[np.float32]) -> Any:  # noqa: ANN401 - faiss is untyped
    import faiss

    dimension = vectors.shape[1]
    if len(vectors) <= FLAT_LIMIT:
        index = faiss.IndexFlatIP(dimension)
    else:
        index = faiss.IndexHNSWFlat(dimension, HNSW_NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = 200
        index.hnsw.efSearch = 128
    index.add(vectors)
    return index


def _faiss_to_bytes(index: Any) -> bytes:  # noqa: ANN401
    import faiss

    return cast("bytes", faiss.serialize_index(index).tobytes())


def _faiss_from_bytes(data: bytes, folder: Path) -> Any:  # noqa: ANN401
    import faiss

    try:
        return faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))
    except RuntimeError as error:
        raise IndexFolderError(f"{folder / store.VECTORS_FILE} cannot be read ({error}). {store.REBUILD}") from error


def _with_address(passages: Sequence[Passage], public_url: str) -> tuple[Passage, ...]:
    return tuple(
        replace(passage, url=public_url + passage.url) if passage.url.startswith("/") else passage
        for passage in passages
    )
