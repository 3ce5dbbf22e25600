"""Composition of replies: the shown sentences, their source, the disclaimer.

The only place where the disclaimer is written and where a text is put together. Nothing here writes a medical
claim: a reply is either a passage, word for word, or a fixed text of `data/responses.yml`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from healthqa.types import Answer, AnswerKind, Hit, Passage, Table

__all__ = [
    "DISCLAIMER",
    "NOT_REVIEWED",
    "SOURCE_PREFIX",
    "answer_to_json",
    "compose_answer",
    "compose_fixed",
    "one_block",
    "select_sentences",
    "with_notice",
]

DISCLAIMER = (
    "This is general information, not medical advice: "
    "please talk to a doctor or another health professional about your own health."
)
SOURCE_PREFIX = "Source: "
NOT_REVIEWED = "No clinician has reviewed this article yet."

_ALARMS = frozenset({"emergency", "crisis"})
# A sentence that opens like this leans on the one before it; a shown text must not start there.
_LEANING = re.compile(
    r"^(?:however|but|and|or|so|then|this|that|these|those|they|it|its|their|such|he|she|instead|otherwise|also|"
    r"therefore|thus|hence|besides|moreover|furthermore|still|yet|even so|for this|in that case|in this case|"
    r"as a result|because of this|both|either|neither|another|other|others|not)\b",
    re.IGNORECASE,
)


def compose_answer(
    hits: Sequence[Hit],
    *,
    sentence_scores: Sequence[Sequence[float]] = (),
    suggestions: Sequence[str] = (),
    confidence: float = 0.0,
    question: str = "",
    topic: str = "",
    reason: str = "",
    max_words: int = 90,
) -> Answer:
    """Show the passages of `hits`, each followed by its source, and the disclaimer.

    :param hits: the passages to show, best first; at least one.
    :param sentence_scores: for each hit how well each sentence answers; it chooses the window of a long passage.
    :param max_words: words of each shown passage at most, where sentence borders allow it.
    :raises ValueError: without a hit.
    """
    if not hits:
        raise ValueError("An answer needs at least one passage; use compose_fixed to refuse.")
    shown: list[Hit] = []
    lines: list[str] = []
    for position, hit in enumerate(hits):
        scores = sentence_scores[position] if position < len(sentence_scores) else ()
        passage = select_sentences(hit.passage, scores, max_words)
        shown.append(replace(hit, passage=passage))
        lines += [line for line in (passage.text, source_line(passage)) if line]
    return Answer(
        kind="answer",
        text="\n".join([*lines, DISCLAIMER]),
        id=_new_id(),
        passages=tuple(shown),
        table=_first_table(hits),
        suggestions=tuple(suggestions),
        disclaimer=DISCLAIMER,
        confidence=min(1.0, max(0.0, confidence)),
        question=question,
        topic=topic,
        reason=reason,
    )


def compose_fixed(
    kind: AnswerKind,
    text: str,
    suggestions: Sequence[str] = (),
    *,
    disclaimer: bool | None = None,
    question: str = "",
    topic: str = "",
    reason: str = "",
    confidence: float = 0.0,
) -> Answer:
    """Wrap a fixed text: a refusal, a counter-question, an alarm, an error, small talk.

    :param disclaimer: whether the disclaimer is said; by default in everything but small talk.
    """
    wanted = kind != "smalltalk" if disclaimer is None else disclaimer
    body = one_block(text)
    return Answer(
        kind=kind,
        text="\n".join(part for part in (body, DISCLAIMER if wanted else "") if part),
        id=_new_id(),
        suggestions=tuple(suggestions),
        disclaimer=DISCLAIMER if wanted else "",
        confidence=min(1.0, max(0.0, confidence)),
        question=question,
        topic=topic,
        reason=reason,
    )


def with_notice(answer: Answer, notice: str) -> Answer:
    """Say that the assistant is automated: first in the message, but in an alarm after the alarm."""
    line = one_block(notice)
    if not line or line in answer.text:
        return answer
    if answer.kind not in _ALARMS:
        return replace(answer, text=f"{line}\n{answer.text}")
    alarm = answer.text.removesuffix(answer.disclaimer).rstrip("\n")
    return replace(answer, text="\n".join(part for part in (alarm, line, answer.disclaimer) if part))


def source_line(passage: Passage) -> str:
    """Return the line that names a shown passage's article, section and address, and whether it was reviewed."""
    place = " › ".join(" ".join(part.split()) for part in (passage.title, passage.section) if part.strip())
    source = SOURCE_PREFIX + " – ".join(part for part in (place, "".join(passage.url.split())) if part)
    source = _without_disclaimer(source)
    return source if passage.reviewed else f"{source}\n{NOT_REVIEWED}"


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """Return the versioned `answer` that travels to the channels (docs: the contract `answer`)."""
    table = answer.table
    return {
        "v": 1,
        "kind": answer.kind,
        "id": answer.id,
        "passages": [_passage_to_json(hit) for hit in answer.passages],
        "table": None if table is None else {"columns": list(table.columns), "rows": [list(row) for row in table.rows]},
        "suggestions": list(answer.suggestions),
        "disclaimer": answer.disclaimer,
        "confidence": round(answer.confidence, 4),
    }


