"""Read a text as the file of an editor, or be refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from healthqa.articles import read_article
from healthqa.errors import ArticleError
from healthqa.types import Article

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
