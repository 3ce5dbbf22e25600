"""The one entry: a reader's question in, a complete reply out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from healthqa.answer import compose_answer, compose_fixed
from healthqa.encoder import OnnxEncoder
from healthqa.evidence import Evidence
from healthqa.examiner import MORE_HITS, Examination, Examiner
from healthqa.hotlines import Hotlines
from healthqa.joining import passages_to_show, says_the_same
from healthqa.lexicon import Lexicon
from healthqa.live_index import LiveIndex
from healthqa.near_misses import NearMisses
from healthqa.provenance import Provenance
from healthqa.refused_examples import RefusedExamples
from healthqa.safety import detect, finder_of
from healthqa.settings import Settings
from healthqa.suggestions import related_questions, topic_of
from healthqa.texts import Texts
from healthqa.types import Answer, AnswerKind, Context, Hit, RedFlag

__all__ = ["Assistant"]

logger = logging.getLogger(__name__)

# With a soft refusal (an intent that is often wrong), evidence this strong still shows the passage.
STRONG_EVIDENCE = 0.85
# A further passage is offered when it scores at least this share of the best one.
MORE_SHARE = 0.6
# Words about the assistant ("do you have anything on vegans?") that hide a question: they were taken for such with less
# confidence than SURE_TALK, and the articles answer them with this evidence. Chosen on 1,320 fresh messages, of which
# 19 questions were taken for talk: with these, 14 are answered and no talk is (docs/adr/0011-hidden-questions.md).
SURE_TALK = 0.98
HIDDEN_EVIDENCE = 0.7
# Below this confidence a rule for what is refused is believed rather than the intent.
DOUBTED_TALK = 0.5


class Assistant:
    """Answers from the index; refuses, asks back or raises the alarm otherwise. Safe to use from several threads.

    :param examples: questions that are refused; without them only rules, intents and missing evidence refuse.
    :param find_red_flag: text -> red flag; the one function that NLU uses too.
    :param alarm_values: what the alarm texts' placeholders become (numbers of the configured country).
    """

    def __init__(
        self,
        settings: Settings,
        live_index: LiveIndex,
        lexicon: Lexicon,
        near_misses: NearMisses,
        texts: Texts,
        *,
        examples: RefusedExamples | None = None,
        find_red_flag: Callable[[str], RedFlag | None] = detect,
        alarm_values: dict[str, str] | None = None,
    ) -> None:
        self.settings = settings
        self.texts = texts
        self._live_index = live_index
        self._lexicon = lexicon
        self._examiner = Examiner(
            live_index,
            near_misses,
            examples,
            find_red_flag,
            top_k=settings.top_k,
            threshold=settings.threshold,
        )
        self._alarm_values = dict(alarm_values or {})
        self._provenance = Provenance(settings.articles_dir)

    @classmethod
    def load(cls, settings: Settings) -> Assistant:
        """Load encoder, index, lexicon and texts.

        :raises HealthQAError: when one of them cannot be used; the message says what to run or to mend.
        """
        texts = Texts.load(settings.responses_path)
        lexicon = Lexicon.load(settings.lexicon_dir)
        near_misses = NearMisses.load(settings.lexicon_dir)
        hotlines = Hotlines.load(settings.lexicon_dir / "hotlines.yml")
        encoder = OnnxEncoder.load(settings.encoder_dir, threads=settings.encoder_threads)
        live_index = LiveIndex(settings, encoder, lexicon)
        live_index.retriever()
        values = hotlines.values(settings.country or None)
        examples = RefusedExamples(encoder, near_misses.examples)
        return cls(
            settings,
            live_index,
            lexicon,
            near_misses,
            texts,
            examples=examples,
            find_red_flag=lambda text: finder_of(settings).detect(text),
            alarm_values=values,
        )

    def reply(self, question: str, context: Context | None = None) -> Answer:
        """Answer, ask back, refuse or raise the alarm. Never raises: a failure is a reply as well."""
        context = context or Context()
        if not question.strip():
            return compose_fixed("clarify", self.texts.get("utter_empty"), reason="empty message")
        try:
            return self.conclude(self.examine(question, context), context)
        except Exception as error:
            return self._failure(error)

    def examine(self, question: str, context: Context | None = None) -> Examination:
        """Look at a question from all sides without answering it (`reply` and `ask --explain`).

        :raises HealthQAError: when the index or the encoder fails.
        """
        return self._examiner.examine(question, context or Context())

    def conclude(self, examination: Examination, context: Context | None = None) -> Answer:
        """Turn what was found into the reply."""
        flag, near_miss, evidence = examination.red_flag, examination.near_miss, examination.evidence
        if flag is not None:
            text = self.texts.get(f"utter_{flag.kind}", **self._alarm_values)
            return compose_fixed(flag.kind, text, reason=f"red flag: {flag.category}")
        confident = evidence is not None and evidence.probability >= STRONG_EVIDENCE
        if near_miss is not None and not (confident and not near_miss.strong):
            text = self.texts.get(near_miss.response, key=examination.question)
            reason = f"near miss: {near_miss.type} ({near_miss.evidence})"
            return compose_fixed("refuse", text, question=examination.question, topic=examination.topic, reason=reason)
        if evidence is None or evidence.decision == "refuse":
            return self._no_evidence(examination)
        if evidence.decision == "clarify":
            return self._did_you_mean(examination)
        found = (*examination.hits, *examination.further)
        shown = passages_to_show(found, self.settings.max_words, evidence.question_type)
        others = [hit for hit in examination.hits if hit not in shown]
        answer = self._answer(examination.question, shown, others, evidence)
        # A follow-up without a term of its own goes on about the same.
        return replace(answer, topic=context.topic) if context and examination.follows and not answer.topic else answer

    def hidden(self, question: str, context: Context) -> Answer | None:
        """Answer or refuse the question that hides in words about the assistant; None where there is none.

        :param context: its intent and confidence say what the words were taken for.
        :raises HealthQAError: when the index or the encoder fails.
        """
        if context.intent_confidence >= SURE_TALK or not question.strip():
            return None
        found = self.examine(question)
        answered = found.answers and found.probability >= HIDDEN_EVIDENCE
        refused = found.near_miss is not None and found.near_miss.strong and context.intent_confidence < DOUBTED_TALK
        return self.conclude(found) if answered or refused else None

    def more(self, context: Context) -> Answer:
        """Show the next best passage for the last question; for one that was refused there is none."""
        if not context.last_question or not context.last_passages:
            return self._fixed("clarify", "utter_no_previous")
        try:
            hits = self._live_index.retriever().search(context.last_question, context, MORE_HITS)
            fresh = [hit for hit in hits if hit.passage.id not in context.last_passages]
            seen = [hit for hit in hits if hit.passage.id in context.last_passages]
            fresh = [hit for hit in fresh if not any(says_the_same(hit, shown) for shown in seen)]
            if not fresh or fresh[0].score < MORE_SHARE * hits[0].score:
                return self._fixed("clarify", "utter_no_more", question=context.last_question)
            return self._answer(context.last_question, fresh[:1], fresh[1:], None)
        except Exception as error:
            return self._failure(error)

    def sources(self, context: Context) -> Answer:
        """Name the articles of the last answer and their own sources; before any answer, say where all come from."""
        if not context.last_passages and not context.last_question:
            return self._fixed("smalltalk", "utter_about_articles")
        if not context.last_passages:
            return self._fixed("clarify", "utter_no_sources")
        try:
            text = self._provenance.describe(context.last_passages, self._live_index.retriever().passages)
        except Exception as error:
            return self._failure(error)
        if not text:
            return self._fixed("clarify", "utter_no_sources")
        return compose_fixed("smalltalk", text, disclaimer=True, reason="sources of the last answer")

    def explain(self, context: Context) -> Answer:
        """Say why the last passage was shown."""
        if not context.last_question or not context.last_passages:
            return self._fixed("clarify", "utter_no_previous")
        try:
            text = self._provenance.why(context, self._live_index.retriever())
        except Exception as error:
            return self._failure(error)
        return compose_fixed("smalltalk", text, disclaimer=True, reason="why the last answer was shown")

    def _answer(self, question: str, shown: Sequence[Hit], others: Sequence[Hit], evidence: Evidence | None) -> Answer:
        retriever = self._live_index.retriever()
        limit = self.settings.max_words
        scores = [
            retriever.sentence_scores(question, hit.passage) if hit.passage.words > limit else () for hit in shown
        ]
        probability = evidence.probability if evidence else shown[0].score
        return compose_answer(
            shown,
            sentence_scores=scores,
            suggestions=related_questions(others, shown, question),
            confidence=probability,
            question=question,
            topic=topic_of(question, retriever.lexicon),
            reason=f"evidence {probability:.2f}, score {shown[0].score:.2f}",
            max_words=limit,
        )

    def _did_you_mean(self, examination: Examination) -> Answer:
        suggestions = related_questions(examination.hits, (), examination.question)
        if not suggestions:
            return self._no_evidence(examination)
        answer = self._fixed("clarify", "utter_did_you_mean", key=examination.question, suggestions=suggestions)
        return _with_evidence(answer, examination, "middling evidence")

    def _no_evidence(self, examination: Examination) -> Answer:
        answer = self._fixed("refuse", "utter_no_evidence", key=examination.question)
        return _with_evidence(answer, examination, "no evidence")

    def _fixed(
        self, kind: AnswerKind, name: str, key: str = "", suggestions: Sequence[str] = (), question: str = ""
    ) -> Answer:
        return compose_fixed(kind, self.texts.get(name, key=key), suggestions, question=question, reason=name)

    def _failure(self, error: Exception) -> Answer:
        # The reader's words may stand in the error's text: only its type is logged.
        logger.error("A question could not be answered: %s", type(error).__name__)
        return self._fixed("refuse", "utter_error")


def _with_evidence(answer: Answer, examination: Examination, why: str) -> Answer:
    evidence = examination.evidence
    probability = evidence.probability if evidence else 0.0
    missing = f"; not covered: {', '.join(evidence.uncovered_terms)}" if evidence and evidence.uncovered_terms else ""
    return replace(
        answer,
        question=examination.question,
        topic=examination.topic,
        confidence=probability,
        reason=f"{why} {probability:.2f}{missing}",
    )
