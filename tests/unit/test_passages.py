"""Passages: nothing lost, nothing cut, nothing invented, nothing shown without what it leans on."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from healthqa.articles import read_articles
from healthqa.errors import ArticleError
from healthqa.passages import HARD_LIMIT, MIN_WORDS, split_article, split_articles
from healthqa.sentences import depends_on_previous, split_sentences
from healthqa.settings import Settings
from healthqa.types import Article, Block, ListBlock, Paragraph, Passage, QuestionAndAnswer, Section, Table

SETTINGS = Settings.from_env({}, public_url="https://health.example")
KNOWLEDGE = Path(__file__).resolve().parents[2] / "knowledge" / "articles"


def article(*blocks: Block, **fields: object) -> Article:
    base = Article(
        "low-b12", "Low B12 and twitching", (Section("signs", "Signs of a lack", blocks),), path="low-b12.md"
    )
    return replace(base, **fields)  # type: ignore[arg-type]


def passages(*blocks: Block) -> tuple[Passage, ...]:
    return split_article(article(*blocks), SETTINGS)


def bare(text: str) -> str:
    """The words alone: a list's dashes and line ends are layout."""
    return " ".join(re.sub(r"(?m)^- ", "", text).split())


def words(number: int, begin: str = "Nerves") -> str:
    return f"{begin} {'need ' * (number - 2)}it."


def test_paragraph_becomes_a_passage_with_its_place() -> None:
    text = "A lack of B12 can cause twitching. It harms nerves."
    (passage,) = passages(Paragraph(text))
    assert passage.id == "low-b12#signs-1"
    assert (passage.text, passage.kind) == (text, "text")
    assert passage.sentences == ("A lack of B12 can cause twitching.", "It harms nerves.")
    assert (passage.title, passage.section) == ("Low B12 and twitching", "Signs of a lack")
    assert passage.url == "/webhooks/web/articles/low-b12#signs"
    assert passage.encode_texts == (text, f"Signs of a lack. {text}")


def test_publisher_address_and_review_date_are_carried() -> None:
    block = Paragraph("A lack of B12 can cause twitching.")
    (passage,) = split_article(
        article(block, url="https://publisher.example/b12#top", last_reviewed=date(2024, 5, 31)), SETTINGS
    )
    assert passage.url == "https://publisher.example/b12#signs"
    assert passage.reviewed == "2024-05-31"
    assert passages(block)[0].reviewed == ""


def test_overview_is_headed_by_the_title_for_the_encoder() -> None:
    block = Paragraph("A lack of B12 can cause twitching.")
    base = article(sections=(Section("overview", "Overview", (block,)),))
    assert split_article(base, SETTINGS)[0].encode_texts[1] == f"Low B12 and twitching. {block.text}"


def test_long_paragraph_is_split_evenly_between_sentences() -> None:
    sentences = [words(20, f"Nerve{number}") for number in range(6)]
    found = passages(Paragraph(" ".join(sentences)))
    assert [passage.words for passage in found] == [60, 60]
    assert [sentence for passage in found for sentence in passage.sentences] == sentences


def test_sentence_that_refers_back_stays_with_the_one_before() -> None:
    sentences = [words(45), words(40, "Muscles"), words(30, "However,")]
    assert [passage.sentences for passage in passages(Paragraph(" ".join(sentences)))] == [
        (sentences[0],),
        (sentences[1], sentences[2]),
    ]


def test_short_paragraph_joins_its_neighbour_and_a_long_one_does_not() -> None:
    found = passages(Paragraph("Most pass."), Paragraph(words(20)), Paragraph(words(20, "Muscles")))
    assert [passage.text for passage in found] == [f"Most pass.\n{words(20)}", words(20, "Muscles")]


def test_paragraph_that_refers_back_joins_the_one_before() -> None:
    (passage,) = passages(Paragraph(words(20)), Paragraph(words(20, "These")))
    assert len(passage.sentences) == 2


def test_sentence_too_long_to_show_is_refused() -> None:
    with pytest.raises(ArticleError, match=r"low-b12\.md, section .*: A sentence has 121 words, 120 is the most"):
        passages(Paragraph(words(121)))


def test_list_is_a_passage_and_so_is_each_item_with_its_introduction() -> None:
    block = ListBlock(("Tingling: pins in both hands.", "Numbness"), "Signs of it are:")
    whole, tingling = passages(block)  # one word says too little on its own
    assert whole.text == "Signs of it are:\n- Tingling: pins in both hands.\n- Numbness"
    assert whole.sentences == ("Signs of it are:", "Tingling: pins in both hands.", "Numbness")
    assert tingling.text == "Signs of it are:\n- Tingling: pins in both hands."
    assert tingling.encode_texts[0] == "Signs of it are: Tingling: pins in both hands."
    assert {passage.kind for passage in (whole, tingling)} == {"list"}


