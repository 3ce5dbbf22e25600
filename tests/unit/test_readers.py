"""Readers: what an editor's Markdown file becomes, and which files are refused with which words."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from healthqa.articles import read_article
from healthqa.errors import ArticleError
from healthqa.types import ListBlock, Paragraph, QuestionAndAnswer, Source, Table
from tests.unit.reading import HEAD, read, refused, texts


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
