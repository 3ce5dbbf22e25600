"""For which passage a question was asked: learned from the anticipated ones, neutral where nothing was anticipated."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
import yaml

from healthqa.addressing import Addressees, Addressing, Kernel
from healthqa.answerability import CARD_FILE, Learned
from healthqa.answerability_training import GAMMA, RIDGE, ridge, train_answerability
from healthqa.index import build_index
from healthqa.lexicon import Lexicon
from healthqa.live_index import LiveIndex
from healthqa.retriever import Retriever
from healthqa.settings import Settings
from healthqa.types import Context
from healthqa.weights import ADDRESSED, FOLLOW_UP_WEIGHTS, WEIGHTS, weights_of
from tests.unit.small_project import ARTICLE, encoder, make_project
from tests.unit.test_answerability import SUBJECTS, FakeReader

READER = FakeReader(48, "reader-1")
DIAGNOSIS, FOODS = "twitching#how-is-a-b12-deficiency-diagnosed-1", "twitching#which-foods-contain-vitamin-b12-1"
# The words of a question say nothing of the passage that it was anticipated for: only learning can tell.
LISTED = {
    DIAGNOSIS: [f"who finds out about {one} and {other}" for one in SUBJECTS for other in SUBJECTS],
    FOODS: [f"whence comes {one} beside {other}" for one in SUBJECTS for other in SUBJECTS],
}


def write_questions(folder: Path, settings: Settings) -> Path:
    """Write the anticipated questions, as many refused ones into the lexicon, and return the questions' folder."""
    refused = [f"how much {one} against {other}" for one in SUBJECTS for other in SUBJECTS]
    examples = {"dose": {"response": "utter_refuse_dose", "texts": refused}}
    (settings.lexicon_dir / "near_misses.yml").write_text(yaml.safe_dump({"rules": [], "examples": examples}))
    (folder / "questions").mkdir()
    (folder / "questions" / "twitching.yml").write_text(yaml.safe_dump({"passages": LISTED}))
    return folder / "questions"


