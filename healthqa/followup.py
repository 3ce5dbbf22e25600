"""Questions that only make sense after another one, and questions buried in a long story."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from healthqa.antecedents import antecedent, swapped
from healthqa.lexicon import Lexicon
from healthqa.questions import question_type
from healthqa.types import Answer, Context

__all__ = [
    "StandAlone",
    "after_last",
    "asking_part",
    "is_short",
    "needs_context",
    "own_words",
    "points_back",
    "remembered",
    "rule_text",
    "standalone",
    "without_exceptions",
    "without_set_aside",
]

_STORY_WORDS = 30
_ELLIPTIC_WORDS = 7
_FRAGMENT_WORDS = 4
_FACET_WORDS = 8
_PRONOUN = re.compile(
    r"\b(it|its|it's|they|them|their|this|that|these|those|the (first|second|last|other) one|there)\b", re.IGNORECASE
)
_OPENER = re.compile(
    r"^(and|but|so|or|ok(ay)?|also|then|what about|how about|and what|what of|what if|which ones?|such as|like what|"
    r"for example|why|why not|how so|how come|since when|really|in what way|any others?|others?|else|anything else|"
    r"what else|how long|how soon|how fast|where|when|who|how|is that|are they|can it|does it)\b",
    re.IGNORECASE,
)
# What is asked of a subject: without one of its own, such a question is about the last one.
_FACET = re.compile(
    r"\b(others?|another|else|tests?|tested|signs?|symptoms?|causes?|treatments?|treated|diagnosed|foods?|doctors?|gp|"
    r"tablets?|pills?|shots?|jabs?|injections?|supplements?)\b",
    re.IGNORECASE,
)
_DEFINES = re.compile(r"^(what|who)('s|s| is| are| was| does)\b", re.IGNORECASE)
_CARRIES_ON = re.compile(r"^((what|how) about|and)\b", re.IGNORECASE)
_BARE = re.compile(
    r"^(why|why not|how|how so|how come|where|when|who|which ones?|such as|like what|for example|"
    r"(why|how come) (is (it|that|this) )?(so|that) \w+|why (is|does|do|are|did|would) (that|this|it|they|those)|"
    r"in what way|really|what else|any others?|anything else|else)\W*$",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"^(\s*(ok(ay)?|thanks?( you)?|thx|great|cool|hmm+|right|i see|alright|got it|and|but|so|also|then|well|"
    r"damn|wow|oh|ah|lol|haha|sorry|yo|hey|hi|hello|please|interesting|"
    r"what about|how about|what of)\b[\s,.!…-]*)+",
    re.IGNORECASE,
)
_TRAILING = re.compile(r"(?:[\s,]+(?:tho|though|then|please|pls|plz|lol|exactly|anyway|again))+(\W*)$", re.IGNORECASE)
# "No, I mean cramps, not twitching": what is meant, and what is not.
_CORRECTION = re.compile(
    r"^\W*(?:(?:no|nope|nah|sorry|oops|ups|wait|hang on|actually|my bad|not (?:that|\w+( \w+)?))\b[\s,.!-]*)*"
    r"(?:i (?:actually |really )?(?:mean|meant|was asking about|am asking about|asked about)|meaning|make that|"
    r"i(?:'m| am) (?:talking|asking) about)\b[\s,:]*(?P<meant>[^?]+?)\W*$",
    re.IGNORECASE,
)
# "No, cramps", "not twitching, cramps": only where a term can take the place of another.
_OTHER = re.compile(
    r"^\W*(?:no|nope|nah|sorry|oops|wait|actually|not (?P<not>[\w ]+?))[\s,.!-]+(?:but )?(?P<meant>[^?]{2,30}?)\W*$",
    re.IGNORECASE,
)
_CASE = re.compile(r"^(for|in|from|with|without|at|during|after|before|by|among|if|when)\b", re.IGNORECASE)
_NOT_MEANT = re.compile(r"[\s,]+(?:and )?(?:not|instead of|rather than)\s+(?P<words>.+)$", re.IGNORECASE)
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
_POINTS = re.compile(r"\b(he|she|him|her|hers|his|they|them|their|it|this|these|those|(?<!true )that)\b", re.IGNORECASE)
# Who is told of in the first person is asked about in every sentence.
_EXPECTING = re.compile(
    r"\bi('m| am|'ve been| was)\b[^.?!]{0,30}\b(pregnant|breast ?-?feeding|nursing)\b", re.IGNORECASE
)
# "Ok forget the kids, can it make ME twitch": what the reader sets aside is not asked about.
_SET_ASIDE = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|so|right|well|no|fine|and|but|then)\b[\s,]*)*"
    r"(?:forget|never ?mind|leav(?:e|ing) aside|ignore)(?: about)? [^?.!,;:–-]{1,30}[.!,;:–-]+\s+",
    re.IGNORECASE,
)
_AGAINST = re.compile(
    r"\b(it|this|that|them|those|these|they)\b.{0,30}\b(from|than|as|and|to|versus|vs|or)\b", re.IGNORECASE
)
# With a subject of its own a question can still be about the last one: "does low B12 cause it?", "how would that of
# B12 be different?".
_OBJECT = re.compile(
    r"\b(causes?|helps?|stops?|fix(es)?|cures?|explains?|prevents?|behind|with|about|for|from|treats?|reverses?|"
    r"linked to|related to|due to|do) (it|this|that|them|those|these)\b\W*$|\bbe(ing)? (any )?different\b\W*$",
    re.IGNORECASE,
)
_YES_NO = re.compile(r"^(can|could|does|do|did|is|are|was|will|would|should|may|might|has|have)\b", re.IGNORECASE)
# The subject of the whole site: it says little about what "it" is.
_SITE = frozenset({"vitamin b12", "vitamin b12 deficiency"})
_BEHIND = " – "
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
# What points back at the last question although the words have a subject of their own: "does low B12 cause both?".
_POINTS_BACK = re.compile(
    r"\b(both|such|either|neither|(?<!is )(?<!are )(?<!was )there(?!'s| is| are| a | any))\b|"
    r"\b(it|them|this|that|these|those)(\s+(too|also|as well|either|then|anyway|happen))*\W*$",
    re.IGNORECASE,
)
# Subjects a follow-up can be about by itself: with one of them named, nothing needs to be carried over.
_SUBJECT = re.compile(r"\b(b12|cobalamin|deficien\w*|twitch\w*|cramps?|spasms?)\b", re.IGNORECASE)


def needs_context(question: str, context: Context) -> bool:
    """Tell whether the question leans on the last one: a pronoun or a fragment, and no subject of its own."""
    if not (context.last_question or context.topic):
        return False
    text = question.strip()
    if not text or len(text.split()) > _STORY_WORDS:
        return False
    if _BARE.match(_bare(text)):
        return True
    if _SUBJECT.search(text):
        carries_on = bool(_CARRIES_ON.match(text)) and len(text.split()) <= _ELLIPTIC_WORDS
        return carries_on or _set_against_last(text) or bool(_OBJECT.search(text))
    if len(text.split()) <= _FACET_WORDS and _FACET.search(text):
        return True
    fragment = len(text.split()) <= _FRAGMENT_WORDS and not _DEFINES.match(text)
    return bool(_PRONOUN.search(text)) or bool(_OPENER.match(text)) or fragment


@dataclass(frozen=True)
class StandAlone:
    """A question that can be understood alone.

    :param text: it is for searching and is never shown as a statement.
    :param way: how it was made. `own`: the reader's words as they are; `joined`: what was asked before stands behind
        them; `resolved`: a pronoun gave way to what it means; `swapped`: the last question with another term in it.
    """

    text: str
    way: Literal["own", "joined", "resolved", "swapped"] = "own"


def standalone(question: str, context: Context, lexicon: Lexicon) -> StandAlone:
    """Return the question so that it can be understood alone; as it is unless it leans on the last one.

    Only words of the reader's own last question, its terms and the topic are added.
    """
    text = " ".join(question.split())
    if not (context.last_question or context.topic):
        return StandAlone(text)
    corrected = _corrected(text, context, lexicon)
    if corrected is not None:
        return corrected
    if not needs_context(text, context):
        return StandAlone(text)
    bare = _bare(text)
    if _BARE.match(bare):
        return _asked_of_last(bare, context)
    other = swapped(bare, context.last_question, lexicon) if not _ASKS.match(bare) else ""
    if other:
        return StandAlone(other, "swapped")
    if context.last_question and _CASE.match(bare) and len(bare.split()) <= _FRAGMENT_WORDS:
        return StandAlone(_join(bare, context.last_question), "joined")
    pronoun = _PRONOUN.search(bare)
    if pronoun and context.topic:
        meant = antecedent(pronoun.group(), context.last_question, context.topic, lexicon)
        return StandAlone(f"{bare[: pronoun.start()]}{meant}{bare[pronoun.end() :]}", "resolved")
    return StandAlone(_join(bare, context.topic or context.last_question), "joined")


def points_back(question: str) -> bool:
    """Tell whether words with a subject of their own mean something of the last question as well."""
    return bool(_POINTS_BACK.search(question))


def own_words(question: str) -> str:
    """Return the question without what only leads to it or trails off ("ok and the nerves then?" -> "the nerves?")."""
    return _bare(" ".join(question.split()))


def is_short(question: str) -> bool:
    """Tell whether the question is short enough to lean on the last one; a story stands for itself."""
    return len(question.split()) <= _STORY_WORDS


def after_last(question: str, context: Context) -> str:
    """Return the question with the last one behind it; the question alone where nothing was asked before."""
    last = context.last_question or context.topic
    return _join(own_words(question), last) if last else own_words(question)


def remembered(context: Context, answer: Answer) -> Context:
    """Return what the next turn can lean on after an answer, or after a question that was refused.

    A refused question is remembered where nothing was asked before, or where it names a subject of its own.
    """
    if answer.passages:
        shown = tuple(hit.passage.id for hit in answer.passages)
        return replace(context, topic=answer.topic, last_question=answer.question, last_passages=shown)
    own = set(answer.topic.split(" and ")) - _SITE - {""}
    if answer.kind not in ("refuse", "clarify") or not answer.question or (context.last_question and not own):
        return context
    return replace(context, topic=answer.topic, last_question=answer.question, last_passages=())


def _corrected(text: str, context: Context, lexicon: Lexicon) -> StandAlone | None:
    """Return the last question put right, or the new question; none where the words correct nothing."""
    correction = _CORRECTION.match(text)
    if correction is None:
        other = _OTHER.match(text)
        swap = swapped(other["meant"], context.last_question, lexicon, instead_of=other["not"] or "") if other else ""
        return StandAlone(swap, "swapped") if swap else None
    not_meant = _NOT_MEANT.search(correction["meant"])
    meant = _NOT_MEANT.sub("", correction["meant"]).strip()
    swap = swapped(meant, context.last_question, lexicon, instead_of=not_meant["words"] if not_meant else "")
    if swap:
        return StandAlone(swap, "swapped")
    if len(meant.split()) > _ELLIPTIC_WORDS:
        return StandAlone(meant, "resolved")
    return StandAlone(_join(meant or text, context.last_question or context.topic), "joined")


def _asked_of_last(bare: str, context: Context) -> StandAlone:
    """Ask "why?" or "how?" of the last question."""
    last = _bare(context.last_question)
    word = bare.rstrip(" ?!.").lower()
    if word in ("why", "how", "when", "where") and _YES_NO.match(last):
        return StandAlone(f"{word} {last}", "swapped")
    return StandAlone(_join(bare, context.last_question or context.topic), "joined")


def _bare(text: str) -> str:
    """Return the question without what only leads to it or trails off."""
    shorter = _TRAILING.sub(r"\1", _FILLER.sub("", text)).strip()
    return shorter or text


def _set_against_last(text: str) -> bool:
    """Tell whether what was asked before is compared with a subject ("how do I tell it from B12 twitching?")."""
    return question_type(text) == "compare" and bool(_AGAINST.search(text))


def asking_part(text: str) -> str:
    """Return the sentences of a long message that ask something; a short or unasking message whole."""
    if len(text.split()) <= _STORY_WORDS:
        return text
    sentences = [match.group().strip() for match in _SENTENCE.finditer(text) if match.group().strip()]
    asking = [sentence for sentence in sentences if sentence.endswith("?")]
    asking = asking or [sentence for sentence in sentences if _ASKS.match(sentence)]
    return " ".join(asking[-2:]) or text


def rule_text(text: str) -> str:
    """Return the part of a message that the rules for near misses look at.

    A dog or a grandchild in a long story is no question about them, unless what is asked points at somebody.
    """
    asking = asking_part(text)
    return text if asking == text or _POINTS.search(asking) or _EXPECTING.search(text) else asking


def without_set_aside(text: str) -> str:
    """Return the message without what its beginning sets aside: "ok forget the kids, can it make ME twitch"."""
    return _SET_ASIDE.sub("", text)


def without_exceptions(text: str) -> str:
    """Return the question without what it rules out: "what else causes cramps besides B12" is not about B12."""
    shorter = _EXCEPT.sub("", text).strip()
    return shorter if len(shorter.split()) >= 3 else text


def _join(question: str, subject: str) -> str:
    # Of a chain of follow-ups the last one and what it all began with say enough.
    parts = subject.rstrip(" ?.!").split(_BEHIND)
    kept = parts if len(parts) < 3 else [parts[0], parts[-1]]
    return f"{_BEHIND.join([question.rstrip(' ?.!'), *kept])}?"
