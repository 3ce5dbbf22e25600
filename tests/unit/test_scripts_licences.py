from __future__ import annotations

from pathlib import Path

import pytest

from scripts.licences import END, START, licence_of, listing, packages

ROOT = Path(__file__).resolve().parents[2]


def test_third_party_list_names_every_locked_package() -> None:
    text = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8")
    table = text.partition(START)[2].partition(END)[0]
    rows = [row.split("|")[2] for row in table.strip().splitlines()[2:]]
    listed = [name.strip() for row in rows for name in row.split(",")]
    assert sorted(listed) == sorted(packages(ROOT / "requirements.lock"))


def test_third_party_list_has_a_licence_for_every_package() -> None:
    text = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8")
    assert "not stated" not in text and "| UNKNOWN" not in text


def test_encoder_hash_of_the_settings_is_the_documented_one() -> None:
    from healthqa.settings import DEFAULT_ENCODER_SHA256

    assert DEFAULT_ENCODER_SHA256 in (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "licence"), [("rasa", "Apache-2.0"), ("spacy", "MIT"), ("dnspython", "ISC")])
def test_licence_of_a_package_is_its_usual_name(name: str, licence: str) -> None:
    assert licence_of(name) == licence


def test_listing_groups_packages_by_licence() -> None:
    assert "| MIT | spacy, bm25s |" in listing(["spacy", "bm25s", "rasa"])
