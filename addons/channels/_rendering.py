"""What the `telegram` and `slack` channels share in rendering: which lines a message has, and what its sources are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from addons.channels._replies import BotMessage
from healthqa.answer import DISCLAIMER, SOURCE_PREFIX

__all__ = ["SOURCE_LINE", "can_be_opened", "lines_of"]

# A line that names a source; its groups are `place` and `url`.
SOURCE_LINE = re.compile(rf"{re.escape(SOURCE_PREFIX)}(?P<place>.+) – (?P<url>https?://\S+)")


def lines_of(said: BotMessage, notes: Sequence[str] = (), choice: str = "") -> list[str]:
    """Return the lines of a message of the assistant with those of the channel.

    :param notes: the channel's own sentences; they come first, in an alarm after the alarm.
    :param choice: the words on the button that the reader pressed: a press leaves no trace in the chat.
    """
    lines = said.text.splitlines()
    if said.is_alarm:
        at = lines.index(DISCLAIMER) if DISCLAIMER in lines else len(lines)
        return [*lines[:at], *notes, *lines[at:]]
    return [*([f"▸ {choice}"] if choice else ()), *notes, *lines]


def can_be_opened(url: str) -> bool:
    """Say whether others than this machine can open an address; no platform makes a link of one without a dot."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return "." in host and not host.startswith("127.")
