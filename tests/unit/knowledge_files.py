"""The files of the default content."""

from __future__ import annotations

from pathlib import Path

import pytest

KNOWLEDGE = Path(__file__).resolve().parents[2] / "knowledge"
ARTICLES = sorted((KNOWLEDGE / "articles").glob("*.md"))
per_article = pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.stem)
