"""Sentences: where they end, which of them cannot stand without the one before, and groups that can be shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Token

__all__ = ["Span", "depends_on_previous", "group_sentences", "split_sentences"]

_ENDS = frozenset({".", "!", "?", "…", "...", "?!", "!?", "!!", "??"})
_CLOSERS = frozenset({'"', "'", "”", "’", "»", ")", "]", "''"})
_OPENERS = frozenset({'"', "'", "“", "‘", "«", "(", "[", "``"})
# Always followed by the thing they introduce: never the end of a sentence.
_NEVER = frozenset(
    "e.g. i.e. eg. ie. vs. v. cf. dr. mr. mrs. ms. prof. st. approx. ca. no. nos. fig. figs. vol. ref. refs. incl. "
    "esp. viz. resp. max. min. tab. sect. ch. pp. p.".split()
)
# May end a sentence: it goes on unless the next word is one that sentences like to begin with.
_MAYBE = frozenset(
    "etc. al. a.m. p.m. u.s. u.k. u.s.a. e.u. inc. ltd. jr. sr. ph.d. m.d. b.sc. mg. kg. ml. wk. yr.".split()
)
_STARTERS = frozenset(
    "a an the this that these those it they he she we you i in on at by for from with without when while if as after "
    "before because since although though however but and or so such some many most other others people your their "
    "its there here what why how who where which is are do does can not no yes once until during both each all any "
    "only if then also low vitamin muscle symptoms treatment early".split()
)
# Tokens: what stands in brackets for longer is a text of its own, and its sentences end as others do.
_LONGEST_ASIDE = 40
_DEPENDENT_WORDS = frozenset(
    "however this that these those it its itself they their theirs them he she his her but such also therefore thus "
    "hence so and or nor yet otherwise instead still then moreover furthermore nevertheless nonetheless consequently "
    "additionally similarly likewise meanwhile both neither another others conversely accordingly afterwards "
    "afterward besides rather here even".split()
)
_DEPENDENT_PHRASE = re.compile(
    r"(in addition|in contrast|in comparison|for example|for instance|as a result|as such|as well|on the other hand|"
    r"on the contrary|by contrast|in turn|in that case|in other words|in this case|in these cases|in such|if so|if not|"
    r"that said|the same|the former|the latter|the other|the others|the rest|other (symptoms|signs|causes|factors|"
    r"reasons|common|possible)|no other|at the same time|at other times|more (importantly|often)|because of it|not all|"
    r"(in|with|without|for|because of|despite|of|from|at|after|before|to|by|like|unlike|all of|some of|most of|many of|"
    r"one of|each of|none of|both of|when|once|if|although|while|as|until|since|due to|through|during|on|over|under)"
    r" (this|these|those|that|it|them|they|such|he|she))\b",
    re.IGNORECASE,
)
# "Without enough B12, this exchange is disturbed."
_DEPENDENT_CLAUSE = re.compile(r"[^,.]{1,50}, (this|these|those|such)\b", re.IGNORECASE)

Span = tuple[int, int]


def split_sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Return (start, end) of each sentence; between two there is white space only. A line end ends one."""
    spans = []
    start = None
    for token in _nlp()(text):
        if token.is_sent_start and start is not None:
            spans.append(_trim(text, start, token.idx))
            start = token.idx
        elif start is None:
            start = token.idx
    if start is not None:
        spans.append(_trim(text, start, len(text)))
    return tuple(span for span in spans if span[0] < span[1])


def depends_on_previous(sentence: str) -> bool:
    """Say whether a sentence refers back ("However", "This", "In these cases") and would mislead on its own."""
    bare = sentence.lstrip("\"'“‘([- ")
    word = re.match(r"[A-Za-z]+", bare)
    first = word.group().lower() if word else ""
    return first in _DEPENDENT_WORDS or bool(_DEPENDENT_PHRASE.match(bare) or _DEPENDENT_CLAUSE.match(bare))


def group_sentences(
    text: str, spans: Sequence[Span], limit: int, fewest_words: int, most_words: int
) -> list[list[Span]]:
    """Group sentences: as few groups as `limit` allows, of similar length, none beginning with a reference back.

    :param spans: (start, end) of each sentence in the text.
    :param limit: words of a group; a sentence and those that refer back to it may exceed it.
    :param fewest_words: a group with fewer joins its neighbour.
    :param most_words: words that no group exceeds unless one sentence does. Sentences that refer back and do not fit
        begin a group that repeats the sentence before them.
    """
    if not spans:
        return []
    chains = [part for chain in _chains(text, spans) for part in _bounded(text, chain, most_words)]
    fewest = _pack(text, chains, limit)
    for smaller in range(max(_span_words(text, chain) for chain in chains), limit):
        groups = _pack(text, chains, smaller)
        if len(groups) == len(fewest):
            return _join_fragments(text, groups, fewest_words, most_words)
    return _join_fragments(text, fewest, fewest_words, most_words)


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


@lru_cache(maxsize=1)
def _nlp() -> Language:
    nlp = spacy.blank("en")
    nlp.max_length = 10_000_000
    nlp.add_pipe("healthqa_sentences")
    return nlp


