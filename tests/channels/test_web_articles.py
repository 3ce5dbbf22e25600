"""The articles as pages."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from lxml import html
from web_server import FakeAgent, Served, Server, settings

from healthqa.answer import DISCLAIMER
from healthqa.articles import read_articles
from healthqa.articles_html import article_page, articles_page
from healthqa.passages import split_articles
from healthqa.settings import Settings
from healthqa.types import Article, ListBlock, Paragraph, QuestionAndAnswer, Section, Source, Table

ROOT = Path(__file__).resolve().parents[2]
NASTY = '<img src=x onerror="alert(1)">\'&'


def nasty_article() -> Article:
    blocks = (
        Paragraph(NASTY),
        ListBlock((NASTY,), NASTY),
        Table((NASTY, NASTY), ((NASTY, NASTY),), NASTY),
        QuestionAndAnswer(NASTY, NASTY),
    )
    return Article(
        slug="nasty",
        title=NASTY,
        sections=(Section('a"><script>alert(1)</script>', NASTY, blocks),),
        url="javascript:alert(1)",
        author=NASTY,
        sources=(Source(NASTY, "javascript:alert(1)"), Source("Data", "data:text/html,x"), Source("Bad", "http://[")),
        licence=NASTY,
        language='"><script>',
    )


def test_article_text_is_never_markup() -> None:
    tree = html.fromstring(article_page(nasty_article(), NASTY))
    assert not tree.xpath("//img | //script | //@onerror | //@style")
    assert {link for link in tree.xpath("//main//@href") if not link.startswith("#")} == {"./", "../"}
    assert NASTY in tree.text_content()


def test_list_of_articles_escapes_titles() -> None:
    tree = html.fromstring(articles_page((nasty_article(),), "d"))
    assert not tree.xpath("//img | //script")


def test_unreviewed_article_says_so_and_reviewed_one_gives_the_date() -> None:
    article = Article("a", "A", (), published=date(2026, 1, 2))
    assert "No clinician has reviewed this article yet." in article_page(article, "d")
    reviewed = article_page(Article("a", "A", (), last_reviewed=date(2026, 3, 4)), "d")
    assert "Last reviewed on 2026-03-04." in reviewed
    assert "No clinician" not in reviewed


def test_web_link_of_a_source_is_a_link() -> None:
    page = article_page(Article("a", "A", (), sources=(Source("Journal", "https://example.org/x"),)), "d")
    assert '<a href="https://example.org/x" rel="noopener noreferrer">Journal</a>' in page


def test_every_link_of_every_passage_opens_its_section(web: Served) -> None:
    core = Settings.from_env({"HEALTHQA_ROOT": str(ROOT)})
    articles = read_articles(core.articles_dir)
    pages: dict[str, html.HtmlElement] = {}
    passages = split_articles(articles, core)
    assert len(passages) > 20
    for passage in passages:
        address, _, anchor = passage.url.partition("#")
        if address not in pages:
            response = web.get(address.removeprefix("/webhooks/web/"))
            assert response.status_code == 200, address
            pages[address] = html.fromstring(response.text)
        assert pages[address].xpath("//section[@id=$anchor]", anchor=anchor), passage.url
    assert len(pages) == len(articles)


def test_article_page_holds_every_table_and_section(web: Served) -> None:
    for article in read_articles(ROOT / "knowledge" / "articles"):
        tree = html.fromstring(web.get(f"articles/{article.slug}").text)
        tables = [block for section in article.sections for block in section.blocks if isinstance(block, Table)]
        assert len(tree.xpath("//table")) == len(tables) > 0
        assert not tree.xpath("//script")
        ids = tree.xpath("//@id")
        assert len(ids) == len(set(ids)) == len(article.sections)
        text = re.sub(r"\s+", " ", tree.text_content())
        for fact in ("Author", "Published", "Last reviewed", "Licence", "CC BY 4.0"):
            assert fact in text


def test_unknown_article_is_a_page_that_says_so(web: Served) -> None:
    response = web.get("articles/no-such-article")
    assert response.status_code == 404
    assert "There is no article at this address." in response.text


@pytest.mark.parametrize("path", ["", "articles"])
def test_address_without_its_slash_leads_on(web: Served, path: str) -> None:
    import requests

    response = requests.get(f"{web.address}{path}".rstrip("/"), timeout=10)
    assert response.status_code == 200
    assert response.url.endswith("/")


def test_changed_article_is_shown_and_a_broken_one_leaves_the_old(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    source = (ROOT / "knowledge" / "articles" / "low-b12-muscle-twitching.md").read_text(encoding="utf-8")
    path = folder / "low-b12-muscle-twitching.md"
    path.write_text(source, encoding="utf-8")
    with Server(FakeAgent(), settings(tmp_path, articles_dir=folder)) as served:
        address = "articles/low-b12-muscle-twitching"
        assert served.get(address).status_code == 200
        path.write_text(re.sub(r"(?m)^title: .*$", "title: A new title", source), encoding="utf-8")
        assert "<h1>A new title</h1>" in served.get(address).text
        path.write_text("---\nbroken", encoding="utf-8")
        assert "<h1>A new title</h1>" in served.get(address).text


def test_chat_page_has_no_inline_code_and_links_to_the_articles_without_script(web: Served) -> None:
    tree = html.fromstring(web.get("").text)
    assert not tree.xpath("//script[not(@src)] | //style | //@style | //@onclick")
    links = tree.xpath("//noscript//@href")
    assert len(links) == 2
    for link in links:
        assert web.get(link).status_code == 200
    assert tree.xpath("//health-chat[@server='./']/h1/text()")
    assert json.loads(tree.xpath("//health-chat/@strings")[0])["disclaimer"] == DISCLAIMER
    assert DISCLAIMER in tree.xpath("string(//noscript)")


@pytest.mark.parametrize(
    ("accepted", "zipped"),
    [("gzip, br", True), ("br;q=1, GZIP;q=0.5", True), ("gzip;q=0", False), ("br, gzip;q=0.0", False), ("", False)],
)
def test_widget_is_sent_compressed_to_browsers_that_take_that(web: Served, accepted: str, zipped: bool) -> None:
    plain = web.get("static/widget.js", headers={"Accept-Encoding": ""})
    response = web.get("static/widget.js", headers={"Accept-Encoding": accepted})
    assert (response.headers.get("Content-Encoding") == "gzip") is zipped
    assert response.headers["Vary"] == "Origin, Accept-Encoding"
    assert response.content == plain.content
    assert (response.headers["ETag"] != plain.headers["ETag"]) is zipped
    if zipped:
        assert int(response.headers["Content-Length"]) < len(plain.content) / 2


def test_static_file_is_not_sent_twice(web: Served) -> None:
    first = web.get("static/widget.js")
    assert first.headers["Content-Type"].startswith("text/javascript")
    assert web.get("static/widget.js", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
