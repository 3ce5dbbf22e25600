"""Looks at a question from all sides before it is answered: alarm, rules, what it leans on, hits, evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from healthqa.evidence import BESIDE_LEAD, Evidence, OwnWords, assess, assess_leaning
from healthqa.followup import (
    StandAlone,
    after_last,
    is_short,
    own_words,
    points_back,
    rule_text,
    standalone,
    without_set_aside,
)
from healthqa.live_index import LiveIndex
from healthqa.near_misses import NearMiss, NearMisses
from healthqa.refused_examples import RefusedExamples
from healthqa.retriever import Retriever
from healthqa.suggestions import topic_of
from healthqa.types import Context, Hit, RedFlag

__all__ = ["MORE_HITS", "Examination", "Examiner"]

# From this cosine on a question without evidence is refused as the kind of question it resembles.
BESIDE = 0.7
MORE_HITS = 30
# A question that is so near to a passage by its own words leans on nothing (cosine): docs/adr/0006-follow-ups.md.
OWN_NEARNESS = 0.8
# From this share on what was learned from exchanges is heard rather than a term put for another one. Of eight swapped
# dev follow-ups that both read otherwise it is right on seven.
SURE_EXCHANGE = 0.4


@dataclass(frozen=True)
class Examination:
    """Everything that was found out about a question before it is answered.

    :param question: the stand-alone question.
    :param near_miss: why it is refused by type, if it is.
    :param hits: best passages; empty where the question is not looked up.
    :param further: the passages after `hits`; rows of a table are taken from there.
    :param topic: what the question is about where it leans on nothing before; the next turn may lean on it.
    :param follows: it leans on the last question.
    """

    question: str
    red_flag: RedFlag | None = None
    near_miss: NearMiss | None = None
    hits: tuple[Hit, ...] = ()
    evidence: Evidence | None = None
    further: tuple[Hit, ...] = ()
    topic: str = ""
    follows: bool = False

    @property
    def probability(self) -> float:
        """How likely the first hit answers."""
        return self.evidence.probability if self.evidence else 0.0

    @property
    def answers(self) -> bool:
        """Whether the articles answer it."""
        return self.near_miss is None and self.evidence is not None and self.evidence.decision == "answer"


@dataclass(frozen=True)
class _Look:
    """One way to look at a question.

    :param standing: what it is read as.
    :param question: the reader's own words.
    :param leans: whether it is looked up together with the last question.
    """

    standing: StandAlone
    question: str
    context: Context
    retriever: Retriever
    leans: bool = False


class Examiner:
    """Examines questions against one index and its rules. Safe to use from several threads.

    :param top_k: passages that count as hits.
    :param threshold: probability from which on the first hit is shown.
    :param examples: questions that are refused; without them only rules, intents and missing evidence refuse.
    :param find_red_flag: text -> red flag; the one function that NLU uses too.
    """

    def __init__(
        self,
        live_index: LiveIndex,
        near_misses: NearMisses,
        examples: RefusedExamples | None,
        find_red_flag: Callable[[str], RedFlag | None],
        *,
        top_k: int,
        threshold: float,
    ) -> None:
        self._live_index = live_index
        self._near_misses = near_misses
        self._examples = examples
        self._find_red_flag = find_red_flag
        self._top_k = top_k
        self._threshold = threshold

    def examine(self, question: str, context: Context) -> Examination:
        """Look at a question from all sides.

        :raises HealthQAError: when the index or the encoder fails.
        """
        flag = self._find_red_flag(question)
        if flag is not None:
            return Examination(question, red_flag=flag)
        question = without_set_aside(question)
        retriever = self._live_index.retriever()
        standing = standalone(question, context, retriever.lexicon)
        look = _Look(standing, question, context, retriever)
        if not context.last_question or not is_short(question):
            return self._look_up(look)
        if standing.way == "swapped":
            return self._look_up_swapped(look)
        if standing.way != "own" and retriever.hears_exchanges:
            # What was learned of such words after such a question: docs/adr/0010-exchanges.md.
            return self._look_up(replace(look, leans=True))
        own = StandAlone(" ".join(question.split()))
        says_enough = retriever.nearness(own_words(question)) >= OWN_NEARNESS
        if says_enough or standing.way == "own":
            alone = self._look_up(replace(look, standing=own))
            if says_enough and (alone.answers or standing.way == "own"):
                return self._rather_leaning(look, alone)
            if standing.way == "own":
                leaning = self._look_up(replace(look, leans=True))
                return leaning if leaning.answers else alone
        return self._look_up(replace(look, leans=True))

    def lean(self, question: str, context: Context) -> Examination:
        """Look at a question as one that leans on the last one, whatever its own words say; alarms are not looked for.

        :raises HealthQAError: when the index or the encoder fails.
        """
        question = without_set_aside(question)
        retriever = self._live_index.retriever()
        standing = standalone(question, context, retriever.lexicon)
        return self._look_up(_Look(standing, question, context, retriever, leans=True))

    def _rather_leaning(self, look: _Look, alone: Examination) -> Examination:
        """Look up what names a subject and points back too ("does low B12 cause both?") with the last question."""
        if not look.retriever.hears_exchanges or not points_back(look.question):
            return alone
        leaning = self._look_up(replace(look, leans=True))
        return leaning if leaning.answers else alone

    def _look_up_swapped(self, look: _Look) -> Examination:
        """Look up the last question with another term in it, unless exchanges know better what is meant."""
        swapped = self._look_up(look)
        if not look.retriever.hears_exchanges:
            return swapped
        leaning = self._look_up(replace(look, leans=True))
        sure = leaning.answers and leaning.hits[0].parts.get("exchange", 0.0) >= SURE_EXCHANGE
        return leaning if sure or (leaning.answers and not swapped.answers) else swapped

    def _look_up(self, look: _Look) -> Examination:
        standing, retriever = look.standing, look.retriever
        topic = topic_of(standing.text, retriever.lexicon) if standing.way == "own" else ""
        near_miss = self._refused_by_rule(look)
        near_miss = near_miss or self._near_misses.by_intent(look.context.intent)
        if near_miss is not None and near_miss.strong:
            return Examination(standing.text, near_miss=near_miss, topic=topic)
        spoken = look.question if look.leans else None
        found = retriever.search(standing.text, look.context, MORE_HITS, spoken=spoken)
        hits = found[: self._top_k]
        beside, refused = self._nearest_refused(standing, look.question, retriever)
        evidence = self._judge_leaning(look, hits) if look.leans else self._judge(look, hits, beside)
        if near_miss is None and evidence.decision != "answer" and beside >= BESIDE:
            near_miss = refused
        if look.leans and standing.way != "own" and evidence.decision == "answer":
            # What kind of question a few words are is often taken wrongly: docs/adr/0006-follow-ups.md.
            near_miss = None
        return Examination(
            standing.text,
            near_miss=near_miss,
            hits=hits,
            further=found[len(hits) :],
            evidence=evidence,
            topic=topic,
            follows=look.leans or standing.way != "own",
        )

    def _judge(self, look: _Look, hits: Sequence[Hit], beside: float) -> Evidence:
        asked, retriever = look.standing.text, look.retriever
        uncovered = retriever.uncovered(asked)
        return assess(
            asked,
            hits,
            look.context,
            retriever.lexicon,
            uncovered=uncovered,
            drift=retriever.drift(asked, uncovered),
            beside=beside,
            follows=asked != " ".join(look.question.split()),
            plain=retriever.plain,
            answerability=self._learned(retriever.focus(asked), hits, retriever),
            threshold=self._threshold,
        )

    def _judge_leaning(self, look: _Look, hits: Sequence[Hit]) -> Evidence:
        words, retriever = own_words(look.question), look.retriever
        uncovered, with_last = retriever.uncovered(words), after_last(look.question, look.context)
        learned = self._learned(words, hits, retriever), self._learned(with_last, hits, retriever)
        own = OwnWords(
            words,
            complete=look.standing.way == "own",
            beside=self._beside(words, retriever),
            beside_last=self._beside(with_last, retriever),
            uncovered=uncovered,
            drift=retriever.drift(words, uncovered),
            answerability=None if learned[0] is None or learned[1] is None else (learned[0], learned[1]),
        )
        settings = {"plain": retriever.plain, "threshold": self._threshold}
        return assess_leaning(own, hits, look.context, retriever.lexicon, **settings)

    def _learned(self, text: str, hits: Sequence[Hit], retriever: Retriever) -> float | None:
        # Of an article without anticipated questions nothing was learned: all that it answers would look refused.
        if retriever.learned is None or not hits or not retriever.is_anticipated(hits[0].passage):
            return None
        return retriever.learned.answerability.score(retriever.lexicon.correct(text))

    def _beside(self, text: str, retriever: Retriever) -> float:
        return self._examples.nearest(retriever.lexicon.correct(text))[0] if self._examples else 0.0

    def _refused_by_rule(self, look: _Look) -> NearMiss | None:
        asked, retriever = look.standing, look.retriever
        texts = [rule_text(look.question)] + ([asked.text] if asked.way == "resolved" else [])
        about = look.context.last_question if look.leans or asked.way != "own" else ""
        found = (self._near_misses.find(retriever.lexicon.correct(text), retriever.covers, about) for text in texts)
        return next(filter(None, found), None)

    def _nearest_refused(self, asked: StandAlone, spoken: str, retriever: Retriever) -> tuple[float, NearMiss | None]:
        if self._examples is None:
            return 0.0, None
        correct = retriever.lexicon.correct
        if asked.way == "own":
            return self._examples.nearest(correct(retriever.focus(asked.text)))
        if asked.way != "joined":
            # What a pronoun stands for makes it a question that is refused only where nothing else is as near.
            found = self._examples.nearest(correct(asked.text))
            if found[0] > retriever.nearness(asked.text) + BESIDE_LEAD:
                return found
        # What stands behind a follow-up was answered before: the reader's own words count.
        return self._examples.nearest(correct(spoken))
