"""Question -> hits: dense vectors, BM25 on lexicon tokens, and priors from the question's terms and its intent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from healthqa.addressing import Addressees, exchange_vectors
from healthqa.followup import after_last, asking_part, own_words, without_exceptions
from healthqa.lexical import LexicalIndex
from healthqa.lexicon import Analysis, Lexicon, is_stop_word, stem_word
from healthqa.questions import question_type
from healthqa.settings import Settings
from healthqa.types import Context, Entity, Hit, Passage
from healthqa.weights import ADDRESSED_SHARES, FOLLOW_UP, weights_of
from healthqa.whole_lists import lists_of_items

if TYPE_CHECKING:
    from healthqa.answerability import Learned
    from healthqa.encoder import Encoder
    from healthqa.index import Index

__all__ = ["Retriever"]


# A synonym put for the reader's word, or the story around the question, proves a little less.
OTHER_WORDING = 0.97
CANDIDATES = 64
# A passage is encoded as text, with its heading and as the question of an FAQ; what is more was anticipated.
OWN_TEXTS = 3
# One number for every passage; `Signals` are its best cosine and its share of BM25.
Signal = NDArray[np.float32]
Signals = tuple[Signal, Signal]
# What a story tells and its question only points at ("how long until it gets better?").
_TOLD = ("symptom", "treatment")


class Retriever:
    """Searches one version of the index.

    :param index: the loaded index; its passages are the corpus.
    :param encoder: the encoder that the index was built with.
    :param lexicon: terms; the retriever's own copy also knows the words of the corpus.
    :param learned: what was learned from the anticipated questions, if anything.

    `plain` is the share of the passages without anticipated questions; `learned` is as it was given; `hears_exchanges`:
    it tells what follow-ups ask for after other questions.
    """

    def __init__(
        self, index: Index, encoder: Encoder, lexicon: Lexicon, settings: Settings, learned: Learned | None = None
    ) -> None:
        self.index = index
        self.settings = settings
        self.passages: Mapping[str, Passage] = {passage.id: passage for passage in index.passages}
        headings = [f"{passage.title} {passage.section} {passage.question}" for passage in index.passages]
        bodies = [f"{passage.section} {passage.question} {passage.text}" for passage in index.passages]
        self.lexicon = lexicon.with_vocabulary([*headings, *bodies])
        self.lexicon.speller.prepare()
        self._ordinals = {passage.id: ordinal for ordinal, passage in enumerate(index.passages)}
        self._encoder = encoder
        self._title_tokens = [frozenset(self.lexicon.normalise(passage.title)) for passage in index.passages]
        self._words = LexicalIndex([self.lexicon.normalise(body) for body in bodies])
        self.vocabulary = self._words.vocabulary.union(*self._title_tokens)
        asked = (text for passage in index.passages for text in passage.encode_texts)
        # Anticipated questions, and the synonyms of terms in the corpus, say in readers' words what is answered.
        self._answered_words = self.vocabulary.union(
            *(self.lexicon.normalise(text) for text in asked), self.lexicon.words_for(self.vocabulary)
        )
        asked_for = [passage for passage in index.passages if len(passage.encode_texts) > OWN_TEXTS]
        self.plain = 1.0 - len(asked_for) / max(1, len(index.passages))
        self._asked_articles = {passage.article_slug for passage in asked_for}
        self.learned = learned
        self._addressees = Addressees(learned.addressing, index.passages) if learned else None
        exchanges = learned.exchanges if learned else None
        self._exchanges = Addressees(exchanges, index.passages) if exchanges else None
        self.hears_exchanges = exchanges is not None
        self._list_of = lists_of_items(index.passages, settings.max_words)
        self._intent_scores = lru_cache(maxsize=256)(self._search_intent)

    def is_anticipated(self, passage: Passage) -> bool:
        """Tell whether questions were written down that its article answers."""
        return passage.article_slug in self._asked_articles

    @property
    def version(self) -> str:
        """The version of the index."""
        return str(getattr(self.index, "version", ""))

    def search(
        self, query: str, context: Context | None = None, k: int | None = None, spoken: str | None = None
    ) -> tuple[Hit, ...]:
        """Return the best passages for a stand-alone question, best first.

        :param spoken: the reader's own words where the question leans on the last one: what was added from there must
            not drown them. The hits' parts then have `own` and `last` too, the cosines of what `dense` is made of.
        :param context: its intent is a weak prior for what kind of section answers.
        :param k: hits to return; `settings.top_k` by default.
        """
        if not self.index.passages or not query.strip():
            return ()
        context = context or Context()
        asked = self.lexicon.analyse(self.focus(query))
        dense, lexical = self._signals(asked, query)
        further: Mapping[str, Signal] = {}
        if spoken is not None:
            dense, lexical, further = self._leaning_signals(dense, spoken, context)
        elif self._addressees is not None:
            further = {"addressed": self._addressees.shares(self._vector(asked.text))}
        weights = weights_of(leans=spoken is not None, learned="addressed" in further, exchanged="exchange" in further)
        names_subject = context.intent.startswith("ask_") and context.intent != "ask_followup"
        intent = self._intent_scores(context.intent) if names_subject else {}
        kind = question_type(query if spoken is None else spoken)
        hits = []
        for ordinal in set(np.argsort(-dense)[:CANDIDATES].tolist()) | set(np.argsort(-lexical)[:CANDIDATES].tolist()):
            parts = {
                "dense": float(dense[ordinal]),
                "lexical": float(lexical[ordinal]),
                "topic": self._topic(ordinal, asked, context),
                "intent": intent.get(ordinal, 0.0) * context.intent_confidence,
                "form": self._form(self.index.passages[ordinal], kind),
                "coverage": self._words.coverage(ordinal, asked.tokens, self._title_tokens[ordinal]),
                "shown": float(self.index.passages[ordinal].id in context.last_passages),
                **{name: float(signal[ordinal]) for name, signal in further.items()},
            }
            score = sum(weight * parts[name] for name, weight in weights.items())
            hits.append(Hit(self.index.passages[ordinal], max(0.0, min(1.0, score)), parts))
        hits.sort(key=lambda hit: (-hit.score, hit.passage.id))
        return tuple(self._with_additions(self._whole_lists(hits)[: k or self.settings.top_k], asked.tokens))

    def focus(self, query: str) -> str:
        """Return what is asked: of a story the asking sentence, with the symptoms it only points at."""
        asking = without_exceptions(asking_part(query))
        if asking_part(query) == query:
            return asking
        own = self.lexicon.analyse(asking).entities
        if any(entity.entity == "symptom" for entity in own):
            return asking
        told = [entity.value for entity in self.lexicon.analyse(query).entities if entity.entity in _TOLD]
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
        """Return the content words and terms of the question in no passage and no anticipated question."""
        analysis = self.lexicon.analyse(self.focus(question))
        words = [
            word for word, stem in analysis.words.items() if stem not in self._answered_words and not word.isdecimal()
        ]
        terms = [
            entity.value
            for entity in analysis.entities
            if _token_of(entity) not in self._answered_words
            and not all(stem_word(word) in self._answered_words for word in entity.value.lower().split())
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
        return min(1.0, max(0.0, self.nearness(rest) - self.nearness(text)))

    def nearness(self, text: str) -> float:
        """Return the cosine of the passage nearest to the text, spelling mended; 0 without passages."""
        found = self.index.search(self._encoder.encode([self.lexicon.correct(text)]), 1)
        return float(found[0][1]) if found else 0.0

    def _signals(self, asked: Analysis, query: str) -> Signals:
        """Return for every passage its best cosine and its BM25 share, each within 0 and 1."""
        texts = dict.fromkeys([asked.text, asked.canonical_text])
        whole = self.lexicon.analyse(query).text
        if len(asked.text.split()) < len(whole.split()) // 2:
            texts[whole] = None
        vectors = self._encoder.encode(list(texts))
        dense = np.zeros(len(self.index.passages), dtype=np.float32)
        for row, vector in enumerate(vectors):
            for ordinal, score in self.index.search(vector[None, :], min(len(dense), 4 * CANDIDATES)):
                dense[ordinal] = max(dense[ordinal], score * OTHER_WORDING**row)
        return np.clip(dense, 0.0, 1.0), self._words.scores(asked.tokens)

    def _leaning_signals(
        self, alone: Signal, spoken: str, context: Context
    ) -> tuple[Signal, Signal, Mapping[str, Signal]]:
        """Return the signals of a question that leans on the last one, and the cosines that the first is made of."""
        words = self.lexicon.analyse(without_exceptions(spoken))
        own, _ = self._signals(words, spoken)
        after = after_last(spoken, context)
        with_last = self.lexicon.analyse(self.focus(after))
        last, lexical = self._signals(with_last, after)
        dense = np.average(np.stack([own, alone, last]), axis=0, weights=FOLLOW_UP).astype(np.float32)
        further = {"own": own, "last": last}
        if self._addressees is not None:
            both = np.stack([self._addressees.shares(self._vector(text)) for text in (words.text, with_last.text)])
            further["addressed"] = np.average(both, axis=0, weights=ADDRESSED_SHARES).astype(np.float32)
        if self._exchanges is not None:
            asked = (self._vector(self.lexicon.correct(text)) for text in (own_words(spoken), context.last_question))
            further["exchange"] = self._exchanges.shares(exchange_vectors(*asked))
        return dense, lexical, further

    def _vector(self, text: str) -> Signal:
        """Return the vector that was learned from; only where something was."""
        assert self.learned is not None  # noqa: S101 - its callers have looked
        return self.learned.vectors.of(text)

    def _topic(self, ordinal: int, asked: Analysis, context: Context) -> float:
        """Return how far the passage (less: its article) is about the terms that the question names."""
        wanted = {token for token in asked.tokens if token.startswith("=")}
        wanted = wanted or {token for token in self.lexicon.normalise(context.topic) if token.startswith("=")}
        if not wanted:
            return 0.0
        own, title = self._words.tokens[ordinal], self._title_tokens[ordinal]
        found = sum(self._words.idf(token) * (0.6 * (token in own) + 0.4 * (token in title)) for token in wanted)
        return found / sum(self._words.idf(token) for token in wanted)

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
            return 1.0 if kind == "compare" else 0.0
        if kind == "where" and passage.kind == "row":
            return 1.0
        if kind == "yes_no" and passage.text.startswith(("Yes", "No,", "No.")):
            return 1.0
        return min(0.5, passage.words / 60)

    def _with_additions(self, hits: Sequence[Hit], tokens: Sequence[str]) -> list[Hit]:
        """Note for each hit (`adds`) the share of the question's terms that it contains and the first hit does not."""
        if not hits:
            return []
        ordinals = [self._ordinals[hit.passage.id] for hit in hits]
        have = self._words.tokens[ordinals[0]]
        missing = [token for token in dict.fromkeys(tokens) if token not in have and token in self._words.vocabulary]
        whole = sum(self._words.idf(token) for token in dict.fromkeys(tokens))
        return [
            replace(
                hit,
                parts={
                    **hit.parts,
                    "adds": sum(self._words.idf(t) for t in missing if t in self._words.tokens[ordinal])
                    / max(whole, 1e-6),
                },
            )
            for hit, ordinal in zip(hits, ordinals, strict=True)
        ]

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


def _token_of(entity: Entity) -> str:
    return f"={entity.value.replace(' ', '_')}"