@Language.component("healthqa_sentences")  # type: ignore[misc, untyped-decorator, unused-ignore]
def _mark_sentence_starts(doc: Doc) -> Doc:
    """Set `is_sent_start`; spaCy's own sentencizer breaks at "e.g." and inside brackets."""
    closing = _closing_brackets(doc)
    inside_until = -1
    previous_start = 0
    for token in doc:
        if token.i == 0:
            continue
        token.is_sent_start = False
        before = doc[token.i - 1]
        inside_until = max(inside_until, closing.get(before.i, -1))
        if "\n" in before.text_with_ws and not token.is_space:
            starts = True
        else:
            starts = token.i > inside_until and not token.is_space and _starts_sentence(doc, token, previous_start)
        if starts:
            token.is_sent_start = True
            previous_start = token.i
            inside_until = -1
    return doc


def _closing_brackets(doc: Doc) -> dict[int, int]:
    """Map each opening bracket to its closing one; one that is closed late or never is not in it."""
    pairs: dict[int, int] = {}
    open_at: list[int] = []
    for token in doc:
        if "\n" in token.text:
            open_at.clear()
        elif token.text in ("(", "["):
            open_at.append(token.i)
        elif token.text in (")", "]") and open_at:
            start = open_at.pop()
            if token.i - start <= _LONGEST_ASIDE:
                pairs[start] = token.i
    return pairs


def _starts_sentence(doc: Doc, token: Token, previous_start: int) -> bool:
    """Say whether a sentence begins at the token, judged by what stands before it."""
    at = token.i - 1
    while at > previous_start and (doc[at].is_space or doc[at].text in _CLOSERS):
        at -= 1
    end = doc[at]
    if token.text in _CLOSERS and not token.text.strip("'\"") == "" or not _gap(doc, end.i, token.i):
        return False
    first = _first_word(doc, token.i)
    if not (first[:1].isupper() or first[:1].isdigit() or token.text in ("•", "–", "-")):
        return False
    if end.text in ("!", "?", "…", "...") or end.text in _ENDS - {"."}:
        return True
    if not end.text.endswith("."):
        return False
    return _ends_at_dot(doc, end, first, previous_start)


def _ends_at_dot(doc: Doc, end: Token, first: str, previous_start: int) -> bool:
    glued = end.text == "." and end.i > 0 and not doc[end.i - 1].whitespace_
    word = (doc[end.i - 1].text + "." if glued else end.text).lower()
    number = word[:-1].isdigit()
    if word in _NEVER and not (word in ("no.", "min.", "max.") and not first[:1].isdigit()):
        return False
    if word in _MAYBE or re.fullmatch(r"([a-z]\.)+", word):
        return first.lower() in _STARTERS
    # "1. Eat ..." at the head of a sentence is its number, not a sentence.
    first_word_at = end.i - 1 if glued else end.i
    return not (number and first_word_at <= previous_start)


def _gap(doc: Doc, end: int, start: int) -> bool:
    return any(token.whitespace_ or token.is_space for token in doc[end:start])


def _first_word(doc: Doc, at: int) -> str:
    while at < len(doc) - 1 and (doc[at].text in _OPENERS or doc[at].is_space):
        at += 1
    return str(doc[at].text)


def _chains(text: str, spans: Sequence[Span]) -> list[list[Span]]:
    """Put each sentence that refers back together with the one before."""
    chains: list[list[Span]] = []
    for start, end in spans:
        if chains and depends_on_previous(text[start:end]):
            chains[-1].append((start, end))
        else:
            chains.append([(start, end)])
    return chains


def _bounded(text: str, chain: list[Span], most_words: int) -> list[list[Span]]:
    """Split a chain that is too long to be shown; each part after the first repeats the sentence before it."""
    parts: list[list[Span]] = []
    part: list[Span] = []
    for span in chain:
        if part and _span_words(text, [*part, span]) > most_words:
            parts.append(part)
            part = [part[-1]] if _span_words(text, [part[-1], span]) <= most_words else []
        part.append(span)
    return [*parts, part]


def _pack(text: str, chains: Sequence[list[Span]], limit: int) -> list[list[Span]]:
    groups: list[list[Span]] = []
    for chain in chains:
        follows = bool(groups) and groups[-1][-1][1] <= chain[0][0]
        if follows and _span_words(text, [*groups[-1], *chain]) <= limit:
            groups[-1] = [*groups[-1], *chain]
        else:
            groups.append(list(chain))
    return groups


def _join_fragments(text: str, groups: list[list[Span]], fewest_words: int, most_words: int) -> list[list[Span]]:
    """Join a group of fewer than five words to a neighbour, so that it is not lost."""
    joined: list[list[Span]] = []
    for group in groups:
        small = joined and min(_span_words(text, group), _span_words(text, joined[-1])) < fewest_words
        if small and _span_words(text, [*joined[-1], *group]) <= most_words:
            joined[-1] = [*joined[-1], *group]
        else:
            joined.append(group)
    return joined


def _span_words(text: str, spans: Sequence[Span]) -> int:
    return len(text[spans[0][0] : spans[-1][1]].split())
