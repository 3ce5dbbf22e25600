"""Messages that the alarm classifier learns from: the delivered ones, and what is wrong with broken ones."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from evaluation.safety.score import FOLDER, read_messages
from healthqa.errors import ContentError
from healthqa.safety.classifier import MOST_PIECES, PIECE_WORDS, pieces_of
from healthqa.safety.examples import read_examples

ALARMS = Path(__file__).resolve().parents[2] / "knowledge" / "alarms"
GOOD = [{"text": "hello", "kind": "none"}, {"text": "help", "kind": "emergency"}, {"text": "end it", "kind": "crisis"}]


def write(folder: Path, lines: list[object]) -> Path:
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    (folder / "writer.jsonl").write_text("\n".join(texts), encoding="utf-8")
    return folder


def test_delivered_examples_come_from_several_writers_and_stand_once() -> None:
    examples = read_examples(ALARMS)
    texts = Counter(" ".join(example.text.lower().split()) for example in examples)
    assert [text for text, count in texts.items() if count > 1] == []
    kinds = Counter(example.kind for example in examples)
    assert kinds["emergency"] >= 1_000
    assert kinds["crisis"] >= 800
    assert kinds["none"] >= 2_000
    assert len({example.writer for example in examples}) >= 5


def test_no_test_message_is_learned() -> None:
    learned = {" ".join(example.text.lower().split()) for example in read_examples(ALARMS)}
    for path in sorted(FOLDER.rglob("*.jsonl")):
        blind = path.parent != FOLDER or path.stem == "plain_statements"
        for message in read_messages(path):
            if blind or message.part == "test":
                assert " ".join(message.text.lower().split()) not in learned, f"{path}: {message.id}"


def test_examples_are_read_with_their_writer(tmp_path: Path) -> None:
    found = read_examples(write(tmp_path, [*GOOD, ""]))
    assert [(example.text, example.kind, example.writer) for example in found] == [
        (line["text"], line["kind"], "writer") for line in GOOD
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "not JSON"),
        ("[]", "no `text`"),
        ({"kind": "none"}, "no `text`"),
        ({"text": " ", "kind": "none"}, "no `text`"),
        ({"text": "x", "kind": "urgent"}, "`kind` is 'urgent'"),
        ({"text": "x"}, "`kind` is None"),
    ],
)
def test_broken_example_is_named_with_its_line(tmp_path: Path, line: object, problem: str) -> None:
    with pytest.raises(ContentError, match=r"writer\.jsonl, line 2: ") as caught:
        read_examples(write(tmp_path, [GOOD[0], line]))
    assert problem in str(caught.value)


def test_folder_without_a_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="no example of 'crisis'"):
        read_examples(write(tmp_path, list(GOOD[:2])))


def test_message_of_usual_length_is_read_whole() -> None:
    story = "I have been tired for months and my calves cramp every night. Now my chest is tight. Help."
    assert pieces_of(story) == (story,)


def test_long_message_is_cut_at_sentence_ends() -> None:
    calm = "My calves cramp every night after work. " * 15
    pieces = pieces_of(f"{calm}Now my chest is tight and my left arm is heavy. Help.")
    assert len(pieces) == 2
    assert pieces[0].endswith("after work.")
    assert pieces[1].endswith("Now my chest is tight and my left arm is heavy. Help.")


@pytest.mark.parametrize("words", [1, PIECE_WORDS, PIECE_WORDS + 1, 3 * PIECE_WORDS, 500])
def test_no_word_of_a_message_without_an_end_is_lost(words: int) -> None:
    text = " ".join(f"word{number}" for number in range(words))
    pieces = pieces_of(text)
    assert " ".join(pieces) == text
    assert all(len(piece.split()) <= PIECE_WORDS for piece in pieces)


def test_endless_message_has_a_bounded_number_of_pieces() -> None:
    pieces = pieces_of("My eyelid twitches when I drink too much coffee. " * 5_000 + "I took all my pills.")
    assert len(pieces) == MOST_PIECES
    assert "pills" in pieces[-1]


@pytest.mark.parametrize("text", ["", " ", "...", "\n\n"])
def test_message_without_words_is_one_piece(text: str) -> None:
    assert len(pieces_of(text)) == 1
