"""What the assistant says as Telegram's messages: HTML, chunks that Telegram takes, a keyboard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from addons.channels._offers import offer_id
from addons.channels._rendering import SOURCE_LINE, can_be_opened, lines_of
from addons.channels._replies import BotMessage
from healthqa.answer import DISCLAIMER, NOT_REVIEWED, SOURCE_PREFIX
from healthqa.sentences import split_sentences

__all__ = ["LIMIT", "Outgoing", "render", "utf16_units"]

# UTF-16 units of one message, as the reader sees it: without the tags.
LIMIT = 4096
_PART_NOTE = "Part 1 of {count}. This is general information, not medical advice. The source stands at the end."
_BUTTONS = 100
_LONGEST_WORD = 500


@dataclass(frozen=True)
class Outgoing:
    """One message for Telegram.

    :param html: for `parse_mode` HTML.
    :param plain: the same without tags, for the case that Telegram refuses the HTML.
    :param keyboard: rows of buttons, or `None`.
    """

    html: str
    plain: str
    keyboard: dict[str, Any] | None = None


def utf16_units(text: str) -> int:
    """Return the length of a text as Telegram counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def render(said: BotMessage, notes: Sequence[str] = (), choice: str = "") -> list[Outgoing]:
    """Return a message of the assistant as one or, when it is too long, several messages; the last has the keyboard.

    :param notes: the channel's own sentences.
    :param choice: the words on the button that the reader pressed.
    """
    lines = lines_of(said, notes, choice)
    chunks = _chunks(lines)
    keyboard = _keyboard(said)
    last = len(chunks) - 1
    return [
        Outgoing(_html(chunk, said.is_alarm and not number), "\n".join(chunk), keyboard if number == last else None)
        for number, chunk in enumerate(chunks)
    ]


def _keyboard(said: BotMessage) -> dict[str, Any] | None:
    rows = [[{"text": button.title, "callback_data": offer_id(button)}] for button in said.buttons[:_BUTTONS]]
    return {"inline_keyboard": rows} if rows else None


def _chunks(lines: list[str]) -> list[list[str]]:
    """Return the lines of each message: parts end at sentence ends, sources and disclaimer stand in the last."""
    if utf16_units("\n".join(lines)) <= LIMIT:
        return [lines]
    tail = [line for line in lines if line == DISCLAIMER or line == NOT_REVIEWED or line.startswith(SOURCE_PREFIX)]
    note = _PART_NOTE.format(count="999")
    # Kept free in every part: nobody knows yet which one is the last.
    room = LIMIT - utf16_units("\n".join([note, *tail])) - 2
    if room < LIMIT // 4:
        tail, room = [], LIMIT - utf16_units(note) - 1
    parts = _pack([line for line in lines if line not in tail], room)
    parts[-1] += tail
    return [[_PART_NOTE.format(count=len(parts)), *parts[0]], *parts[1:]] if len(parts) > 1 else parts


def _pack(lines: Iterable[str], room: int) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for line in lines:
        glue = "\n"
        for piece, next_glue in _pieces(line, room):
            last = parts[-1]
            joined = [*last, piece] if glue == "\n" or not last else [*last[:-1], f"{last[-1]}{glue}{piece}"]
            if last and utf16_units("\n".join(joined)) > room:
                parts.append([piece])
            else:
                parts[-1] = joined
            glue = next_glue
    return parts


def _pieces(line: str, room: int) -> Iterator[tuple[str, str]]:
    """Give the sentences of a line, of one that is longer than a message its words, of such a word its pieces.

    Each comes with what stands between it and the next one.
    """
    # Where there are no words there are no sentences, and looking for them would take many seconds.
    strange = any(len(word) > _LONGEST_WORD for word in line.split())
    for start, end in [(0, len(line))] if strange else split_sentences(line):
        if utf16_units(line[start:end]) <= room:
            yield line[start:end], " "
            continue
        for word in line[start:end].split():
            # A character takes two units at most.
            pieces = [word[at : at + room // 2] for at in range(0, len(word), room // 2)]
            yield from ((piece, "") for piece in pieces[:-1])
            yield pieces[-1], " "


def _html(lines: Sequence[str], is_alarm: bool) -> str:
    shown = [_html_line(line) for line in lines]
    if is_alarm and shown:
        shown[0] = f"<b>{shown[0]}</b>"
    return "\n".join(shown)


def _html_line(line: str) -> str:
    if line == DISCLAIMER:
        return f"<i>{escape(line)}</i>"
    source = SOURCE_LINE.fullmatch(line)
    if source and can_be_opened(source["url"]):
        return f'{SOURCE_PREFIX}<a href="{escape(source["url"])}">{escape(source["place"], quote=False)}</a>'
    return escape(line, quote=False)
