"""Which hits make up a reply."""

from __future__ import annotations

from healthqa.joining import GAP, THIRD_GAP, passages_to_show
from healthqa.types import Hit, Passage
from healthqa.whole_lists import lists_of_items


def passage(name: str, text: str, kind: str = "text", section: str = "one") -> Passage:
    return Passage(f"a#{name}", "a", section, kind, text, (text,), "A", "One", "http://x")  # type: ignore[arg-type]


SHORT = passage("one-1", "Low B12 harms the nerves.")
OTHER = passage("two-1", "Injections bypass the gut.", section="two")
ROWS = [passage(f"t-{n}", f"Cause {n} brings sign {n}.", "row", "t") for n in range(3)]
TABLE = passage("t-9", "word " * 200, "table", "t")


def names(hits: tuple[Hit, ...]) -> list[str]:
    return [hit.passage.id for hit in hits]


def test_a_second_passage_is_shown_when_it_is_nearly_as_good() -> None:
    assert names(passages_to_show([Hit(SHORT, 0.9), Hit(OTHER, 0.9 - GAP / 2)], 90)) == ["a#one-1", "a#two-1"]


def test_a_text_comes_before_the_row_that_is_one_case_of_it() -> None:
    assert names(passages_to_show([Hit(ROWS[0], 0.9), Hit(SHORT, 0.88)], 90)) == ["a#one-1", "a#t-0"]


def test_a_second_passage_is_left_out_when_it_is_worse() -> None:
    assert names(passages_to_show([Hit(SHORT, 0.9), Hit(OTHER, 0.9 - 2 * GAP)], 90)) == ["a#one-1"]


def test_a_second_passage_is_left_out_when_both_are_too_long() -> None:
    long = passage("two-1", " ".join(f"word{n}" for n in range(140)), section="two")
    assert names(passages_to_show([Hit(SHORT, 0.9), Hit(long, 0.9)], 90)) == ["a#one-1"]


def test_a_second_passage_that_says_the_same_is_left_out() -> None:
    again = passage("two-1", "Low B12 harms the nerves again.", section="two")
    assert names(passages_to_show([Hit(SHORT, 0.9), Hit(again, 0.9)], 90)) == ["a#one-1"]


def test_a_big_table_is_replaced_by_its_best_rows() -> None:
    hits = [Hit(TABLE, 0.9), Hit(ROWS[2], 0.8), Hit(OTHER, 0.79), Hit(ROWS[0], 0.7), Hit(ROWS[1], 0.6)]
    assert names(passages_to_show(hits, 90)) == ["a#t-2", "a#t-0"]


def test_a_comparison_shows_two_rows_of_a_table_that_is_nearly_as_good() -> None:
    hits = [Hit(SHORT, 0.9), Hit(TABLE, 0.88), Hit(ROWS[0], 0.5), Hit(ROWS[1], 0.4)]
    assert names(passages_to_show(hits, 90, "compare")) == ["a#t-0", "a#t-1"]
    assert names(passages_to_show(hits, 90, "what")) == ["a#one-1"]


def test_a_short_introduction_leads_to_its_list() -> None:
    lead = passage("s-1", "Common ones are these.", section="s")
    items = passage("s-2", "Common ones are:\n- numbness\n- tingling", "list", "s")
    assert lists_of_items([lead, items, SHORT], 90)["a#s-1"] is items
    assert "a#one-1" not in lists_of_items([SHORT, items], 90)


def test_of_two_as_near_the_one_with_the_missing_words_comes_second() -> None:
    hits = [Hit(SHORT, 0.9), Hit(OTHER, 0.88, {"adds": 0.0}), Hit(ROWS[0], 0.86, {"adds": 0.5})]
    assert names(passages_to_show(hits, 90))[:2] == ["a#one-1", "a#t-0"]


def test_a_row_answers_where() -> None:
    hits = [Hit(SHORT, 0.9), Hit(OTHER, 0.88), Hit(ROWS[0], 0.86)]
    assert names(passages_to_show(hits, 90, "where"))[:2] == ["a#one-1", "a#t-0"]


def test_a_text_that_compares_by_itself_is_not_replaced_by_rows() -> None:
    hits = [Hit(SHORT, 0.9, {"coverage": 0.8}), Hit(TABLE, 0.88, {"coverage": 0.3}), Hit(ROWS[0], 0.5)]
    assert names(passages_to_show(hits, 90, "compare")) == ["a#one-1"]


def test_three_short_passages_fit_and_a_fourth_does_not_come() -> None:
    more = [
        passage(f"m-{n}", f"Sign {n} is {word}.", section=f"m{n}") for n, word in enumerate(("pain", "cold", "heat"))
    ]
    hits = [Hit(SHORT, 0.9), *(Hit(one, 0.88) for one in more)]
    assert len(passages_to_show(hits, 90)) == 3


def test_there_is_no_third_where_nothing_came_second() -> None:
    hits = [Hit(SHORT, 0.9), Hit(OTHER, 0.9 - (GAP + THIRD_GAP) / 2)]
    assert names(passages_to_show(hits, 90)) == ["a#one-1"]
