"""Readers of copied texts and saved pages: what of them is the article, and what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from healthqa.types import ListBlock, Paragraph, QuestionAndAnswer, Source, Table
from tests.unit.reading import read, refused, texts

COPIED = """Skip to content

Home > Health > Muscles

Can stress cause cramps? A Short Guide

4 min read

Stress can be one of several causes of cramps in a muscle.

Quick Summary

Stress, coffee and sport can each lead to cramps.

Key Points

  • Stress: it makes muscles tense.

  • Coffee: too much of it
    makes them restless.

In This Article

How Stress Affects Muscles
It tightens them, and a muscle that is tight for hours may cramp in the end.

Comparison of Causes

Cause Related Factors Place
Stress Worry, little sleep Any muscle
Coffee More than usual Eyelids

What Helps

Some people find these helpful:

  1. Rest
  2) Water

Frequently Asked Questions

Rest helps most people within a day.

Can it come back?

It can, if the stress does.

References

  1. 1
  2. 2
  3. A Journal of Muscles, 2020

Medical Disclaimer

This is not advice.
"""


def test_copied_page_loses_what_is_not_the_article(tmp_path: Path) -> None:
    article = read(tmp_path, COPIED, "Stress_cramps.txt")
    assert (article.title, article.slug) == ("Can stress cause cramps? A Short Guide", "stress-cramps")
    assert article.sources == (Source("A Journal of Muscles, 2020"),)
    found = texts(article)
    for gone in ("Skip to", "min read", "Home >", "not advice", "In This Article", "References"):
        assert gone not in found


def test_copied_page_keeps_lists_tables_and_answers_apart(tmp_path: Path) -> None:
    sections = {section.title: section.blocks for section in read(tmp_path, COPIED, "a.txt").sections}
    assert sections["Key Points"] == (
        ListBlock(("Stress: it makes muscles tense.", "Coffee: too much of it makes them restless.")),
    )
    assert sections["How Stress Affects Muscles"][0] == Paragraph(
        "It tightens them, and a muscle that is tight for hours may cramp in the end."
    )
    (table,) = sections["Comparison of Causes"]
    assert isinstance(table, Table)
    assert table.rows == (("Stress Worry, little sleep Any muscle",), ("Coffee More than usual Eyelids",))
    assert sections["What Helps"] == (ListBlock(("Rest", "Water"), "Some people find these helpful:"),)
    assert sections["Frequently Asked Questions"] == (
        QuestionAndAnswer("", "Rest helps most people within a day."),
        QuestionAndAnswer("Can it come back?", "It can, if the stress does."),
    )


def test_copied_table_with_tabs_gets_its_columns_back(tmp_path: Path) -> None:
    text = "A Title\n\nIntro sentence stands here.\n\nCause\tPlace\nStress\tEyelid\nCoffee\tAny\n"
    table = read(tmp_path, text, "a.txt").sections[0].blocks[1]
    assert table == Table(("Cause", "Place"), (("Stress", "Eyelid"), ("Coffee", "Any")))


def test_copied_text_that_was_wrapped_is_one_paragraph(tmp_path: Path) -> None:
    text = "A Title\n\nA paragraph that was wrapped at a width by\n"
    text += "some program, with Vitamin\nB12 at the head of a line.\n"
    assert read(tmp_path, text, "a.txt").sections[0].blocks == (
        Paragraph("A paragraph that was wrapped at a width by some program, with Vitamin B12 at the head of a line."),
    )


def test_copied_page_without_a_title_is_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, "This is a sentence of the text.\n\nAnother one.\n", "a.txt")
    assert error.where == "line 1" and "no title" in str(error)


PAGE = """<!doctype html><html lang="en-GB"><head><meta charset="latin-1"><title>Cramps | A Publisher</title>
<meta name="author" content="A. Writer"><link rel="canonical" href="https://example.org/cramps">
<meta property="article:published_time" content="2024-05-31T10:00:00Z">
<script type="application/ld+json">{"@graph": [{"@type": "FAQPage", "mainEntity": [
 {"@type": "Question", "name": "Is it a twitch?", "acceptedAnswer": {"@type": "Answer", "text": "another wording"}},
 {"@type": ["Question"], "name": "Can coffee do it?", "acceptedAnswer": [{"@type": "Answer",
  "text": "<p>Yes, caf&eacute; drinks<script>alert(1)<\\/script> can do it.</p>"}]}]}]}</script>
