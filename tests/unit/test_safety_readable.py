"""What the alarm classifier reads: emojis by their names, misspelt words as the learned ones, the rest as it stands."""

from __future__ import annotations

import pytest

from healthqa.encoder import MAX_CHARACTERS
from healthqa.safety.readable import Reader, common_words, readable


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


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("stuipd bot", "stupid bot"),
        ("Excelent job 👍", "Excellent job thumbs up"),
        ("he cant breahte", "he cant breathe"),
        # Known to the dictionary or to the model, too short, or like no learned word: as they stand.
        ("thank you, helo again", "thank you, helo again"),
        ("ta ra xyzzyqk", "ta ra xyzzyqk"),
        ("can low B12 cause it?", "can low B12 cause it?"),
    ],
)
def test_misspelt_words_are_read_as_learned_ones(text: str, read: str) -> None:
    assert Reader(["stupid", "excellent", "breathe", "helo", "help"]).read(text) == read


def test_reader_without_words_mends_nothing() -> None:
    assert Reader().read("stuipd bot") == "stuipd bot"


def test_common_words_are_those_that_come_three_times() -> None:
    assert common_words(["Help me", "help, HELP", "me now", "now"]) == ("help",)
