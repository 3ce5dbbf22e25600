"""A set that never grows beyond a number of keys: the oldest goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

__all__ = ["Remembered"]

# Ten thousand short keys take about a megabyte.
_LIMIT = 10_000


class Remembered:
    """Remembers the latest keys.

    :param limit: how many at most.
    """

    def __init__(self, limit: int = _LIMIT) -> None:
        self._limit = limit
        self._keys: OrderedDict[Hashable, None] = OrderedDict()

    def add(self, key: Hashable) -> bool:
        """Remember a key; return whether it is new."""
        is_new = key not in self._keys
        self._keys[key] = None
        self._keys.move_to_end(key)
        if len(self._keys) > self._limit:
            self._keys.popitem(last=False)
        return is_new

    def discard(self, key: Hashable) -> None:
        """Forget a key, if it is known."""
        self._keys.pop(key, None)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._keys

    def __len__(self) -> int:
        return len(self._keys)
