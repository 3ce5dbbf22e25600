"""Find the alarm in a reader's message."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from healthqa.safety.folding import Sentence
from healthqa.safety.rules import Pattern, RedFlagRules, read_rules
from healthqa.types import RedFlag

__all__ = ["RedFlagDetector"]

_LOGGER = logging.getLogger(__name__)
# What has been done to the body comes before words of despair: the reader needs the emergency call first.
_FIRST = ("overdose", "bleeding")
_EVIDENCE_LENGTH = 200
# A longer message is read at both its ends: nobody types that much, and one turn must not hold up the server.
_LONGEST = 20_000
_SPEAKER = ("my ", "i ")
# "no chest pain or trouble breathing": the denial reaches over `or`
_DENIED_LIST = re.compile(
    r"(?<!\w)(?:no|without|denies|neither|never had|not (?:have|had|having))(?: [^ ]{1,20}){1,4} n?or(?: any)? ?$"
)
_DENIALS = frozenset({"not", "never", "no", "without", "neither", "nor"})


@dataclass(frozen=True)
class RedFlagDetector:
    """Red flags by patterns. Thread-safe; one message takes well under two milliseconds."""

    rules: RedFlagRules

    @classmethod
    def load(cls, path: Path) -> RedFlagDetector:
        """Read the patterns.

        :raises LexiconError: when the file cannot be used.
        """
        return cls(read_rules(path))

    def detect(self, text: str) -> RedFlag | None:
        """Return the most urgent red flag of a message, or None.

        An overdose taken or a bleeding that does not stop comes first, then a crisis, then any other emergency.
        """
        try:
            flags = list(self._flags(text))
        except Exception as error:  # noqa: BLE001  a turn must go on whatever a reader types
            # Only the type: the error's own words may quote the reader.
            _LOGGER.error("The red-flag patterns failed on a message (%s).", type(error).__name__)
            return None
        return min(flags, key=_urgency, default=None)

    def _flags(self, text: str) -> Iterator[RedFlag]:
        rules = self.rules
        if len(text) > _LONGEST:
            text = f"{text[: _LONGEST // 2]}\n{text[-_LONGEST // 2 :]}"
        sentences = rules.folder.sentences(text)
        insisted = any(rules.markers["insists"].search(sentence.text) for sentence in sentences)
        for sentence in sentences:
            yield from self._foreign(sentence)
            shown = Sentence(rules.idioms.sub(lambda m: "~" * len(m[0]), sentence.text), sentence.clauses)
            for pattern in rules.patterns if rules.any_pattern.search(shown.text) else ():
                for match in pattern.regex.finditer(shown.text):
                    if not self._silenced(pattern, shown, match, insisted):
                        yield RedFlag(pattern.kind, pattern.category, match[0][:_EVIDENCE_LENGTH])
                        break

    def _foreign(self, sentence: Sentence) -> Iterator[RedFlag]:
        for match in self.rules.any_phrase.finditer(sentence.text):
            before = sentence.text[: match.start()].split()
            if before and before[-1] in self.rules.phrase_negators:
                continue
            kind = next(phrase.kind for phrase in self.rules.phrases if phrase.text == match[0])
            yield RedFlag(kind, "other_language", match[0])

    def _silenced(self, pattern: Pattern, sentence: Sentence, match: re.Match[str], insisted: bool) -> bool:
        start, end = sentence.clause_of(match.start())
        before = sentence.text[start : match.start()]
        if _denied_within(pattern, match) or self.rules.negation.search(before):
            return True
        if _DENIED_LIST.search(before) and not match[0].startswith(_SPEAKER):
            return True
        if self._in_media(sentence, match, before):
            return True
        if pattern.certainty == "always":
            return False
        clause = sentence.text[start : max(end, match.end())]
        if self._is_past(sentence, start, clause) or self._has_animal(pattern, before):
            return True
        return not insisted and self._is_general(pattern, sentence, match, clause)

    def _in_media(self, sentence: Sentence, match: re.Match[str], before: str) -> bool:
        markers = self.rules.markers
        if markers["media_after"].search(sentence.text, match.end()):
            return True
        found = markers["media"].search(before)
        if not found or match[0].startswith(_SPEAKER):
            return False
        return not markers["personal"].search(before[found.end() :])

    def _is_past(self, sentence: Sentence, start: int, clause: str) -> bool:
        markers = self.rules.markers
        leading = sentence.clause_before(start)
        past = markers["past"].search(clause) or (len(leading.split()) <= 6 and markers["past"].search(leading))
        return bool(past) and not markers["present"].search(markers["present_exceptions"].sub("", clause))

    def _has_animal(self, pattern: Pattern, before: str) -> bool:
        return pattern.kind == "emergency" and bool(self.rules.markers["animals"].search(before))

    def _is_general(self, pattern: Pattern, sentence: Sentence, match: re.Match[str], clause: str) -> bool:
        markers = self.rules.markers
        before = sentence.text[: match.start()]
        if pattern.kind == "emergency" and markers["hypothetical"].search(sentence.text[: match.end()]):
            return not markers["present"].search(clause)
        rest = f"{before} {sentence.text[match.end() :]}"
        if pattern.certainty == "bare":
            return bool(markers["general"].search(rest)) and not markers["somebody"].search(sentence.text)
        return bool(markers["general"].match(sentence.text)) and not markers["persons"].search(sentence.text)


def _denied_within(pattern: Pattern, match: re.Match[str]) -> bool:
    # "my face is not drooping": a gap of the pattern swallowed the denial. Patterns that mean one spell it out.
    return any(word in _DENIALS and word not in pattern.words for word in match[0].split())


def _urgency(flag: RedFlag) -> int:
    if flag.category in _FIRST:
        return 0
    return 1 if flag.kind == "crisis" else 2
