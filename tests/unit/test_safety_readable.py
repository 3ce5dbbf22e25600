"""What the alarm classifier reads: emojis by their names, everything else as it stands."""

from __future__ import annotations

import pytest

from healthqa.encoder import MAX_CHARACTERS
from healthqa.safety.readable import readable


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("👍", "thumbs up"),
        ("👍🏽👍🏿", "thumbs up thumbs up"),
        ("🙏🙏 thanks ya", "folded hands folded hands thanks ya"),
        ("im dead 💀", "im dead skull"),
        ("🇮🇹?", "Italy ?"),
        ("can low B12 cause twitching? :-)", "can low B12 cause twitching? :-)"),
        ("", ""),
        ("half an emoji \ud83d", "half an emoji ?"),
    ],
)
def test_emojis_are_read_by_their_names(text: str, read: str) -> None:
    assert readable(text) == read


def test_endless_text_is_cut_before_it_is_read() -> None:
    assert len(readable("a" * 10 * MAX_CHARACTERS)) == MAX_CHARACTERS
