"""Indexing and answering with an exported encoder where torch cannot be imported, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.small_project import ARTICLE

pytestmark = pytest.mark.slow

# Python reads a module of this name at its start. It makes the process look like one of requirements-serve.lock.
SITECUSTOMIZE = """
import sys

class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "transformers", "sentence_transformers"}:
            raise ModuleNotFoundError(f"No module named {name!r} (blocked by the test)", name=name)

sys.meta_path.insert(0, NotInstalled())
"""


@pytest.fixture
def environment(indexed_project: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of a server without torch: the project's encoder, one article, an index to be made."""
    (tmp_path / "blocked").mkdir()
    (tmp_path / "blocked" / "sitecustomize.py").write_text(SITECUSTOMIZE, encoding="utf-8")
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "twitching.md").write_text(ARTICLE, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEALTHQA_")}
    return kept | {
        "PYTHONPATH": str(tmp_path / "blocked"),
        "HEALTHQA_ROOT": str(indexed_project),
        "HEALTHQA_INDEX": str(tmp_path / "index"),
    }


def run(environment: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, arguments)]
    root = environment["HEALTHQA_ROOT"]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=300, check=False)


def test_index_and_ask_work_without_torch(environment: dict[str, str], tmp_path: Path) -> None:
    torch = run(environment, "-c", "import torch")
    assert "blocked by the test" in torch.stderr, "torch could be imported, so this test would prove nothing"
    index = run(environment, "-m", "healthqa.cli", "index", "--articles", tmp_path / "articles")
    assert index.stdout.startswith("Indexed 1 articles"), index.stderr
    ask = run(environment, "-m", "healthqa.cli", "ask", "can low b12 cause muscle twitching?")
    assert ask.stdout.startswith("Yes, low vitamin B12 can cause muscle twitching."), ask.stderr
    assert "\nSource: Twitching and low B12" in ask.stdout
