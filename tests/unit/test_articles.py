"""A folder of articles: which files count, and what two of them may not do."""

from __future__ import annotations

from pathlib import Path

import pytest

from healthqa.articles import read_articles
from healthqa.errors import ArticleError


def write(folder: Path, name: str, title: str = "A title", slug: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"---\ntitle: {title}\nslug: {slug}\n---\nSome text of the article.\n", encoding="utf-8")
    return path


def test_articles_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    write(tmp_path, "b.md")
    write(tmp_path, "a.MD")
    (tmp_path / "c.txt").write_text("The title\n\nA paragraph stands here.\n", encoding="utf-8")
    assert [article.slug for article in read_articles(tmp_path)] == ["a", "b", "c"]


def test_files_that_are_no_articles_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    for name in (".hidden.md", "README.md", "picture.png", "notes.yml"):
        (tmp_path / name).write_bytes(b"\xff\xfe")
    write(tmp_path / "page_files.html", "inner.md")
    assert [article.slug for article in read_articles(tmp_path)] == ["a"]


def test_two_articles_with_one_slug_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.md", slug="same")
    write(tmp_path, "b.md", slug="same")
    with pytest.raises(ArticleError, match=r"b\.md, field `slug`: It has the slug 'same', and so has a\.md\. Give one"):
        read_articles(tmp_path)


def test_folder_without_articles_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArticleError, match="holds no article"):
        read_articles(tmp_path)
    with pytest.raises(ArticleError, match="no such folder"):
        read_articles(tmp_path / "missing")


def test_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    secret = write(tmp_path / "elsewhere", "secret.md")
    folder = tmp_path / "articles"
    write(folder, "a.md")
    (folder / "b.md").symlink_to(secret)
    with pytest.raises(ArticleError, match=r"b\.md: It is a link that leads out"):
        read_articles(folder)


def test_link_within_the_folder_is_followed_and_its_slug_counts(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    (tmp_path / "b.md").symlink_to(tmp_path / "a.md")
    assert [article.slug for article in read_articles(tmp_path)] == ["a", "b"]


def test_unreadable_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").symlink_to(tmp_path / "gone.md")
    with pytest.raises(ArticleError, match="cannot be read"):
        read_articles(tmp_path)
