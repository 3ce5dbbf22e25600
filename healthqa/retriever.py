"""Question -> hits: dense vectors, BM25 on lexicon tokens, and priors from the question's terms and its intent."""

from __future__ import annotations

import logging
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import bm25s
import numpy as np
from numpy.typing import NDArray

from healthqa.followup import asking_part
from healthqa.lexicon import Analysis, Lexicon, stem_word
from healthqa.settings import Settings
from healthqa.types import Context, Hit, Passage

if TYPE_CHECKING:
    from healthqa.encoder import Encoder
    from healthqa.index import Index

__all__ = ["WEIGHTS", "Retriever"]

logging.getLogger("bm25s").setLevel(logging.ERROR)

# Shares of the parts in a hit's score. Found on evaluation/dev_smoke.jsonl; the parts are all within 0 and 1.
WEIGHTS: Mapping[str, float] = {"dense": 0.60, "lexical": 0.20, "topic": 0.12, "intent": 0.08}
# A whole table is long: a row that answers is better.
TABLE_PENALTY = 0.06
CANDIDATES = 64
_K1, _B = 1.2, 0.6
_COMPARES = re.compile(
    r"\b(compare\w*|comparison|table|versus|vs|differ\w*|distinguish\w*|tell (them|these|the causes) apart)\b", re.I
)


