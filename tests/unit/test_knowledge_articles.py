"""The articles as files: what an editor promised, checked without any reader of ours."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import textstat
import yaml

from tests.unit.knowledge_files import ARTICLES, KNOWLEDGE, per_article

FIELDS = {
    "title",
    "slug",
    "url",
    "author",
    "published",
    "last_reviewed",
    "next_review",
    "sources",
    "licence",
    "language",
}
ALLOWED_ADDRESSES: set[str] = set()
MAX_WORDS = 90
MAX_GRADE = 8.0
MAX_SECTION_GRADE = 9.5
FAQ = "Frequently asked questions"


@dataclass(frozen=True)
class Part:
    """A heading with the lines below it; level 2 is a section, level 3 a frequent question."""

    level: int
    heading: str
    lines: tuple[str, ...]

    @property
    def prose(self) -> tuple[str, ...]:
        return tuple(line for line in self.lines if line and not line.startswith(("|", "Table:")))

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        lines = [line for line in self.lines if line.startswith("|")]
        return tuple(tuple(cell.strip() for cell in line.strip().strip("|").split("|")) for line in lines)


def front_matter(path: Path) -> dict[str, Any]:
    _, head, _ = path.read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(head)


def parts(path: Path) -> list[Part]:
    body = path.read_text(encoding="utf-8").split("---\n", 2)[2]
    found = []
    for chunk in re.split(r"^(?=#)", body, flags=re.MULTILINE)[1:]:
        head, _, rest = chunk.partition("\n")
        marks, _, heading = head.partition(" ")
        found.append(Part(len(marks), heading.strip(), tuple(line.strip() for line in rest.splitlines())))
    return found


def all_parts() -> Iterator[tuple[Path, Part]]:
    for path in ARTICLES:
        for part in parts(path):
            yield path, part


def plain(lines: tuple[str, ...]) -> str:
    """Prose without list marks, bold marks and bracketed terms, every line ended like a sentence."""
    texts = [re.sub(r"\s*\([^()]*\)", "", line.removeprefix("- ").replace("**", "")) for line in lines]
    return " ".join(text if text.endswith((".", ":", "?")) else f"{text}." for text in texts)


@pytest.fixture(autouse=True)
def offline_syllables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Newer versions of textstat download a dictionary at the first use: count with the hyphenator instead."""
    from textstat.backend.counts import _count_syllables

    monkeypatch.setattr(_count_syllables, "get_cmudict", lambda lang: None)


def test_articles_are_the_two_of_the_default_content() -> None:
    assert {path.stem for path in ARTICLES} >= {"low-b12-muscle-twitching", "b12-deficiency-muscle-cramps"}


@per_article
def test_front_matter_has_every_field_and_no_other(path: Path) -> None:
    fields = front_matter(path)
    assert set(fields) == FIELDS
    assert fields["slug"] == path.stem
    assert fields["title"]
    assert (fields["licence"], fields["language"]) == ("CC BY 4.0", "en")


@per_article
def test_front_matter_dates_are_dates_or_empty(path: Path) -> None:
    fields = front_matter(path)
    for name in ("published", "last_reviewed", "next_review"):
        assert fields[name] is None or isinstance(fields[name], date), name


@per_article
def test_front_matter_of_default_content_invents_nothing(path: Path) -> None:
    fields = front_matter(path)
    invented = [name for name in ("url", "author", "published", "last_reviewed", "next_review") if fields[name]]
    assert not invented
    assert all(set(source) == {"name", "url"} and source["name"] for source in fields["sources"])
    named = {source["name"] for source in fields["sources"]}
    assert named <= {
        "New England Journal of Medicine",
        "MSD Manuals",
        "Mayo Clinic Proceedings",
        "Office of Dietary Supplements (National Institutes of Health)",
    }


@per_article
def test_sources_are_named_in_the_text(path: Path) -> None:
    body = " ".join(" ".join(part.lines) for part in parts(path))
    for source in front_matter(path)["sources"]:
        assert source["name"].split(" (")[0] in body


@per_article
def test_article_reads_at_grade_eight_or_below(path: Path) -> None:
    prose = " ".join(plain(part.prose) for part in parts(path) if part.prose)
    assert textstat.flesch_kincaid_grade(prose) <= MAX_GRADE


@per_article
def test_sections_read_easily_too(path: Path) -> None:
    grades = {part.heading: textstat.flesch_kincaid_grade(plain(part.prose)) for part in parts(path) if part.prose}
    assert {heading: grade for heading, grade in grades.items() if grade > MAX_SECTION_GRADE} == {}


