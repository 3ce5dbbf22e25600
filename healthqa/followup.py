"""Questions that only make sense after another one, and questions buried in a long story."""

from __future__ import annotations

import re

from healthqa.types import Context

__all__ = ["asking_part", "needs_context", "standalone", "without_exceptions"]

_STORY_WORDS = 30
_ELLIPTIC_WORDS = 7
_FRAGMENT_WORDS = 4
_PRONOUN = re.compile(
    r"\b(it|its|it's|they|them|their|this|that|these|those|the (first|second|last|other) one|there)\b", re.IGNORECASE
)
_OPENER = re.compile(
    r"^(and|but|so|or|ok(ay)?|also|then|what about|how about|and what|what of|what if|which ones?|such as|like what|"
    r"for example|why|why not|how so|how come|since when|really|in what way|any others?|others?|else|anything else|"
    r"what else|how long|how soon|how fast|where|when|who|how|is that|are they|can it|does it)\b",
    re.IGNORECASE,
)
_DEFINES = re.compile(r"^(what|who)('s|s| is| are| was| does)\b", re.IGNORECASE)
_CARRIES_ON = re.compile(r"^((what|how) about|and)\b", re.IGNORECASE)
_BARE = re.compile(
    r"^(why|why not|how|how so|how come|where|when|who|which ones?|such as|like what|for example|"
    r"in what way|really|what else|any others?|anything else|else)\s*\??$",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"^(\s*(ok(ay)?|thanks?( you)?|thx|great|cool|hmm+|right|i see|alright|got it|and|but|so|also|then|well|"
    r"what about|how about|what of)\b[\s,.!…-]*)+",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"^(\W*(so|and|but|please|basically|anyway|my question is|"
    r"i('m| am| was)? (just )?(wonder(ing)?|want(ed)? to know|asking)|tell me|does anyone know)\b[\s,:]*)*"
    r"(what|why|how|when|where|who|which|can|could|is|are|do|does|did|should|would|will|has|have|any|tell|explain|"
    r"if|whether|wonder)\b",
    re.IGNORECASE,
)
_EXCEPT = re.compile(
    r",?\s*\b(besides|other than|apart from|aside from|except( for)?|and not|"
    r"if (it is|it's) not|if (it isn't|not)|not (from|due to|because of|caused by)|not(?= (vitamin )?b-?12\b)|"
    r"rather than|instead of)\s+[^?.!,;]{1,30}",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
# Subjects a follow-up can be about by itself: with one of them named, nothing needs to be carried over.
_SUBJECT = re.compile(r"\b(b12|cobalamin|deficien\w*|twitch\w*|cramps?|spasms?)\b", re.IGNORECASE)


def needs_context(question: str, context: Context) -> bool:
    """Tell whether the question leans on the last one: a pronoun or a fragment, and no subject of its own."""
    if not (context.last_question or context.topic):
        return False
    text = question.strip()
    if not text or len(text.split()) > _STORY_WORDS:
        return False
    if _BARE.match(_FILLER.sub("", text) or text):
        return True
    if _SUBJECT.search(text):
        return bool(_CARRIES_ON.match(text)) and len(text.split()) <= _ELLIPTIC_WORDS
    fragment = len(text.split()) <= _FRAGMENT_WORDS and not _DEFINES.match(text)
    return bool(_PRONOUN.search(text)) or bool(_OPENER.match(text)) or fragment


def standalone(question: str, context: Context) -> str:
    """Return the question so that it can be understood alone; unchanged unless it leans on the last one.

    Only words of the reader's own last question and the topic are added: the question is for searching and is never
    shown as a statement.
    """
    text = " ".join(question.split())
    if not needs_context(text, context):
        return text
    bare = _FILLER.sub("", text).strip() or text
    if _BARE.match(bare):
        return _join(bare, context.last_question or context.topic)
    subject = context.topic or context.last_question
    replaced, count = _PRONOUN.subn(subject, bare, count=1)
    if count and context.topic:
        return replaced
    return _join(bare, subject)


def asking_part(text: str) -> str:
    """Return the sentences of a long message that ask something; a short or unasking message whole."""
    if len(text.split()) <= _STORY_WORDS:
        return text
    sentences = [match.group().strip() for match in _SENTENCE.finditer(text) if match.group().strip()]
    asking = [sentence for sentence in sentences if sentence.endswith("?")]
    asking = asking or [sentence for sentence in sentences if _ASKS.match(sentence)]
    return " ".join(asking[-2:]) or text


def without_exceptions(text: str) -> str:
    """Return the question without what it rules out: "what else causes cramps besides B12" is not about B12."""
    shorter = _EXCEPT.sub("", text).strip()
    return shorter if len(shorter.split()) >= 3 else text


def _join(question: str, subject: str) -> str:
    subject = subject.rstrip(" ?.!")
    return f"{question.rstrip(' ?.!')} – {subject}?"