def select_sentences(passage: Passage, scores: Sequence[float] = (), max_words: int = 90) -> Passage:
    """Return the passage cut to the consecutive sentences to show, at most about `max_words` words.

    A passage that fits is shown whole. Of a longer one the window holds the best sentence and starts where a reader
    can start: never at a sentence that leans on the one before it. Where no such window fits, words win over length.
    """
    sentences = passage.sentences or (passage.text,)
    lengths = [len(sentence.split()) for sentence in sentences]
    if len(passage.text.split()) <= max_words or len(sentences) == 1:
        return replace(passage, text=_safe_passage_text(passage.text))
    first, last = _window(sentences, lengths, scores, max_words)
    text = _cut(passage.text, sentences, first, last)
    return replace(passage, text=_safe_passage_text(text), sentences=tuple(sentences[first : last + 1]))


def one_block(text: str) -> str:
    """Return the fixed text without blank lines, without the disclaimer and without a line that looks like a source.

    Rasa's channels split a message at a blank line, and the disclaimer would then arrive alone.
    """
    lines = [" ".join(line.split()) for line in _without_disclaimer(text).splitlines()]
    return "\n".join(_unlike_source(line) for line in lines if line)


def _window(
    sentences: Sequence[str], lengths: Sequence[int], scores: Sequence[float], max_words: int
) -> tuple[int, int]:
    """Return the first and last sentence to show."""
    known = list(scores[: len(sentences)]) + [0.0] * (len(sentences) - len(scores))
    best = max(range(len(sentences)), key=lambda i: (known[i], -i))
    starts = [i for i in range(best + 1) if i == 0 or not _LEANING.match(sentences[i].strip("“\"'( "))]
    fitting = [i for i in starts if sum(lengths[i : best + 1]) <= max_words]
    first = fitting[0] if fitting else starts[-1]
    last = best
    while last + 1 < len(sentences) and sum(lengths[first : last + 2]) <= max_words:
        last += 1
    # What follows with "However" or "But" takes back or limits what was just said: it belongs to it.
    if last + 1 < len(sentences) and _LEANING.match(sentences[last + 1]) and first < last and last > best:
        while last > best and _LEANING.match(sentences[last + 1]):
            last -= 1
    return first, last


def _cut(text: str, sentences: Sequence[str], first: int, last: int) -> str:
    """Return the characters of `text` from sentence `first` to sentence `last`; the whole text if one is not in it."""
    position = start = 0
    for number in range(last + 1):
        found = text.find(sentences[number], position)
        if found < 0:
            return text
        if number == first:
            start = found
        position = found + len(sentences[number])
    return text[start:position]


def _safe_passage_text(text: str) -> str:
    """Return the words of a passage unchanged, with single line breaks and no line that could pass for a source."""
    lines = [" ".join(line.split()) for line in _without_disclaimer(text).splitlines()]
    joined: list[str] = []
    for line in filter(None, lines):
        if joined and line.startswith(SOURCE_PREFIX.strip()):
            joined[-1] = f"{joined[-1]} {line}"
        else:
            joined.append(line)
    if joined:
        joined[0] = _unlike_source(joined[0])
    return "\n".join(joined)


def _unlike_source(line: str) -> str:
    return f"– {line}" if line.startswith(SOURCE_PREFIX.strip()) else line


def _without_disclaimer(text: str) -> str:
    """Take the disclaimer out of a text that carries it: it is said once, in the last line."""
    previous = None
    while previous != text:
        previous, text = text, text.replace(DISCLAIMER, "")
    return text


def _first_table(hits: Sequence[Hit]) -> Table | None:
    return next((hit.passage.table for hit in hits if hit.passage.table is not None), None)


def _passage_to_json(hit: Hit) -> dict[str, Any]:
    passage = hit.passage
    return {
        "id": passage.id,
        "text": passage.text,
        "title": passage.title,
        "section": passage.section,
        "url": passage.url,
        "reviewed": passage.reviewed,
        "score": round(float(hit.score), 4),
    }


def _new_id() -> str:
    """Return an id that feedback can name; random, so that it says nothing about the reader."""
    return secrets.token_hex(8)