def test_list_too_long_to_show_is_split_between_items() -> None:
    items = tuple(words(35, f"Item{number}") for number in range(4))
    found = passages(ListBlock(items, "The four items are:"))
    assert [passage.text.count("\n") for passage in found] == [2, 2, 1, 1, 1, 1]
    assert all(passage.text.startswith("The four items are:\n") for passage in found)


def test_list_without_introduction_leaves_out_items_that_say_nothing() -> None:
    found = passages(ListBlock(("Rest", "Water", "Stretch")))
    assert found == ()
    found = passages(ListBlock(("Rest", "Water and some salt with it")))
    assert [passage.text for passage in found] == [
        "- Rest\n- Water and some salt with it",
        "Water and some salt with it",
    ]


TABLE = Table(
    ("Cause", "Related factors", "Typical location"),
    (("Stress and anxiety", "Stress hormones.", "Eyelid"), ("Caffeine", "Too much of it", "")),
    "Causes compared",
)


def test_table_and_each_row_are_passages_that_name_the_columns() -> None:
    whole, stress, caffeine = passages(TABLE)
    assert stress.text == "Stress and anxiety \u2013 Related factors: Stress hormones. Typical location: Eyelid"
    assert caffeine.text == "Caffeine \u2013 Related factors: Too much of it"
    assert (whole.kind, whole.table) == ("table", TABLE)
    assert (stress.kind, stress.table) == ("row", None)
    assert whole.text == f"Causes compared\n{stress.text}\n{caffeine.text}"
    assert stress.encode_texts == (stress.text, f"Causes compared. {stress.text}")


def test_table_with_subjects_in_its_columns_has_a_passage_for_each() -> None:
    table = Table(
        ("Feature", "B12 cramps", "Dehydration cramps"), (("Where", "Hands and feet", "Worked muscle, legs"),)
    )
    texts = [passage.text for passage in passages(table) if passage.kind == "row"]
    assert "Dehydration cramps \u2013 Where: Worked muscle, legs" in texts


def test_copied_table_keeps_its_header_with_each_row() -> None:
    table = Table(("Cause Factors Place",), (("Stress Worry Eyelid",), ("Coffee Much Any",)))
    rows = [passage.text for passage in passages(table) if passage.kind == "row"]
    assert rows == ["Cause Factors Place \u2013 Stress Worry Eyelid", "Cause Factors Place \u2013 Coffee Much Any"]


def test_long_table_row_is_split_between_cells() -> None:
    table = Table(("Cause", "A", "B"), (("Stress", words(80), words(70)),))
    rows = [passage for passage in passages(table) if passage.kind == "row"]
    assert [row.words for row in rows] == [83, 73]
    assert all(row.text.startswith("Stress \u2013 ") for row in rows)
    with pytest.raises(ArticleError, match="table cell"):
        passages(Table(("Cause", "A"), (("Stress", words(130)),)))


def test_faq_shows_the_answer_and_is_found_by_its_question() -> None:
    (passage,) = passages(QuestionAndAnswer("Is it a cramp?", "No, it is not. It does not hurt."))
    assert (passage.kind, passage.question) == ("faq", "Is it a cramp?")
    assert passage.text == "No, it is not. It does not hurt."
    assert passage.encode_texts == ("Is it a cramp?", "Is it a cramp? No, it is not. It does not hurt.")


def test_faq_without_its_question_is_found_by_its_answer() -> None:
    (passage,) = passages(QuestionAndAnswer("", "No, it is not a cramp."))
    assert passage.question == ""
    assert passage.encode_texts[0] == "No, it is not a cramp."


def test_equal_text_is_kept_once_and_found_by_both_questions() -> None:
    (passage,) = passages(
        QuestionAndAnswer("Is it a cramp?", "No, it is not a cramp."),
        QuestionAndAnswer("Cramp?", "No, it is not a cramp."),
    )
    assert "Is it a cramp?" in passage.encode_texts and "Cramp?" in passage.encode_texts
    one, two = article(Paragraph(words(10))), article(Paragraph(words(10)), slug="other")
    assert [found.article_slug for found in split_articles((one, two), SETTINGS)] == ["low-b12"]


