"""Checks that all channels share for their blocks of credentials.yml.

Each failure is a `RasaException` that names the channel and the key and says what to write instead; Rasa shows its
text when the server starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from rasa.shared.exceptions import RasaException

from addons.channels._rate_limits import parse_rate

__all__ = ["Credentials"]

_REDIS = ("redis", "rediss", "redis+unix")


class Credentials:
    """What an operator wrote for one channel.

    :param channel: its name, for the errors.
    :param given: the block; a key without a value counts as not given.
    :param known: the keys that may stand there.
    :param secrets: key -> environment variable, for what must not stand in a file.
    :raises RasaException: for a key that is not known or holds a secret.
    """

    def __init__(
        self,
        channel: str,
        given: Mapping[str, Any] | None,
        known: Iterable[str],
        secrets: Mapping[str, str] | None = None,
    ) -> None:
        self._channel = channel
        self._given = {key: value for key, value in dict(given or {}).items() if value is not None}
        for name, variable in (secrets or {}).items():
            if name in self._given:
                raise self.error(f"{name!r} does not belong into a file. Set the environment variable {variable}.")
        names = sorted(set(known) - set(secrets or ()))
        unknown = sorted(str(name) for name in set(self._given) - set(names))
        if unknown:
            raise self.error(f"unknown key {unknown[0]!r}. Known: {names}.")

    def error(self, problem: str) -> RasaException:
        """Return the exception to raise.

        :param problem: what is wrong with which key, and the remedy.
        """
        return RasaException(f"credentials.yml, {self._channel} channel: {problem}")

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - whatever YAML holds
        """Return a value as it was written."""
        return self._given.get(name, default)

    def text(self, name: str, default: str = "") -> str:
        """Return a text without blanks at its ends."""
        return str(self._given.get(name, default)).strip()

    def numbers(self, *names: str) -> dict[str, float]:
        """Return those of the numbers that were given.

        :raises RasaException: for one that is none, or not above 0.
        """
        return {name: self._number(name) for name in names if name in self._given}

    def limits(self, *names: str) -> dict[str, str]:
        """Return those of the rate limits that were given, in the form of `parse_rate`.

        :raises RasaException: for one that cannot be read.
        """
        return {name: self._limit(name) for name in names if name in self._given}

    def address(self, name: str, default: str) -> str:
        """Return an address of the web.

        :raises RasaException: when it is none.
        """
        value = self.text(name) or default
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise self.error(f"{name!r} is {value!r}. Give an address that starts with https://.")
        return value

    def redis(self, name: str = "redis_url") -> str:
        """Return the address of a Redis; empty: none.

        :raises RasaException: when it is none.
        """
        value = self.text(name)
        if value and urlsplit(value).scheme not in _REDIS:
            # The address may hold a password: it is not repeated.
            raise self.error(
                f"{name!r} cannot be used. Write redis://host:6379/0, rediss://... for TLS, or redis+unix://..."
            )
        return value

    def _number(self, name: str) -> float:
        value = self._given[name]
        try:
            number = float(str(value))
        except ValueError:
            number = 0.0
        if not 0 < number < 10_000:
            raise self.error(f"{name!r} is {value!r}. Give a number above 0.")
        return number

    def _limit(self, name: str) -> str:
        value = self.text(name)
        try:
            parse_rate(name, value)
        except ValueError:
            raise self.error(
                f"{name!r} is {self._given[name]!r}. Write it as '20/minute; 200/hour', or '' for none."
            ) from None
        return value
