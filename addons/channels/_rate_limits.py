"""How many messages a conversation or an address may send: counted in memory, or in Redis for several servers."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

__all__ = ["Rate", "RateLimits", "parse_rate"]

logger = logging.getLogger(__name__)

# A reader must not wait for a Redis that hangs; while it is out of order it is asked again this often.
_REDIS_SECONDS = 0.25
_RETRY_SECONDS = 10.0


@dataclass(frozen=True)
class Rate:
    """A limit by name, e.g. `conversation`, and its parts: `20 per minute`, `200 per hour`."""

    name: str
    items: tuple[RateLimitItem, ...]


def parse_rate(name: str, text: str) -> Rate:
    """Return the limit written as `20/minute; 200/hour`; empty: none.

    :raises ValueError: for another form.
    """
    return Rate(name, tuple(parse_many(text)) if text.strip() else ())


class RateLimits:
    """Counts over a moving window. When Redis fails, memory counts on: nobody is refused because Redis is down.

    :param redis_url: `redis://host:6379/0`; empty: memory.
    :param key: secret under which names of conversations and addresses are hashed: Redis never sees them.
    """

    def __init__(self, redis_url: str, key: str) -> None:
        self._key = key.encode()
        self._memory = MemoryStorage()
        self._redis = _redis_storage(redis_url) if redis_url else None
        self._failing = False
        self._retry_at = 0.0

    async def hit(self, counts: Sequence[tuple[Rate, str]]) -> int:
        """Count one request against each limit; return the whole seconds to wait, 0 when none is reached.

        :param counts: limits, each with what it counts, e.g. the conversation's id.
        """
        hashed = [(rate, self._hash(what)) for rate, what in counts]
        if self._redis is not None and time.monotonic() >= self._retry_at:
            try:
                seconds = await asyncio.to_thread(_hit, self._redis, hashed)
                self._tell(failing=False)
                return seconds
            except Exception as error:  # noqa: BLE001 - whatever is wrong with Redis, readers are answered
                self._tell(failing=True, error=error)
                self._retry_at = time.monotonic() + _RETRY_SECONDS
        return _hit(self._memory, hashed)

    def _hash(self, what: str) -> str:
        return hmac.new(self._key, what.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]

    def _tell(self, failing: bool, error: Exception | None = None) -> None:
        """Log one line when Redis fails and one when it is back."""
        if failing and not self._failing:
            logger.error("Rate limits: Redis fails (%s); this server counts in its memory.", type(error).__name__)
        elif self._failing and not failing:
            logger.warning("Rate limits: Redis is back.")
        self._failing = failing


def _hit(storage: Storage, counts: Sequence[tuple[Rate, str]]) -> int:
    limiter = MovingWindowRateLimiter(storage)
    wait = 0.0
    for rate, what in counts:
        for item in rate.items:
            if not limiter.hit(item, rate.name, what):
                reset, _ = limiter.get_window_stats(item, rate.name, what)
                wait = max(wait, reset - time.time(), 1.0)
    return math.ceil(wait)


def _redis_storage(url: str) -> Storage:
    return storage_from_string(url, socket_timeout=_REDIS_SECONDS, socket_connect_timeout=_REDIS_SECONDS)