OTHER_ARTICLE = ARTICLE.replace("Twitching and low B12", "Sleep").replace("slug: twitching", "slug: sleep")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A project with questions for two passages of its one article."""
    folder = tmp_path_factory.mktemp("project")
    settings = make_project(folder)
    asked = dataclasses.replace(settings, questions_dir=write_questions(folder, settings))
    build_index(asked.articles_dir, asked, encoder())
    return asked


@pytest.fixture(scope="module")
def learned(project: Settings) -> Learned:
    """What its questions taught."""
    return learned_of(project)


def learned_of(settings: Settings) -> Learned:
    """Learn and read it again."""
    folder = train_answerability(settings, encoder(), READER)
    assert folder is not None
    return Learned.load(folder, encoder(), READER)


def retriever_of(settings: Settings, learned: Learned | None) -> Retriever:
    return LiveIndex(settings, encoder(), Lexicon.load(settings.lexicon_dir), learn=lambda: learned).retriever()


@pytest.mark.parametrize(
    ("question", "passage"), [("who finds out about tea", DIAGNOSIS), ("whence comes tea beside milk", FOODS)]
)
def test_question_unlike_the_learned_ones_finds_their_passage_first(
    project: Settings, learned: Learned, question: str, passage: str
) -> None:
    hits = retriever_of(project, learned).search(question)
    assert hits[0].passage.id == passage
    assert hits[0].parts["addressed"] == max(hit.parts["addressed"] for hit in hits) > 0.5


def test_follow_up_is_ranked_by_what_was_learned_of_its_words_with_the_last_question(
    project: Settings, learned: Learned
) -> None:
    context = Context(last_question="who finds out about fish and eggs")
    spoken = "whence comes tea"
    retriever = retriever_of(project, learned)
    found = {hit.passage.id: hit.parts["addressed"] for hit in retriever.search(spoken, context, spoken=spoken)}
    alone = {hit.passage.id: hit.parts["addressed"] for hit in retriever.search(spoken)}
    assert found[FOODS] < alone[FOODS]
    assert found[DIAGNOSIS] > alone[DIAGNOSIS]


def test_scores_stay_between_nothing_and_one_and_are_what_the_parts_add_up_to(
    project: Settings, learned: Learned
) -> None:
    for hit in retriever_of(project, learned).search("who finds out about fish and eggs"):
        weights = weights_of(leans=False, learned=True)
        assert hit.score == pytest.approx(sum(weight * hit.parts[name] for name, weight in weights.items()), abs=1e-6)
        assert 0.0 <= hit.score <= 1.0


def test_nothing_is_added_where_nothing_was_learned(project: Settings) -> None:
    assert all("addressed" not in hit.parts for hit in retriever_of(project, None).search("whence comes tea"))


def test_what_is_learned_while_the_assistant_runs_is_used_after_a_second(project: Settings, learned: Learned) -> None:
    now, taught = [0.0], [None, learned]
    live = LiveIndex(project, encoder(), Lexicon.load(project.lexicon_dir), lambda: now[0], lambda: taught[0])
    before = live.retriever()
    taught.pop(0)
    now[0] += 2
    assert live.retriever() is before
    assert before.learned is None
    card = project.answerability_dir / CARD_FILE
    os.utime(card, ns=(0, card.stat().st_mtime_ns + 10**9))
    now[0] += 2
    assert live.retriever().learned is learned
    # A turn that began before ends with what it had.
    assert before.search("who finds out about fish")


@pytest.mark.parametrize(("leans", "weights"), [(False, WEIGHTS), (True, FOLLOW_UP_WEIGHTS)])
def test_weights_in_use_add_up_to_those_of_the_parts(leans: bool, weights: dict[str, float]) -> None:
    total = sum(weights.values())
    assert weights_of(leans=leans, learned=False) == weights
    with_learned = weights_of(leans=leans, learned=True)
    assert sum(with_learned.values()) == pytest.approx((total + ADDRESSED) / (1.0 + ADDRESSED))


def test_passages_of_an_article_without_questions_are_held_as_likely_as_the_likeliest(
    project: Settings, learned: Learned, tmp_path: Path
) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    (articles / "twitching.md").write_text(ARTICLE)
    (articles / "sleep.md").write_text(OTHER_ARTICLE.replace("B12", "sleep"))
    wider = dataclasses.replace(project, articles_dir=articles, index_dir=tmp_path / "index")
    build_index(articles, wider, encoder())
    hits = retriever_of(wider, learned).search("who finds out about fish", k=50)
    asked = [hit.parts["addressed"] for hit in hits if hit.passage.article_slug == "twitching"]
    new = {hit.parts["addressed"] for hit in hits if hit.passage.article_slug == "sleep"}
    assert new == {max(asked)}


def test_weights_are_those_of_kernel_ridge_regression() -> None:
    from sklearn.kernel_ridge import KernelRidge

    questions = np.random.default_rng(7).normal(size=(40, 6)).astype(np.float32) / 3
    wanted = np.eye(3)[[row % 3 for row in range(40)]]
    theirs = KernelRidge(alpha=RIDGE, kernel="rbf", gamma=GAMMA).fit(questions, wanted)
    asked = np.random.default_rng(8).normal(size=(5, 6)).astype(np.float32) / 3
    ours = Kernel(questions, GAMMA).to(asked) @ ridge(questions, wanted, RIDGE)
    assert ours == pytest.approx(theirs.predict(asked), abs=1e-3)


def test_shares_lie_between_nothing_and_one_for_any_vector() -> None:
    questions = np.eye(4, dtype=np.float32)
    addressing = Addressing(("a#1", "b#1"), questions, np.full((4, 2), 9.0, dtype=np.float32) * [1, -1], 0.5)
    for vector in (questions[0], 100 * questions[0], np.zeros(4, dtype=np.float32)):
        shares = addressing.shares(vector)
        assert shares.min() >= 0.0
        assert shares.max() <= 1.0
    assert Addressees(addressing, ()).shares(questions[0]).shape == (0,)
