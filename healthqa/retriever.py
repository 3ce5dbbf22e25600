"""Question -> hits: dense vectors, BM25 on lexicon tokens, and priors from the question's terms and its intent."""

from __future__ import annotations

import logging
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import bm25s
import numpy as np
from numpy.typing import NDArray

from healthqa.followup import asking_part, without_exceptions
from healthqa.lexicon import Analysis, Lexicon, is_stop_word, stem_word
from healthqa.questions import question_type
from healthqa.settings import Settings
from healthqa.types import Context, Entity, Hit, Passage

if TYPE_CHECKING:
    from healthqa.encoder import Encoder
    from healthqa.index import Index

__all__ = ["WEIGHTS", "Retriever"]

logging.getLogger("bm25s").setLevel(logging.ERROR)

# Shares of the parts in a hit's score. Found on evaluation/dev_smoke.jsonl; the parts are all within 0 and 1.
WEIGHTS: Mapping[str, float] = {
    "dense": 0.42,
    "heading": 0.12,
    "lexical": 0.22,
    "topic": 0.13,
    "intent": 0.05,
    "form": 0.06,
}
# A synonym put for the reader's word, or the story around the question, proves a little less.
OTHER_WORDING = 0.97
# Headings are encoded when the index is loaded: 3 ms each.
MOST_HEADINGS = 2000
CANDIDATES = 64
_K1, _B = 1.2, 0.6


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
        self._list_of = _lists_of_items(index.passages, settings.max_words)
        self._heading_of, self._headings = self._encode_headings()
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
        asked = self.lexicon.analyse(self.focus(query))
        vectors = self._query_vectors(asked, self.lexicon.analyse(query))
        dense = self._dense(vectors)
        headings = self._headings @ vectors[0] if len(self._headings) else None
        lexical = self._lexical(asked)
        intent = self._intent_scores(context.intent) if context.intent.startswith("ask_") else {}
        kind = question_type(query)
        hits = []
        for ordinal in set(dense) | set(np.argsort(-lexical)[:CANDIDATES].tolist()):
            near = max(0.0, min(1.0, dense.get(ordinal, 0.0)))
            parts = {
                "dense": near,
                "heading": near if headings is None else max(0.0, float(headings[self._heading_of[ordinal]])),
                "lexical": float(lexical[ordinal]),
                "topic": self._topic(ordinal, asked, context),
                "intent": intent.get(ordinal, 0.0) * context.intent_confidence,
                "form": self._form(self.index.passages[ordinal], kind),
                "coverage": self._coverage(ordinal, asked),
            }
            score = sum(weight * parts[name] for name, weight in WEIGHTS.items())
            hits.append(Hit(self.index.passages[ordinal], max(0.0, min(1.0, score)), parts))
        hits.sort(key=lambda hit: (-hit.score, hit.passage.id))
        return tuple(self._whole_lists(hits)[: k or self.settings.top_k])

    def focus(self, query: str) -> str:
        """Return what is asked: of a story the asking sentence, with the symptoms it only points at."""
        asking = without_exceptions(asking_part(query))
        if asking_part(query) == query:
            return asking
        own = self.lexicon.analyse(asking).entities
        if any(entity.entity == "symptom" for entity in own):
            return asking
        told = [entity.value for entity in self.lexicon.analyse(query).entities if entity.entity == "symptom"]
        return " ".join([asking, *dict.fromkeys(told)])

    def sentence_scores(self, query: str, passage: Passage) -> list[float]:
        """Return how well each sentence of the passage answers the question (cosine)."""
        if not passage.sentences:
            return []
        text = self.lexicon.analyse(self.focus(query)).text
        vectors = self._encoder.encode([text, *passage.sentences])
        return [float(score) for score in vectors[1:] @ vectors[0]]

    def covers(self, text: str) -> bool:
        """Tell whether the corpus contains every term and every content word of the text."""
        analysis = self.lexicon.analyse(text)
        if any(_token_of(entity) not in self.vocabulary for entity in analysis.entities):
            return False
        found = [
            word for word in re.findall(r"[a-z0-9]+", analysis.text.lower()) if len(word) < 2 or not is_stop_word(word)
        ]
        return bool(found) and all(stem_word(word) in self.vocabulary for word in found)

    def uncovered(self, question: str) -> tuple[str, ...]:
        """Return the content words and terms of the question that no passage contains."""
        analysis = self.lexicon.analyse(self.focus(question))
        words = [word for word, stem in analysis.words.items() if stem not in self.vocabulary]
        terms = [
            entity.value
            for entity in analysis.entities
            if _token_of(entity) not in self.vocabulary
            and not all(stem_word(word) in self.vocabulary for word in entity.value.lower().split())
        ]
        return tuple(dict.fromkeys([*terms, *words]))

    def drift(self, question: str, uncovered: Sequence[str]) -> float:
        """Return how much nearer the corpus the question gets without its uncovered words (0..1).

        Near zero: the words were another way to say what the corpus says. High: they are what is asked about.
        """
        if not uncovered or not self.index.passages:
            return 0.0
        text = self.lexicon.analyse(self.focus(question)).text
        rest = re.sub(r"\b(" + "|".join(map(re.escape, uncovered)) + r")\b", " ", text, flags=re.IGNORECASE)
        if not re.search(r"\w", rest):
            return 1.0
        vectors = self._encoder.encode([text, rest])
        whole, shorter = (self.index.search(vector[None, :], 1)[0][1] for vector in vectors)
        return float(min(1.0, max(0.0, shorter - whole)))

    def _query_vectors(self, asked: Analysis, whole: Analysis) -> NDArray[np.float32]:
        """Return the vectors of the question, of its canonical wording and of the whole story, `(q, d)`."""
        texts = dict.fromkeys([asked.text, asked.canonical_text])
        if len(asked.text.split()) < len(whole.text.split()) // 2:
            texts[whole.text] = None
        return self._encoder.encode(list(texts))

    def _dense(self, vectors: NDArray[np.float32]) -> dict[int, float]:
        """Return passage -> best cosine; other wordings than the reader's own count a little less."""
        best: dict[int, float] = {}
        k = min(len(self.index.passages), 4 * CANDIDATES)
        for row, vector in enumerate(vectors):
            for ordinal, score in self.index.search(vector[None, :], k):
                best[ordinal] = max(best.get(ordinal, -1.0), score * OTHER_WORDING**row)
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

    def _encode_headings(self) -> tuple[list[int], NDArray[np.float32]]:
        """Return for each passage the row of its question or heading, and the rows; none for a very large corpus."""
        names = [passage.question or passage.section for passage in self.index.passages]
        rows = {name: row for row, name in enumerate(dict.fromkeys(names))}
        texts = list(rows) if len(rows) <= MOST_HEADINGS else []
        vectors = self._encoder.encode(texts) if texts else np.zeros((0, 0), dtype=np.float32)
        return [rows[name] for name in names], vectors

    def _search_intent(self, intent: str) -> dict[int, float]:
        """Return passage -> cosine with the words of the intent's name, scaled to 0..1 over the corpus."""
        words = intent.removeprefix("ask_").replace("_", " ")
        found = self.index.search(self._encoder.encode([words]), min(len(self.index.passages), 4 * CANDIDATES))
        if not found:
            return {}
        scores = [score for _, score in found]
        low, high = min(scores), max(scores)
        return {ordinal: (score - low) / max(high - low, 1e-6) for ordinal, score in found}

    def _form(self, passage: Passage, kind: str) -> float:
        """Return how well the form suits: 0.5 is neutral, tables and scraps get less, a plain yes or no more."""
        if passage.kind == "table":
            return 0.5 if kind == "compare" else 0.0
        if kind == "yes_no" and passage.text.startswith(("Yes", "No,", "No.")):
            return 1.0
        return min(0.5, passage.words / 60)

    def _whole_lists(self, hits: Sequence[Hit]) -> list[Hit]:
        """Replace an item of a list by its list: the item finds it, the list answers."""
        result: list[Hit] = []
        shown: set[str] = set()
        for hit in hits:
            passage = self._list_of.get(hit.passage.id, hit.passage)
            if passage.id not in shown:
                shown.add(passage.id)
                result.append(hit if passage is hit.passage else replace(hit, passage=passage))
        return result


def _lists_of_items(passages: Sequence[Passage], max_words: int) -> dict[str, Passage]:
    """Return item's id -> the passage with its whole list, where that is short enough to be shown whole."""
    found: dict[str, Passage] = {}
    lists = [passage for passage in passages if passage.kind == "list" and passage.words <= max_words]
    for item in lists:
        lines = item.text.splitlines()
        for whole in lists:
            same = whole.article_slug == item.article_slug and whole.section_slug == item.section_slug
            if same and whole.words > item.words and lines[-1] in whole.text.splitlines():
                found[item.id] = whole
    return found


def _token_of(entity: Entity) -> str:
    return f"={entity.value.replace(' ', '_')}"


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
