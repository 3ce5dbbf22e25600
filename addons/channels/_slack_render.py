"""What the assistant says as Slack's messages: Block Kit, and the same as text for notifications and screen readers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    ButtonElement,
    ContextActionsBlock,
    ContextBlock,
    FeedbackButtonObject,
    FeedbackButtonsElement,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
    TextObject,
)

from addons.channels._offers import public_payload
from addons.channels._rendering import SOURCE_LINE, can_be_opened, lines_of
from addons.channels._replies import BotMessage, Button
from addons.channels._slack_events import RATE_ACTION
from addons.channels._slack_text import escape
from healthqa.answer import DISCLAIMER, NOT_REVIEWED, SOURCE_PREFIX
from healthqa.sentences import split_sentences

__all__ = ["BLOCKS", "SECTION", "Outgoing", "blocks_of", "render"]

# Characters of a section, once escaped; blocks of a message; buttons of a block.
SECTION = 3000
BLOCKS = 50
_BUTTONS = 25
# Characters of a message. Slack cuts its text off at 40,000.
_MESSAGE = 30_000
_TITLE = 75
_VALUE = 2000

_PART_NOTE = "Part {number} of {count}."
_LINK = re.compile(r"https?://[^\s<>|]+[^\s<>|.,;:!?)\]}'\"]")
# mrkdwn has no way to write these as they are: marks, a quotation at the start of a line, `:emoji:`.
_MARKS = re.compile(r"[*_~`]|^\s*>|:[\w+'-]+:", re.MULTILINE)


@dataclass(frozen=True)
class Outgoing:
    """One message for Slack.

    :param text: complete by itself, disclaimer included; Slack shows it where it cannot show blocks.
    """

    text: str
    blocks: list[dict[str, Any]]


def render(said: BotMessage, notes: Sequence[str] = (), choice: str = "") -> list[Outgoing]:
    """Return a message of the assistant as one or, when it is too long, several messages; the last has the buttons.

    :param notes: the channel's own sentences.
    :param choice: the words on the button that the reader pressed.
    """
    lines = lines_of(said, notes, choice)
    parts = _parts(lines)
    closing = _closing(said)
    messages = []
    for number, part in enumerate(parts, 1):
        if len(parts) > 1:
            part = [_PART_NOTE.format(number=number, count=len(parts)), *part]
            part += [DISCLAIMER] if DISCLAIMER in lines and DISCLAIMER not in part else []
        blocks = [*blocks_of(part, said.is_alarm and number == 1), *(closing if number == len(parts) else ())]
        messages.append(Outgoing(escape("\n".join(part)), blocks))
    return messages


def _text_object(text: str, is_bold: bool = False) -> TextObject:
    """Return a text word for word: as mrkdwn with links, or plain where mrkdwn would take a character for a mark."""
    without_links = _LINK.sub("", text)
    if _MARKS.search(without_links):
        return PlainTextObject(text=escape(text), emoji=False)
    first, *others = (_mrkdwn(line) for line in text.split("\n"))
    return MarkdownTextObject(text="\n".join([f"*{first}*" if is_bold else first, *others]), verbatim=True)


def _mrkdwn(line: str) -> str:
    source = SOURCE_LINE.fullmatch(line)
    if source and can_be_opened(source["url"]):
        return f"{escape(SOURCE_PREFIX)}<{_in_link(source['url'])}|{escape(source['place'])}>"
    pieces, end = [], 0
    for link in _LINK.finditer(line):
        shown = f"<{_in_link(link[0])}>" if can_be_opened(link[0]) else escape(link[0])
        pieces += [escape(line[end : link.start()]), shown]
        end = link.end()
    return "".join([*pieces, escape(line[end:])])


def _in_link(url: str) -> str:
    return escape(url.replace("|", "%7C"))


def _is_small(line: str) -> bool:
    return line in (DISCLAIMER, NOT_REVIEWED) or line.startswith(SOURCE_PREFIX)


def blocks_of(lines: Sequence[str], is_alarm: bool = False) -> list[dict[str, Any]]:
    """Return sections for what is said, context blocks for sources and disclaimer."""
    blocks: list[dict[str, Any]] = []
    for is_small, group in groupby(lines, _is_small):
        for piece in _pack(group, SECTION):
            text = _text_object(piece, is_bold=is_alarm and not blocks)
            blocks.append((ContextBlock(elements=[text]) if is_small else SectionBlock(text=text)).to_dict())
    return blocks


def _closing(said: BotMessage) -> list[dict[str, Any]]:
    """Return the buttons and, under an answer, the thumbs."""
    elements = [_button(number, button) for number, button in enumerate(said.buttons) if _fits(button)]
    groups = [elements[at : at + _BUTTONS] for at in range(0, len(elements), _BUTTONS)]
    blocks = [ActionsBlock(elements=group).to_dict() for group in groups]
    answer = said.answer or {}
    if answer.get("kind") == "answer" and answer.get("id"):
        blocks.append(ContextActionsBlock(elements=[_thumbs(str(answer["id"]))]).to_dict())
    return blocks


def _fits(button: Button) -> bool:
    return len(escape(public_payload(button))) <= _VALUE


def _button(number: int, button: Button) -> ButtonElement:
    title = button.title
    while len(escape(title)) > _TITLE:
        title = f"{title[:-2].rstrip()}…"
    return ButtonElement(
        text=PlainTextObject(text=escape(title), emoji=False), action_id=f"ask:{number}", value=public_payload(button)
    )


def _thumbs(answer: str) -> FeedbackButtonsElement:
    return FeedbackButtonsElement(
        action_id=RATE_ACTION,
        positive_button=FeedbackButtonObject(text="👍", accessibility_label="This helped", value=f"up:{answer}"),
        negative_button=FeedbackButtonObject(
            text="👎", accessibility_label="This did not help", value=f"down:{answer}"
        ),
    )


def _parts(lines: Sequence[str]) -> list[list[str]]:
    """Return the lines of each message: one, unless they are too many or too long for Slack."""
    if _fit(lines):
        return [list(lines)]
    parts: list[list[str]] = [[]]
    for line in lines:
        for piece in _pack([line], SECTION):
            if parts[-1] and not _fit([*parts[-1], piece]):
                parts.append([])
            parts[-1].append(piece)
    return parts


def _fit(lines: Sequence[str]) -> bool:
    if len(escape("\n".join(lines))) > _MESSAGE:
        return False
    # Part note, disclaimer, buttons and thumbs need blocks too.
    room = BLOCKS - 8
    # Two neighbouring pieces of a line together are longer than a section.
    at_most = sum(1 + 2 * _size(line) // SECTION for line in lines)
    return at_most <= room or len(blocks_of(lines)) <= room


def _pack(lines: Iterable[str], room: int) -> list[str]:
    """Join lines to texts that fit once they are written as mrkdwn; what does not fit ends at a sentence end."""
    packed: list[str] = []
    for line in lines:
        begins = True
        for piece in _pieces(line, room):
            joined = f"{packed[-1]}\n{piece}" if begins and packed else f"{packed[-1]} {piece}" if packed else piece
            if packed and _size(joined) > room:
                packed.append(piece)
            elif packed:
                packed[-1] = joined
            else:
                packed = [piece]
            begins = False
    return packed


def _size(text: str) -> int:
    # Two characters more for bold.
    return max(len(_text_object(text).text), len(escape(text))) + 2


def _pieces(line: str, room: int) -> Iterable[str]:
    """Give the line, or its sentences where it is too long; of a longer sentence its words, of a long word pieces."""
    if _size(line) <= room:
        yield line
        return
    # An escaped character takes five at most.
    longest = room // 6
    if any(len(word) > longest for word in line.split()):
        for word in line.split():
            yield from (word[at : at + longest] for at in range(0, len(word), longest))
        return
    for start, end in split_sentences(line):
        sentence = line[start:end]
        yield from [sentence] if _size(sentence) <= room else sentence.split()
