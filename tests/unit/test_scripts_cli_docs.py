"""docs/cli.md says what the commands' --help says."""

from __future__ import annotations

from pathlib import Path

import pytest

from healthqa import cli
from scripts.cli_docs import page

ROOT = Path(__file__).resolve().parents[2]


def test_page_is_current() -> None:
    written = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert written == page(), "call .venv/bin/python -m scripts.cli_docs"


def test_page_does_not_depend_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    narrow = page()
    monkeypatch.setenv("COLUMNS", "200")
    assert page() == narrow


def test_page_has_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    usage = capsys.readouterr().out
    headings = [line.removeprefix("## healthqa ") for line in page().splitlines() if line.startswith("## healthqa ")]
    assert len(headings) >= 7
    assert all(f"    {name}" in usage for name in headings)