class Retriever:
    """Searches one version of the index.

    :param index: the loaded index; its passages are the corpus.
    :param encoder: the encoder that the index was built with.
    :param lexicon: terms; the retriever's own copy also knows the words of the corpus.
    """

    def __init__(self, index: Index, encoder: Encoder, lexicon: Lexicon, settings: Settings) -> None:
        self.index = index
        self.settings = settings
        self.passages: Mapping[str, Passage] = {passage.id: passage for passage in index.passages}
        headings = [f"{passage.title} {passage.section} {passage.question}" for passage in index.passages]
        bodies = [f"{passage.section} {passage.question} {passage.text}" for passage in index.passages]
        self.lexicon = lexicon.with_vocabulary([*headings, *bodies])
        self.lexicon.speller.prepare()
        self._encoder = encoder
        self._title_tokens = [frozenset(self.lexicon.normalise(passage.title)) for passage in index.passages]
        tokens = [self.lexicon.normalise(body) for body in bodies]
        self._tokens = [frozenset(found) for found in tokens]
        self.vocabulary = frozenset().union(*self._tokens, *self._title_tokens)
        self._idf = _inverse_frequencies(self._tokens)
        self._bm25 = _bm25_of(tokens)
        self._intent_scores = lru_cache(maxsize=256)(self._search_intent)

    @property
    def version(self) -> str:
        """The version of the index."""
        return str(getattr(self.index, "version", ""))

    def search(self, query: str, context: Context | None = None, k: int | None = None) -> tuple[Hit, ...]:
        """Return the best passages for a stand-alone question, best first.

        :param context: its intent is a weak prior for what kind of section answers.
        :param k: hits to return; `settings.top_k` by default.
        """
        if not self.index.passages or not query.strip():
            return ()
        context = context or Context()
        analysis = self.lexicon.analyse(asking_part(query))
        whole = self.lexicon.analyse(query)
        dense = self._dense(analysis, whole)
        lexical = self._lexical(analysis)
        intent = self._intent_scores(context.intent) if context.intent.startswith("ask_") else {}
        compares = bool(_COMPARES.search(query))
        hits = []
        for ordinal in set(dense) | set(np.argsort(-lexical)[:CANDIDATES].tolist()):
            parts = {
                "dense": max(0.0, min(1.0, dense.get(ordinal, 0.0))),
                "lexical": float(lexical[ordinal]),
                "topic": self._topic(ordinal, whole, context),
                "intent": intent.get(ordinal, 0.0) * context.intent_confidence,
                "coverage": self._coverage(ordinal, analysis),
            }
            hits.append(self._hit(ordinal, parts, compares))
        hits.sort(key=lambda hit: (-hit.score, hit.passage.id))
        return tuple(hits[: k or self.settings.top_k])

    def sentence_scores(self, query: str, passage: Passage) -> list[float]:
        """Return how well each sentence of the passage answers the question (cosine)."""
        if not passage.sentences:
            return []
        text = self.lexicon.analyse(asking_part(query)).text
        vectors = self._encoder.encode([text, *passage.sentences])
        return [float(score) for score in vectors[1:] @ vectors[0]]

    def covers(self, words: str) -> bool:
        """Tell whether the corpus contains every content word of the text."""
        stems = [stem for stem in self.lexicon.normalise(words) if not stem.startswith("=")]
        return bool(stems) and all(stem in self.vocabulary for stem in stems)

    def uncovered(self, question: str) -> tuple[str, ...]:
        """Return the content words and terms of the question that no passage contains."""
        analysis = self.lexicon.analyse(asking_part(question))
        words = [word for word, stem in analysis.words.items() if stem not in self.vocabulary]
        terms = [
            entity.value
            for entity in analysis.entities
            if f"={entity.value.replace(' ', '_')}" not in self.vocabulary
            and not all(stem_word(word) in self.vocabulary for word in entity.value.lower().split())
        ]
        return tuple(dict.fromkeys([*terms, *words]))

    def _dense(self, analysis: Analysis, whole: Analysis) -> dict[int, float]:
        """Return passage -> best cosine, for the asking sentence and, a little less, for the whole story."""
        texts = list(dict.fromkeys([analysis.text, whole.text]))
        vectors = self._encoder.encode(texts)
        best: dict[int, float] = {}
        k = min(len(self.index.passages), 4 * CANDIDATES)
        for row, vector in enumerate(vectors):
            for ordinal, score in self.index.search(vector[None, :], k):
                best[ordinal] = max(best.get(ordinal, -1.0), score * (1.0 if row == 0 else 0.9))
        return best

    def _lexical(self, analysis: Analysis) -> NDArray[np.float32]:
        """Return BM25 of every passage, as a share of what a passage could reach at most."""
        known = [token for token in dict.fromkeys(analysis.tokens) if token in self._idf]
        if not known or self._bm25 is None:
            return np.zeros(len(self.index.passages), dtype=np.float32)
        # Unknown words count in the bound: a question half of which nobody wrote about is half answered at best.
        bound = sum(self._idf.get(token, self._rarest) for token in dict.fromkeys(analysis.tokens))
        scores = self._bm25.get_scores(known)
        return np.clip(np.asarray(scores, dtype=np.float32) / max(bound, 1e-6), 0.0, 1.0)

    @property
    def _rarest(self) -> float:
        return math.log(1.0 + len(self._tokens))

    def _coverage(self, ordinal: int, analysis: Analysis) -> float:
        """Return the idf-weighted share of the question's tokens that the passage or its title contains."""
        tokens = set(analysis.tokens)
        total = sum(self._idf.get(token, self._rarest) for token in tokens)
        if not total:
            return 0.0
        own = self._tokens[ordinal] | self._title_tokens[ordinal]
        return sum(self._idf.get(token, self._rarest) for token in tokens & own) / total

    def _topic(self, ordinal: int, analysis: Analysis, context: Context) -> float:
        """Return how far the passage (half as much: its article) is about the terms that the question names."""
        wanted = {token for token in analysis.tokens if token.startswith("=")}
        if not wanted and context.topic:
            wanted = {token for token in self.lexicon.normalise(context.topic) if token.startswith("=")}
        total = sum(self._idf.get(token, self._rarest) for token in wanted)
        if not total:
            return 0.0
        own, title = self._tokens[ordinal], self._title_tokens[ordinal]
        share = sum(
            self._idf.get(token, self._rarest) * (0.6 * (token in own) + 0.4 * (token in title)) for token in wanted
        )
        return share / total

    def _search_intent(self, intent: str) -> dict[int, float]:
        """Return passage -> cosine with the words of the intent's name, scaled to 0..1 over the corpus."""
        words = intent.removeprefix("ask_").replace("_", " ")
        found = self.index.search(self._encoder.encode([words]), min(len(self.index.passages), 4 * CANDIDATES))
        if not found:
            return {}
        scores = [score for _, score in found]
        low, high = min(scores), max(scores)
        return {ordinal: (score - low) / max(high - low, 1e-6) for ordinal, score in found}

    def _hit(self, ordinal: int, parts: Mapping[str, float], compares: bool) -> Hit:
        passage = self.index.passages[ordinal]
        score = sum(WEIGHTS[name] * parts[name] for name in WEIGHTS)
        if passage.kind == "table" and not compares:
            score -= TABLE_PENALTY
        return Hit(passage, max(0.0, min(1.0, score)), parts)


def _inverse_frequencies(documents: Sequence[frozenset[str]]) -> dict[str, float]:
    """Return token -> BM25's inverse document frequency (the variant that never gets negative)."""
    counts = Counter(token for tokens in documents for token in tokens)
    total = len(documents)
    return {token: math.log(1.0 + (total - count + 0.5) / (count + 0.5)) for token, count in counts.items()}


def _bm25_of(documents: Sequence[Sequence[str]]) -> Any:  # noqa: ANN401  bm25s has no types
    if not any(documents):
        return None
    index = bm25s.BM25(method="lucene", k1=_K1, b=_B)
    index.index([list(tokens) for tokens in documents], show_progress=False)
    return index
