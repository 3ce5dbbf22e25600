"""Which of two readings is taken: a term put for another one, words that stand alone, words that lean on the last."""

from __future__ import annotations

from dataclasses import replace

import pytest

from healthqa.evidence import Evidence
from healthqa.examiner import SURE_EXCHANGE, Examination, Examiner
from healthqa.types import Context, Hit, Passage

CONTEXT = Context(last_question="what causes muscle twitching", topic="muscle twitching", last_passages=("a#b-1",))


class Retriever:
    """Finds all words near to a passage; looking up is what the tests replace."""

    def __init__(self, hears_exchanges: bool) -> None:
        from healthqa.lexicon import Lexicon
        from healthqa.settings import Settings

        self.lexicon = Lexicon.load(Settings.from_env({}).lexicon_dir)
        self.hears_exchanges = hears_exchanges

    def nearness(self, text: str) -> float:
        return 1.0


class Index:
    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever

    def retriever(self) -> Retriever:
        return self._retriever


def found(name: str, answers: bool, exchange: float = 0.0) -> Examination:
    passage = Passage(name, "a", "b", "text", "Words.", ("Words.",), "A", "B", "")
    evidence = Evidence(0.9 if answers else 0.1, (), "other", "answer" if answers else "refuse")
    return Examination(name, hits=(Hit(passage, 0.5, {"exchange": exchange}),), evidence=evidence)


def examine(
    question: str, *, hears: bool, swapped: Examination, leaning: Examination, context: Context = CONTEXT
) -> str:
    class Looks(Examiner):
        def _look_up(self, look: object) -> Examination:
            return leaning if look.leans else swapped  # type: ignore[attr-defined]

    index = Index(Retriever(hears))
    examiner = Looks(index, None, None, lambda text: None, top_k=5, threshold=0.5)  # type: ignore[arg-type]
    return examiner.examine(question, context).question


@pytest.mark.parametrize(
    ("swapped", "exchange", "leaning", "wanted"),
    [
        (True, SURE_EXCHANGE - 0.1, True, "swapped"),
        (True, SURE_EXCHANGE, True, "leaning"),
        (False, 0.1, True, "leaning"),
        (True, 0.9, False, "swapped"),
        (False, 0.9, False, "swapped"),
    ],
)
def test_swapped_question_gives_way_only_to_an_answer_that_exchanges_are_sure_of(
    swapped: bool, exchange: float, leaning: bool, wanted: str
) -> None:
    ways = {"swapped": found("swapped", swapped), "leaning": found("leaning", leaning, exchange)}
    assert examine("no, I meant cramps", hears=True, **ways) == wanted


def test_without_exchanges_the_swapped_question_stands() -> None:
    ways = {"swapped": found("swapped", False), "leaning": found("leaning", True, 0.9)}
    assert examine("no, I meant cramps", hears=False, **ways) == "swapped"


def test_follow_up_near_a_passage_leans_all_the_same_where_exchanges_were_learned() -> None:
    ways = {"swapped": found("alone", True), "leaning": found("leaning", True)}
    assert examine("does it hurt?", hears=True, **ways) == "leaning"
    assert examine("does it hurt?", hears=False, **ways) == "alone"


def test_whole_question_without_a_last_one_is_looked_up_alone() -> None:
    ways = {"swapped": found("alone", True), "leaning": found("leaning", True, 0.9)}
    nothing_before = replace(CONTEXT, last_question="", topic="")
    assert examine("does it hurt?", hears=True, context=nothing_before, **ways) == "alone"


@pytest.mark.parametrize(
    ("question", "hears", "leaning", "wanted"),
    [
        ("does low B12 cause both", True, True, "leaning"),
        ("does low B12 cause both", True, False, "alone"),
        ("does low B12 cause both", False, True, "alone"),
        ("does low B12 cause cramps", True, True, "alone"),
    ],
)
def test_subject_of_its_own_stands_alone_unless_the_words_point_back_too(
    question: str, hears: bool, leaning: bool, wanted: str
) -> None:
    ways = {"swapped": found("alone", True), "leaning": found("leaning", leaning)}
    assert examine(question, hears=hears, **ways) == wanted