<script type="application/ld+json">{broken</script></head>
<body><nav><a href="/">Home</a></nav><article><h1>Cramps \u2013 what helps</h1>
<p>A cramp is a <b>pain</b>ful and sudden tightening of a muscle, and it has many causes.</p>
<h2 id="signs">Signs of a cramp</h2><p>Most people notice at least one of these when it begins. The signs are:</p>
<ul><li><b>Pain</b>: sudden</li><li>A hard <a href="javascript:x()">muscle</a><script>alert(2)</script></li></ul>
<table><caption>Where and when</caption><tr><th>Cause</th><th>Place</th><th>Time</th></tr>
<tr><td>Sport</td><td>Calf</td><td>Day</td></tr><tr><td>Unknown</td><td colspan="2">Anywhere</td></tr></table>
<h2>Frequently asked questions</h2><h3>Is it a twitch?</h3><p>No, a twitch is small and it mostly does not hurt.</p>
<details><summary>Does stretching help?</summary><p>Yes, stretching often helps within a minute or two.</p></details>
<h2>Medical disclaimer</h2><p>This page is not advice and does not replace a doctor.</p></article>
<footer>\u00a9 A Publisher. <a href="/privacy">Privacy</a></footer><script>alert(3)</script></body></html>"""


def test_saved_page_becomes_text_with_its_address(tmp_path: Path) -> None:
    article = read(tmp_path, PAGE, "page.html")
    assert (article.title, article.url) == ("Cramps \u2013 what helps", "https://example.org/cramps")
    assert (article.author, article.published, article.language) == ("A. Writer", date(2024, 5, 31), "en")
    found = texts(article)
    for gone in ("alert", "<", "Home", "Privacy", "not advice", "javascript"):
        assert gone not in found


def test_saved_page_keeps_structure(tmp_path: Path) -> None:
    overview, signs, faq = read(tmp_path, PAGE, "page.html").sections
    assert overview.blocks == (
        Paragraph("A cramp is a painful and sudden tightening of a muscle, and it has many causes."),
    )
    assert (signs.slug, signs.title) == ("signs", "Signs of a cramp")
    assert signs.blocks == (
        Paragraph("Most people notice at least one of these when it begins."),
        ListBlock(("Pain: sudden", "A hard muscle"), "The signs are:"),
        Table(
            ("Cause", "Place", "Time"),
            (("Sport", "Calf", "Day"), ("Unknown", "Anywhere", "Anywhere")),
            "Where and when",
        ),
    )
    assert faq.blocks == (
        QuestionAndAnswer("Is it a twitch?", "No, a twitch is small and it mostly does not hurt."),
        QuestionAndAnswer("Does stretching help?", "Yes, stretching often helps within a minute or two."),
        QuestionAndAnswer("Can coffee do it?", "Yes, caf\u00e9 drinks can do it."),
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("https://example.org/cramps", "javascript:alert(1)", "web address"),
        ("<td>Calf</td>", "", "ragged"),
        ("<h1>Cramps \u2013 what helps</h1>", "", ""),
    ],
)
def test_saved_page_that_cannot_be_used(tmp_path: Path, old: str, new: str, words: str) -> None:
    if words:
        assert words in str(refused(tmp_path, PAGE.replace(old, new), "page.html"))
    else:
        assert read(tmp_path, PAGE.replace(old, new), "page.html").title == "Cramps | A Publisher"


def test_page_without_an_article_is_refused(tmp_path: Path) -> None:
    assert "No article text" in str(refused(tmp_path, "<html><title>A</title><body></body></html>", "a.html"))
    assert "no title" in str(refused(tmp_path, "<p>Some text without any title stands here.</p>", "a.html"))
