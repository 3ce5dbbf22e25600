"""Emergency numbers and crisis lines by country, from `knowledge/lexicon/hotlines.yml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from healthqa.errors import LexiconError, SettingsError

__all__ = ["Country", "Hotline", "Hotlines"]

_UNCHECKED = "unchecked"
_LOCAL = {
    "emergency_call": "Call your local emergency number now",
    "crisis_call": "You can call a crisis line in your country",
    "emergency_number": "your local emergency number",
}


@dataclass(frozen=True)
class Hotline:
    """One service. `checked` is the day its number was compared with the source, None while it never was."""

    number: str
    call: str
    source_name: str
    source_url: str
    checked: date | None = None


@dataclass(frozen=True)
class Country:
    """The services of one country (or of the European Union, where only the emergency number is common)."""

    code: str
    name: str
    emergency: Hotline
    crisis: Hotline


class Hotlines:
    """Looks up the words that alarms need. The country comes from the settings, never from a reader's language."""

    def __init__(self, countries: Mapping[str, Country]) -> None:
        """Take the countries by upper-case code; several codes may name one country."""
        self._countries = dict(countries)

    @classmethod
    def load(cls, path: Path) -> Hotlines:
        """Read the file.

        :raises LexiconError: naming the file, the field and what to do.
        """
        raw = _load(path).get("countries")
        if not isinstance(raw, dict) or not raw:
            raise LexiconError(path, "it names no country.", "List at least one country.", "field `countries`")
        countries: dict[str, Country] = {}
        for code, entry in raw.items():
            country = _country(path, code, entry)
            for name in (country.code, *_also(path, country.code, entry)):
                if name in countries:
                    raise LexiconError(
                        path, f"{name} appears twice.", "Leave it in one country.", f"field `countries.{country.code}`"
                    )
                countries[name] = country
        return cls(countries)

    @property
    def countries(self) -> Mapping[str, Country]:
        """Every known code and its country."""
        return dict(self._countries)

    def check(self, country: str | None) -> None:
        """Refuse a configured country that the file does not know; call it at start.

        :raises SettingsError: naming the known codes. An empty country is allowed.
        """
        if country and country.strip().upper() not in self._countries:
            known = ", ".join(sorted(self._countries))
            raise SettingsError(
                f"HEALTHQA_COUNTRY is {country!r}, which knowledge/lexicon/hotlines.yml does not list. "
                f"Use one of {known}, add the country to that file, or leave the setting empty."
            )

    def values(self, country: str | None) -> dict[str, str]:
        """Return `emergency_call`, `crisis_call` and `emergency_number` for the fixed texts.

        An unknown country gets the words for "your local emergency number": an alarm must never fail.
        """
        found = self._countries.get((country or "").strip().upper())
        if found is None:
            return dict(_LOCAL)
        return {
            "emergency_call": found.emergency.call,
            "crisis_call": found.crisis.call,
            "emergency_number": found.emergency.number,
        }


def _load(path: Path) -> dict[str, Any]:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LexiconError(path, "the file is missing.", "Restore it from the repository.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise LexiconError(path, f"it cannot be read ({error}).", "Save it as UTF-8 text.") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date such as 2026-02-31
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else ""
        raise LexiconError(path, f"this is not valid YAML ({error}).", "Mend that line.", where) from error
    if not isinstance(data, dict):
        raise LexiconError(path, "it holds no fields.", "Start from the file of the repository.")
    return data


def _country(path: Path, code: object, entry: object) -> Country:
    if not isinstance(code, str) or len(code) != 2 or not code.isalpha() or not code.isupper():
        raise LexiconError(
            path,
            f"{code!r} is no country code.",
            "Write two capital letters (quote 'NO': YAML reads it as false).",
            "field `countries`",
        )
    field = f"countries.{code}"
    if not isinstance(entry, dict):
        raise LexiconError(path, "it has no fields.", "Give name, emergency and crisis.", f"field `{field}`")
    name = _text(path, entry, "name", field)
    emergency = _hotline(path, entry, "emergency", field)
    if not emergency.number:
        raise LexiconError(path, "it is empty.", "Give the number.", f"field `{field}.emergency.number`")
    return Country(code, name, emergency, _hotline(path, entry, "crisis", field))


def _also(path: Path, code: str, entry: Mapping[str, Any]) -> tuple[str, ...]:
    also = entry.get("also") or []
    if not isinstance(also, list) or not all(isinstance(c, str) and len(c) == 2 and c.isupper() for c in also):
        raise LexiconError(
            path,
            "this must be a list of two-letter codes.",
            "Quote 'NO': YAML reads it as false.",
            f"field `countries.{code}.also`",
        )
    return tuple(also)


def _hotline(path: Path, entry: Mapping[str, Any], service: str, parent: str) -> Hotline:
    field = f"{parent}.{service}"
    raw = entry.get(service)
    if not isinstance(raw, dict):
        raise LexiconError(path, "it is missing.", "Give number, call, source and checked.", f"field `{field}`")
    call = _text(path, raw, "call", field)
    number = raw.get("number")
    if not isinstance(number, str):
        raise LexiconError(
            path, "it must be a text.", "Quote it: YAML reads 000 as a number.", f"field `{field}.number`"
        )
    if number not in call or call.endswith("."):
        raise LexiconError(
            path, f"it must hold {number!r} and end without a full stop.", "Reword it.", f"field `{field}.call`"
        )
    source = raw.get("source")
    if not isinstance(source, dict) or not str(source.get("url", "")).startswith("https://"):
        raise LexiconError(
            path, "it must have a name and an https address.", "Name the service's own site.", f"field `{field}.source`"
        )
    name = _text(path, source, "name", f"{field}.source")
    return Hotline(number, call, name, str(source["url"]), _checked(path, raw, field))


def _checked(path: Path, raw: Mapping[str, Any], field: str) -> date | None:
    value = raw.get("checked")
    if value == _UNCHECKED:
        return None
    if type(value) is date:
        return value
    raise LexiconError(path, f"{value!r} is no date.", f"Write YYYY-MM-DD or {_UNCHECKED}.", f"field `{field}.checked`")


def _text(path: Path, raw: Mapping[str, Any], name: str, parent: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not value.strip():
        raise LexiconError(path, "it must be a text.", "Write it down.", f"field `{parent}.{name}`")
    return value.strip()