# Sentences whose pairs fit a passage: how longer ones are refused or repeated has its own tests.
_OPENERS = st.sampled_from(
    ["Nerves", "However,", "This", "A test", "It", "Muscles", "e.g. Twitches", "Dr. Smith", "But"]
)
_WORDS = st.lists(
    st.sampled_from(["need", "B12", "e.g.", "(and so)", "2.5", "mg,", "approx."]), min_size=4, max_size=50
)
_SENTENCES = st.builds(lambda begin, rest: f"{begin} {' '.join(rest)} end.", _OPENERS, _WORDS)
_PARAGRAPHS = st.lists(_SENTENCES, min_size=1, max_size=8).map(" ".join).map(Paragraph)
_LISTS = st.builds(
    ListBlock, st.lists(_SENTENCES, min_size=1, max_size=8).map(tuple), st.sampled_from(["", "They are:"])
)
_ANSWERS = st.builds(QuestionAndAnswer, st.sampled_from(["", "Why?"]), _PARAGRAPHS.map(lambda block: block.text))
_ARTICLES = st.lists(
    st.lists(st.one_of(_PARAGRAPHS, _PARAGRAPHS, _LISTS, _ANSWERS), min_size=1, max_size=5), min_size=1, max_size=3
).map(
    lambda parts: article(
        sections=tuple(Section(f"part-{n}", f"Part {n}", tuple(blocks)) for n, blocks in enumerate(parts))
    )
)


def source_units(block: Block) -> list[str]:
    if isinstance(block, Paragraph):
        return [block.text]
    if isinstance(block, QuestionAndAnswer):
        return [block.answer]
    assert isinstance(block, ListBlock)
    return list(block.items)


def source_sentences(source: Article) -> list[str]:
    units = [unit for section in source.sections for block in section.blocks for unit in source_units(block)]
    return [unit[start:end] for unit in units for start, end in split_sentences(unit)]


@hypothesis_settings(max_examples=60, deadline=None)
@given(_ARTICLES)
def test_any_article_keeps_every_sentence_whole_and_in_order(source: Article) -> None:
    found = split_article(source, SETTINGS)
    expected = source_sentences(source)
    shown = {sentence for passage in found for sentence in passage.sentences}
    assert set(expected) <= shown, "no sentence is lost"
    assert shown - set(expected) <= {"They are:"}, "no sentence is cut or invented"
    everything = "\n".join(
        "\n".join([getattr(block, "intro", ""), *source_units(block)])
        for part in source.sections
        for block in part.blocks
    )
    for passage in found:
        if passage.kind != "list" or "They are:" not in passage.text:
            assert bare(passage.text) in bare(everything), "word for word, in source order"


@hypothesis_settings(max_examples=60, deadline=None)
@given(_ARTICLES)
def test_any_article_has_unique_passages_of_fitting_length(source: Article) -> None:
    found = split_article(source, SETTINGS)
    assert len({passage.id for passage in found}) == len(found)
    assert len({passage.text for passage in found}) == len(found)
    for passage in found:
        assert MIN_WORDS <= passage.words <= HARD_LIMIT
        assert re.fullmatch(rf"low-b12#{passage.section_slug}-\d+", passage.id)
        assert passage.encode_texts and all(passage.encode_texts)


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.lists(_SENTENCES, min_size=2, max_size=6).map(" ".join))
def test_no_passage_begins_without_what_it_refers_to(text: str) -> None:
    sentences = [text[start:end] for start, end in split_sentences(text)]
    for passage in passages(Paragraph(text)):
        first = passage.sentences[0]
        if not depends_on_previous(first) or first == sentences[0]:
            continue
        # Only where a chain of references is longer than a passage may be; it was shown before, with its predecessor.
        at = sentences.index(first)
        chain = at
        while chain > 0 and depends_on_previous(sentences[chain]):
            chain -= 1
        assert len(" ".join(sentences[chain : at + len(passage.sentences)]).split()) > HARD_LIMIT


@pytest.mark.skipif(not KNOWLEDGE.is_dir(), reason="the project has no articles yet")
def test_own_articles_hold_the_promises() -> None:
    articles = read_articles(KNOWLEDGE)
    found = split_articles(articles, SETTINGS)
    assert len({passage.id for passage in found}) == len(found) > 50
    source = bare(" ".join(repr(one.sections) for one in articles).replace("\\n", " "))
    for passage in found:
        if passage.kind != "table":
            assert MIN_WORDS <= passage.words <= HARD_LIMIT
        assert not depends_on_previous(passage.sentences[0]) or passage.kind in ("list", "faq"), passage.id
        if passage.kind in ("text", "faq"):
            for sentence in passage.sentences:
                assert bare(sentence) in source