def test_grade_check_can_fail() -> None:
    hard = "Hyperhomocysteinemia necessitates comprehensive neurophysiological investigation of demyelination."
    assert textstat.flesch_kincaid_grade(hard) > MAX_SECTION_GRADE


def test_every_part_fits_one_passage() -> None:
    lengths = {
        (path.stem, part.heading): len(" ".join(line.removeprefix("- ") for line in part.prose).split())
        for path, part in all_parts()
    }
    assert {key: words for key, words in lengths.items() if words > MAX_WORDS} == {}


def test_every_part_can_stand_alone() -> None:
    for path, part in all_parts():
        if part.heading == FAQ:
            continue
        assert part.prose, (path.stem, part.heading)
        first = part.prose[0]
        assert not re.match(r"(It|They|This|These|That|Those|However|But|And)\b", first), (path.stem, first)
        assert first.endswith((".", ":")), (path.stem, first)


@per_article
def test_headings_are_unique(path: Path) -> None:
    counts = Counter(part.heading.lower() for part in parts(path))
    assert [heading for heading, count in counts.items() if count > 1] == []


@pytest.mark.parametrize(("slug", "entries"), [("low-b12-muscle-twitching", 8), ("b12-deficiency-muscle-cramps", 7)])
def test_frequent_questions_have_questions_and_answers(slug: str, entries: int) -> None:
    found = parts(KNOWLEDGE / "articles" / f"{slug}.md")
    start = [part.heading for part in found].index(FAQ)
    questions = found[start + 1 :]
    assert len(questions) == entries
    for part in questions:
        assert part.level == 3
        assert part.heading.endswith("?")
        assert len(part.prose) == 1, "an answer is one paragraph"
    assert all(part.level == 2 for part in found[: start + 1])


@pytest.mark.parametrize(
    ("slug", "shape", "first_cells"),
    [
        ("low-b12-muscle-twitching", (5, 5), ("vitamin b12", "stress", "magnesium", "caffeine", "overexertion")),
        ("b12-deficiency-muscle-cramps", (4, 5), ("vitamin b12", "electrolyte", "dehydration", "nerve compression")),
    ],
)
def test_comparison_table_is_complete(slug: str, shape: tuple[int, int], first_cells: tuple[str, ...]) -> None:
    tables = [part for part in parts(KNOWLEDGE / "articles" / f"{slug}.md") if part.rows]
    assert len(tables) == 1
    header, dashes, *rows = tables[0].rows
    assert (len(rows), len(header)) == shape
    assert all(set(cell) <= set("-:") for cell in dashes)
    assert all(len(row) == len(header) and all(row) for row in (header, *rows))
    assert all(word in row[0].lower() for word, row in zip(first_cells, rows, strict=True))


def test_table_has_its_caption_right_before() -> None:
    for _, part in all_parts():
        lines = [line for line in part.lines if line]
        for number, line in enumerate(lines):
            if line.startswith("|") and not lines[number - 1].startswith("|"):
                assert re.match(r"Table: \S+", lines[number - 1])


def test_lists_have_a_sentence_that_leads_to_them() -> None:
    for path, part in all_parts():
        for before, line in zip(part.prose, part.prose[1:], strict=False):
            if line.startswith("- ") and not before.startswith("- "):
                assert before.endswith(":"), (path.stem, before)


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("dose", r"\d\s*(?:mg|mcg|µg|μg|ug|iu|milligrams?|micrograms?|grams?|ml)\b"),
        ("unit", r"\b(?:mcg|µg|μg|pg/ml|pmol)"),
        ("currency", r"[$€£]|\b(?:dollars?|euros?|pounds?|usd|eur|gbp)\b"),
        ("lab value", r"\b\d{3,}\b"),
        ("other vitamin", r"\bvitamin (?!b12)[a-ek]\d*\b|\bfol(?:ate|ic)\b"),
    ],
)
def test_articles_hold_nothing_that_must_be_refused(what: str, pattern: str) -> None:
    for path in ARTICLES:
        body = path.read_text(encoding="utf-8").split("---\n", 2)[2].lower()
        assert re.findall(pattern, body) == [], (what, path.stem)


@per_article
def test_articles_link_only_to_allowed_addresses(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert set(re.findall(r"(?:https?://|www\.)[^\s)\"]+", text)) <= ALLOWED_ADDRESSES
    assert "javascript:" not in text.lower()
