"""Emergency numbers and crisis lines by country."""

from __future__ import annotations

from pathlib import Path

import pytest

from healthqa.errors import LexiconError, SettingsError
from healthqa.hotlines import Hotlines

FILE = Path(__file__).resolve().parents[2] / "knowledge/lexicon/hotlines.yml"

EXPECTED = [
    ("US", "911", "988"),
    ("GB", "999", "116 123"),
    ("UK", "999", "116 123"),
    ("IE", "112 or 999", "116 123"),
    ("EU", "112", "differ"),
    ("DE", "112", "differ"),
    ("AU", "000", "13 11 14"),
    ("IN", "112", "14416"),
]

ENTRY = """
countries:
  GB:
    name: United Kingdom
    emergency:
      number: '999'
      call: Call 999 now
      source: {name: NHS, url: 'https://www.nhs.uk/'}
      checked: unchecked
    crisis:
      number: 116 123
      call: You can call Samaritans on 116 123
      source: {name: Samaritans, url: 'https://www.samaritans.org/'}
      checked: 2026-01-31
"""


@pytest.fixture(scope="module")
def hotlines() -> Hotlines:
    return Hotlines.load(FILE)


@pytest.mark.parametrize(("country", "emergency", "crisis"), EXPECTED)
def test_values_name_the_countrys_services(hotlines: Hotlines, country: str, emergency: str, crisis: str) -> None:
    values = hotlines.values(country)
    assert values["emergency_number"] == emergency
    assert values["emergency_call"] == f"Call {emergency} now"
    assert crisis in values["crisis_call"]


@pytest.mark.parametrize("country", ["", None, "XX", "en", "GBR"])
def test_values_of_an_unknown_country_name_no_number(hotlines: Hotlines, country: str | None) -> None:
    values = hotlines.values(country)
    assert values["emergency_call"] == "Call your local emergency number now"
    assert values["emergency_number"] == "your local emergency number"
    assert not any(character.isdigit() for text in values.values() for character in text)


def test_values_take_a_code_in_lower_case(hotlines: Hotlines) -> None:
    assert hotlines.values(" gb ") == hotlines.values("GB")


def test_values_are_the_same_placeholders_everywhere(hotlines: Hotlines) -> None:
    names = {frozenset(hotlines.values(code)) for code in (*hotlines.countries, "")}
    assert names == {frozenset({"emergency_call", "crisis_call", "emergency_number"})}


def test_values_of_britain_do_not_name_111(hotlines: Hotlines) -> None:
    assert "111" not in " ".join(hotlines.values("GB").values())


def test_check_refuses_an_unknown_country_and_lists_the_known(hotlines: Hotlines) -> None:
    with pytest.raises(SettingsError, match=r"HEALTHQA_COUNTRY is 'XX'.*AU.*GB.*US"):
        hotlines.check("XX")


@pytest.mark.parametrize("country", ["", None, "US", "gb", "FR"])
def test_check_accepts_known_and_empty_countries(hotlines: Hotlines, country: str | None) -> None:
    hotlines.check(country)


def test_load_reads_the_day_of_the_check(tmp_path: Path) -> None:
    path = tmp_path / "hotlines.yml"
    path.write_text(ENTRY, encoding="utf-8")
    country = Hotlines.load(path).countries["GB"]
    assert country.emergency.checked is None
    assert str(country.crisis.checked) == "2026-01-31"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("number: '999'", "number: 999", ["countries.GB.emergency.number", "Quote"]),
        ("number: '999'", "number: ''", ["countries.GB.emergency.number", "Give the number"]),
        ("call: Call 999 now", "call: Call 998 now", ["countries.GB.emergency.call", "999"]),
        ("call: Call 999 now", "call: Call 999 now.", ["countries.GB.emergency.call", "full stop"]),
        ("checked: unchecked", "checked: soon", ["countries.GB.emergency.checked", "YYYY-MM-DD"]),
        ("checked: 2026-01-31", "checked: 2026-02-31", ["not valid YAML"]),
        ("https://www.nhs.uk/", "javascript:alert(1)", ["countries.GB.emergency.source", "https"]),
        ("  GB:", "  NO:", ["country code", "Quote", "quote"]),
        ("name: United Kingdom", "name:", ["countries.GB.name"]),
        ("name: United Kingdom", "name: United Kingdom\n    also: [NO]", ["countries.GB.also"]),
        ("name: United Kingdom", "name: United Kingdom\n    also: [GB]", ["twice"]),
        ("    crisis:", "    crises:", ["countries.GB.crisis"]),
        ("countries:", "lands:", ["field `countries`"]),
        ("    name:", "  - name:", ["line"]),
    ],
)
def test_load_of_a_bad_file_names_file_field_and_remedy(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    path = tmp_path / "hotlines.yml"
    assert old in ENTRY
    path.write_text(ENTRY.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(LexiconError) as caught:
        Hotlines.load(path)
    assert str(path) in str(caught.value)
    assert any(word in str(caught.value) for word in words)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"just words"])
def test_load_of_no_mapping_is_a_clear_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "hotlines.yml"
    path.write_bytes(content)
    with pytest.raises(LexiconError, match=r"hotlines\.yml"):
        Hotlines.load(path)


def test_load_of_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match="missing"):
        Hotlines.load(tmp_path / "hotlines.yml")
