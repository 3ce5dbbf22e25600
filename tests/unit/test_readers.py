"""Readers: what an editor's file, a saved page and a copied text become, and what is refused with which words."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from healthqa.articles import read_article
from healthqa.errors import ArticleError
from healthqa.types import Article, ListBlock, Paragraph, QuestionAndAnswer, Source, Table

HEAD = "---\ntitle: Low B12\nslug: low-b12\n---\n"


def read(tmp_path: Path, text: str | bytes, name: str = "article.md") -> Article:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_article(path)


def refused(tmp_path: Path, text: str | bytes, name: str = "article.md") -> ArticleError:
    with pytest.raises(ArticleError) as caught:
        read(tmp_path, text, name)
    assert name in str(caught.value)
    assert caught.value.advice, "an error says what to do"
    return caught.value


def texts(article: Article) -> str:
    return repr(article.sections)


def test_markdown_front_matter_is_read(tmp_path: Path) -> None:
    article = read(
        tmp_path,
        "---\ntitle: 'B12: the facts'\nurl: https://example.org/b12\nauthor: A. Writer\npublished: 2024-02-29\n"
        'last_reviewed:\nsources:\n  - {name: "A journal", url: ""}\nlicence: CC BY 4.0\n---\n\nSome text.\n',
        "B12 Facts.md",
    )
    assert (article.title, article.slug, article.url) == ("B12: the facts", "b12-facts", "https://example.org/b12")
    assert (article.published, article.last_reviewed, article.language) == (date(2024, 2, 29), None, "en")
    assert article.sources == (Source("A journal"),)
    assert len(article.sha256) == 64


def test_markdown_blocks_keep_their_kind_and_words(tmp_path: Path) -> None:
    article = read(
        tmp_path,
        HEAD + "It *can* be\n[a **cause**](https://example.org).\n\n## Signs {#signs}\n"
        "They differ from person to person. "
        "Common ones are:\n\n- **Tingling**: pins\n  - in hands\n  - in feet\n- Numbness\n\nTable: Two causes\n\n"
        "| Cause | Place |\n|---|---|\n| Stress \\| worry | *Eyelid* |\n\n## FAQ\n### Is it a cramp?\n"
        "No, it is not.\n\nSome kinds:\n- one\n- two\n\n**Does it hurt?**\n\nMostly it does not hurt.\n",
    )
    overview, signs, faq = article.sections
    assert (overview.slug, overview.blocks) == ("overview", (Paragraph("It can be a cause."),))
    assert (signs.slug, signs.title) == ("signs", "Signs")
    assert signs.blocks == (
        Paragraph("They differ from person to person."),
        ListBlock(("Tingling: pins: in hands; in feet", "Numbness"), "Common ones are:"),
        Table(("Cause", "Place"), (("Stress | worry", "Eyelid"),), "Two causes"),
    )
    assert faq.blocks == (
        QuestionAndAnswer("Is it a cramp?", "No, it is not.\nSome kinds:\n- one\n- two"),
        QuestionAndAnswer("Does it hurt?", "Mostly it does not hurt."),
    )


@pytest.mark.parametrize(
    "markup",
    [
        "<script>alert(1)</script>Text that stays.",
        "Text <script>alert(1)</script> that stays.",
        "<style>p {color: red}</style>\n\nText that stays.",
        "<div onclick='alert(1)'>Text that stays.</div>",
        "Text <img src=x onerror=alert(1)> that stays.",
        "Text <!-- alert(1) --> that stays.",
        "<iframe src='https://example.org/alert(1)'></iframe>\n\nText that stays.",
    ],
)
def test_markdown_markup_never_leaves_the_reader(tmp_path: Path, markup: str) -> None:
    found = texts(read(tmp_path, HEAD + markup + "\n"))
    assert "stays" in found
    assert "alert" not in found and "<" not in found and "color" not in found


def test_markdown_heading_names_are_made_unique(tmp_path: Path) -> None:
    article = read(
        tmp_path, HEAD + "## Causes\nOne.\n\n## Causes\nTwo.\n\n## Ärzte & 'Tests'\nThree.\n\n## 维生素\nFour.\n"
    )
    assert [section.slug for section in article.sections] == ["causes", "causes-2", "arzte-tests", "section"]


def test_markdown_title_is_taken_from_the_first_heading_where_there_is_no_field(tmp_path: Path) -> None:
    assert read(tmp_path, "# Low B12\n\nSome text.\n").title == "Low B12"


def test_text_is_freed_of_invisible_characters(tmp_path: Path) -> None:
    article = read(
        tmp_path, "\ufeff" + HEAD + "Low\u00a0B\u200b12 \u202ecan\u202c cau\u00adse e\u0301t\u00e9.\r\nMore.\r\n"
    )
    assert article.sections[0].blocks == (Paragraph("Low B12 can cause \u00e9t\u00e9. More."),)


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("Some text.\n", "field `title`", "no title"),
        ("---\nslug: a\n---\nText\n", "field `title`", "no title"),
        ("---\ntitle: A\n\nText\n", "line 1", "not closed"),
        ("---\ntitle: A\nauthr: B\n---\nText\n", "line 3", "Did you mean `author`?"),
        ("---\ntitle: A\nzzz: B\n---\nText\n", "line 3", "The fields are: title"),
        ("---\ntitle: A\ntitle: B\n---\nText\n", "line 3", "twice"),
        ("---\ntitle: A: B\n---\nText\n", "line 2", "not valid YAML"),
        ("---\n- a\n---\nText\n", "line 2", "no list of fields"),
        ("---\ntitle: &a A\nauthor: *a\n---\nText\n", "", "alias"),
        ("---\ntitle: [a]\n---\nText\n", "field `title`", "plain text"),
        ("---\ntitle: A\npublished: yesterday\n---\nText\n", "field `published`", "'yesterday' is not a date"),
        ("---\ntitle: A\nlast_reviewed: 2023-02-30\n---\nText\n", "field `last_reviewed`", "YYYY-MM-DD"),
        ("---\ntitle: A\nnext_review: 1/2/2024\n---\nText\n", "field `next_review`", "not a date"),
        ("---\ntitle: A\nslug: ../x\n---\nText\n", "field `slug`", "address"),
        ("---\ntitle: A\nlanguage: ../x\n---\nText\n", "field `language`", "language code"),
        ("---\ntitle: A\nurl: javascript:alert(1)\n---\nText\n", "field `url`", "not a web address"),
        ("---\ntitle: A\nurl: example.org/a\n---\nText\n", "field `url`", "https://"),
        ("---\ntitle: A\nurl: 'https://a.org/\"onload=x'\n---\nText\n", "field `url`", "not a web address"),
        ("---\ntitle: A\nsources: [{name: B, url: 'data:x'}]\n---\nText\n", "field `sources[1].url`", "web address"),
        ("---\ntitle: A\nsources: [{url: ''}]\n---\nText\n", "field `sources[1]`", "no name"),
        ("---\ntitle: A\nsources: B\n---\nText\n", "field `sources`", "list"),
        (HEAD + "See [this](javascript:alert(1)).\n", "line 5", "`javascript:`"),
        (HEAD + "a\n\nSee [this](<java\tscript:alert(1)>).\n", "line 7", "link"),
        (HEAD + "See [this](JaVaScRiPt&colon;alert(1)).\n", "line 5", "link"),
        (HEAD + "- See ![x](data:text/html;base64,xx)\n", "line 5", "`data:`"),
        (HEAD + "See [this][1].\n\n[1]: vbscript:x\n", "line 5", "`vbscript:`"),
        (HEAD + "<a href='javascript:x()'>this</a>\n", "line 5", "`javascript:`"),
        (HEAD + "| A | B |\n|---|---|\n| 1 | 2 |\n| 3 |\n", "line 8", "this row has 1 cells, its header 2"),
        (HEAD + "| A | B |\n|---|---|\n| 1 | 2 | 3 |\n", "line 7", "this row has 3 cells"),
        (HEAD + "| A | B | C |\n|---|---|\n| 1 | 2 |\n", "line 6", "ragged"),
        (HEAD + "| A | B |\n|---|---|\n|  | 2 |\n", "line 7", "no name"),
        (HEAD + "| A | B |\n|---|---|\n", "line 5", "no rows"),
        (HEAD + "Table: A caption\n\nText\n", "line 6", "No table follows"),
        (HEAD + "## A {#a}\nB\n\n## C {#a}\nD\n", "line 8", "Two headings"),
        (HEAD + "## FAQ\n### Why?\n### How?\nSo.\n", "line 7", "'Why?'"),
        (HEAD + "## FAQ\n### Why?\nBecause.\n", "", "fewer than 5 words"),
        (HEAD + "[" * 300_000, "line 5", "300000 characters"),
        (HEAD, "", "no text"),
    ],
)
def test_markdown_error_names_place_and_remedy(tmp_path: Path, text: str, where: str, words: str) -> None:
    error = refused(tmp_path, text)
    assert error.where == where
    assert words in str(error)


@pytest.mark.parametrize("name", ["a.md", "a.html", "a.txt"])
def test_empty_file_is_refused(tmp_path: Path, name: str) -> None:
    assert "empty" in str(refused(tmp_path, " \n\u200b\n", name))


def test_file_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    error = refused(tmp_path, b"---\ntitle: caf\xe9\n---\nText\n")
    assert error.where == "line 2" and "UTF-8" in str(error)
    assert "zero bytes" in str(refused(tmp_path, b"---\ntitle: A\x00\n---\nText\n"))


def test_huge_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "huge.md"
    with path.open("wb") as stream:
        stream.truncate(50 * 1024 * 1024)
    monkeypatch.setattr(Path, "open", lambda *_args, **_more: pytest.fail("the file was opened"))
    with pytest.raises(ArticleError, match="50 MB"):
        read_article(path)


def test_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    with pytest.raises(ArticleError, match="regular file"):
        read_article(tmp_path / "pipe.md")


def test_unknown_suffix_is_refused(tmp_path: Path) -> None:
    assert ".md" in str(refused(tmp_path, "text", "a.pdf"))


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
