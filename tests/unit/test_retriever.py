from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest

from healthqa.errors import IndexFolderError
from healthqa.index import build_index
from healthqa.lexicon import Lexicon
from healthqa.live_index import LiveIndex
from healthqa.retriever import Retriever
from healthqa.settings import Settings
from healthqa.types import Context
from healthqa.weights import FOLLOW_UP, WEIGHTS
from tests.unit.small_project import encoder, make_project


@pytest.fixture()
def settings(tmp_path: Path) -> Settings:
    return make_project(tmp_path)


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    settings = make_project(tmp_path_factory.mktemp("project"))
    return LiveIndex(settings, encoder(), Lexicon.load(settings.lexicon_dir)).retriever()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("question", "section"),
    [
        ("can low b12 cause muscle twitching", "can-low-b12-cause-muscle-twitching"),
        ("how do they diagnose a b12 deficiency", "how-is-a-b12-deficiency-diagnosed"),
        ("which foods contain b12", "which-foods-contain-vitamin-b12"),
        ("low magnesium eyelids", "how-do-magnesium-and-calcium-matter"),
    ],
)
def test_retriever_finds_the_section(retriever: Retriever, question: str, section: str) -> None:
    assert retriever.search(question)[0].passage.section_slug == section


def test_retriever_scores_and_parts_lie_between_0_and_1(retriever: Retriever) -> None:
    hits = retriever.search("can low b12 cause twitching", Context(intent="ask_cause_link", intent_confidence=1.0))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    for hit in hits:
        assert set(WEIGHTS) <= set(hit.parts)
        assert 0.0 <= hit.score <= 1.0
        assert all(0.0 <= part <= 1.0 for part in hit.parts.values()), hit.parts


def test_retriever_weights_add_up_to_one() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1.0)


def test_retriever_finds_nothing_for_an_empty_question(retriever: Retriever) -> None:
    assert retriever.search("   ") == ()


def test_retriever_returns_as_many_hits_as_asked_for(retriever: Retriever) -> None:
    assert len(retriever.search("b12", k=2)) == 2


def test_retriever_names_words_that_no_passage_has(retriever: Retriever) -> None:
    assert retriever.uncovered("can low b12 cause tinnitus") == ("tinnitus",)
    assert retriever.uncovered("can low b12 cause twitching") == ()


def test_retriever_covers_only_what_the_corpus_contains(retriever: Retriever) -> None:
    assert retriever.covers("magnesium")
    assert not retriever.covers("vitamin d")
    assert not retriever.covers("metformin")


def test_retriever_mends_typos_towards_the_corpus(retriever: Retriever) -> None:
    hits = retriever.search("how is b12 deficincy diagnoseed")
    assert hits[0].passage.section_slug == "how-is-a-b12-deficiency-diagnosed"


def test_followup_words_are_not_drowned_by_the_topic(retriever: Retriever) -> None:
    joined = "vegans – vitamin b12 deficiency and muscle twitching?"
    context = Context(last_passages=(retriever.search("can low b12 cause muscle twitching")[0].passage.id,))
    best = retriever.search(joined, context, spoken="what about vegans")[0]
    assert best.passage.section_slug == "which-foods-contain-vitamin-b12"
    own, alone, last = FOLLOW_UP
    without = {hit.passage.id: hit.parts["dense"] for hit in retriever.search(joined, k=99)}
    expected = own * best.parts["own"] + alone * without[best.passage.id] + last * best.parts["last"]
    assert best.parts["dense"] == pytest.approx(expected, abs=1e-5)


def test_live_index_takes_a_new_version_after_a_second_without_a_restart(settings: Settings) -> None:
    clock = Clock()
    live = LiveIndex(settings, encoder(), Lexicon.load(settings.lexicon_dir), clock)
    before = live.retriever()
    article = settings.articles_dir / "twitching.md"
    article.write_text(article.read_text() + "\n## Does stress matter?\n\nStress can cause twitching of one eye too.\n")
    build_index(settings.articles_dir, settings, encoder())
    assert live.retriever() is before
    clock.now += 1.5
    after = live.retriever()
    assert after.version != before.version
    assert after.search("stress")[0].passage.section_slug == "does-stress-matter"
    # A turn that began with the old version ends with it.
    assert before.search("which foods contain b12")


def test_live_index_keeps_the_old_version_when_the_new_one_is_broken(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    live = LiveIndex(settings, encoder(), Lexicon.load(settings.lexicon_dir), clock)
    before = live.retriever()
    pointer = settings.index_dir / "current"
    good = pointer.read_text()
    pointer.write_text("no-such-version")
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            clock.now += 2
            assert live.retriever() is before
    assert len(caplog.records) == 1
    pointer.write_text(good)
    clock.now += 2
    assert live.retriever() is before


def test_live_index_says_what_to_run_where_there_is_no_index(settings: Settings, tmp_path: Path) -> None:
    from dataclasses import replace

    bare = replace(settings, index_dir=tmp_path / "nothing")
    with pytest.raises(IndexFolderError, match="make index"):
        LiveIndex(bare, encoder(), Lexicon.load(settings.lexicon_dir)).retriever()


def test_live_index_serves_many_threads_while_it_changes(settings: Settings) -> None:
    clock = Clock()
    live = LiveIndex(settings, encoder(), Lexicon.load(settings.lexicon_dir), clock)
    live.retriever()
    article = settings.articles_dir / "twitching.md"
    article.write_text(article.read_text() + "\n## Does stress matter?\n\nStress can cause twitching of one eye too.\n")
    build_index(settings.articles_dir, settings, encoder())
    clock.now += 2
    failed: list[BaseException] = []

    def ask() -> None:
        try:
            for _ in range(5):
                assert live.retriever().search("can low b12 cause twitching")
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
