"""docs/operations.md names every environment variable of the project, and none that nobody reads."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Not the beginning of several names, as in `HEALTHQA_SLACK_...`.
NAME = re.compile(r"HEALTHQA_[A-Z0-9_]*[A-Z0-9](?![A-Z0-9_])")


def names_in(*files: str) -> set[str]:
    return {name for file in files for name in NAME.findall((ROOT / file).read_text(encoding="utf-8"))}


def rows_of_operations_page() -> list[str]:
    lines = (ROOT / "docs/operations.md").read_text(encoding="utf-8").splitlines()
    return [name for line in lines if line.startswith("| `HEALTHQA_") for name in NAME.findall(line.split("|")[1])]


def test_every_variable_has_one_row_and_every_row_a_reader() -> None:
    rows = rows_of_operations_page()
    read = names_in("healthqa/settings.py", "credentials.yml", "deploy/credentials.production.yml")
    assert sorted(rows) == sorted(read)


def test_variables_of_the_settings_are_read_there() -> None:
    source = (ROOT / "healthqa/settings.py").read_text(encoding="utf-8")
    named = set(NAME.findall(source))
    assert named == {name for name in named if f'"{name}"' in source}, "a docstring names what nothing reads"


def test_pages_name_no_variable_that_is_not_listed() -> None:
    pages = ["README.md", "CONTRIBUTING.md", "THIRD_PARTY.md", "docs/operations.md"]
    pages += [
        str(path.relative_to(ROOT)) for folder in ("channels", "adr") for path in (ROOT / "docs" / folder).glob("*.md")
    ]
    assert names_in(*pages) <= set(rows_of_operations_page())
