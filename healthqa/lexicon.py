"""The lexicon: terms and their synonyms, spelling, and the tokens that questions and passages are compared by.

Everything is built from `knowledge/lexicon/terms.yml` and `spacy.blank("en")`: no trained model is needed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import spacy
import Stemmer  # type: ignore[import-not-found,unused-ignore]
import yaml
from rapidfuzz.distance import OSA
from spacy.language import Language

from healthqa.errors import LexiconError
from healthqa.spelling import Speller, english_words, fold_spelling
from healthqa.types import Entity
from healthqa.wordings import Wordings

__all__ = ["Analysis", "Lexicon", "Term", "content_words"]

_WORD = re.compile(r"[a-z0-9]+(?:[’'][a-z]+)?")
_CACHE_SIZE = 4096

# Words that carry no subject: they neither find a passage nor can be missing from one.
_STOP_WORDS = frozenset(
    """a about above after again against all also am an and another any anybody anyone anything are as ask at away be
    became because been before being below between both but by came can cannot come could did do does doing done down
    during each either else ever every everyone everything few for from further gave get gets getting give gives go
    goes going gone gonna gone got gotta had has have having he hello help her here hers hey hi him his how however i
    if im in into is it its itself ive just keep keeps kept kind know knows let lets like little look lot lots made
    make makes making many may maybe me mean means might mine more most much must my myself need needs neither never
    no nor not now of off often ok okay on once one ones only onto or other others our out over own people perhaps
    person please possible possibly probably put quite rather really right said same say says see seem seems seen she
    should since so some somebody someone something sometimes soon sort still such sure take tell than thank thanks
    that the their them then there these they thing things think this those though through thx to too toward try u
    under understand until up upon ur us use used usually very via want wants was wasnt way we well were what whats
    whatever when where whether which while who whole whom whose why will with within without wonder wondering wont
    word would ya yeah yes yet you your yours pls plz guys guy anyway actually basically literally honestly curious
    question questions answer answers explain true real exactly etc eg ie bit dont doesnt isnt arent cant didnt havent
    wouldnt couldnt shouldnt don doesn isn aren ain youre theyre thats hows wheres whos theres heres due able work
    works happen happens happening going isit information info article articles page read reading heard hear told
    instead enough besides wise cool nothing long way ways lol omg idk imo btw fine nice great bad good best better
    till first second last next new already almost always come comes coming came back find finds found show shows shown
    include includes involve involved several couple guess suppose believe notice noticed experience experienced suspect
    end ended turn turns start starts started starting begin begins mention mentioned list overview summary briefly tips
    advice certain simple terms english plain decent figure run runs running someone once two three four five ten
    contain contains item items trigger triggers triggered connected related culprit grocery groceries stuff occur
    whether per via plus vs versus years year months month weeks week morning evening afternoon everyday minute hours
    today lately recently currently yesterday day days feel feels feeling felt worry worried sorry mum mom dad
    husband wife friend sister brother nan nana gran grandma grandpa mate mates flatmate roommate neighbor neighbors
    colleague colleagues boss cousin uncle aunt auntie partner girlfriend boyfriend son daughter swears reckons reckon
    claims claimed insists told says tbh ngl fr af dunno smth something kinda sorta defo rn brought bring full becomes
    become becoming yo simply merely ordinary therefore otherwise meant meaning according""".split()  # noqa: SIM905
)
# Short ones are too near to each other to be mended.
_LONG_STOP_WORDS = frozenset(word for word in _STOP_WORDS if len(word) > 4)


@dataclass(frozen=True)
class Term:
    """A canonical term, its type and the other words for it."""

    value: str
    entity: str
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Analysis:
    """What the lexicon makes of a text.

    :param text: the text with its spelling mended and folded to American.
    :param entities: terms in `text`.
    :param tokens: stems of the content words, and one `=canonical_term` token for each entity.
    :param words: content word as written in `text` -> its stem, entity words left out.
    """

    text: str
    entities: tuple[Entity, ...]
    tokens: tuple[str, ...]
    words: Mapping[str, str]

    @property
    def canonical_text(self) -> str:
        """The text with each term in its canonical form: "fasciculations" becomes "muscle twitching"."""
        pieces, position = [], 0
        for entity in self.entities:
            pieces += [self.text[position : entity.start], entity.value]
            position = entity.end
        return "".join([*pieces, self.text[position:]])

    @property
    def values(self) -> frozenset[str]:
        """Canonical values of the entities."""
        return frozenset(entity.value for entity in self.entities)


@dataclass(frozen=True)
class Lexicon:
    """Terms, a spaCy pipeline (sentencizer, entity ruler) and a careful speller.

    :param fingerprint: changes when the terms change.
    """

    terms: tuple[Term, ...]
    nlp: Language
    fingerprint: str
    speller: Speller = field(default_factory=Speller)
    wordings: Wordings = field(default_factory=Wordings)

    @classmethod
    def load(cls, folder: Path) -> Lexicon:
        """Read `terms.yml` in the folder.

        :raises LexiconError: when it is missing or a term is not usable; it names the term.
        """
        path = folder / "terms.yml"
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise LexiconError(path, "The list of terms cannot be read.", "Restore it.") from error
        content = _parse(path, raw)
        terms, wordings = _read_terms(path, content), Wordings.read(path, content.get("plain_words"))
        words, mistakes = _words_of(terms)
        speller = Speller(words | wordings.words | _LONG_STOP_WORDS, mistakes)
        return cls(terms, _build_pipeline(terms), hashlib.sha256(raw).hexdigest()[:16], speller, wordings)

    def with_vocabulary(self, texts: Iterable[str]) -> Lexicon:
        """Return a lexicon whose speller also knows the words of the texts (the corpus): those are never corrected."""
        words = {word for text in texts for word in _WORD.findall(text.lower())}
        return replace(self, speller=self.speller.with_words(words))

    def entities(self, text: str) -> tuple[Entity, ...]:
        """Return the terms in the text, as it is written, in order."""
        doc = self.nlp(text)
        return tuple(Entity(ent.label_, ent.ent_id_, ent.start_char, ent.end_char) for ent in doc.ents)

    def correct(self, text: str) -> str:
        """Return the text with misspelt words mended, British spelling made American, in plain words, with `B12`."""
        return self.wordings.apply(self.speller.correct(fold_spelling(text)))

    def words_for(self, tokens: Collection[str]) -> frozenset[str]:
        """Return the stems of all words of the terms that are among the tokens (`=canonical_term`)."""
        return frozenset(
            stem_word(word)
            for term in self.terms
            if f"={term.value.replace(' ', '_')}" in tokens
            for word in _WORD.findall(fold_spelling(" ".join((term.value, *term.synonyms)).lower()))
        )

    def normalise(self, text: str) -> list[str]:
        """Return the tokens that the text is compared by: stems of content words and `=canonical_term` tokens."""
        return list(self.analyse(text).tokens)

    def analyse(self, text: str) -> Analysis:
        """Return corrected text, entities and tokens; cached, for a question is looked at by several parts."""
        return self._analyse(text)

    @cached_property
    def _analyse(self) -> Callable[[str], Analysis]:
        return lru_cache(maxsize=_CACHE_SIZE)(self._analyse_once)

    def _analyse_once(self, text: str) -> Analysis:
        corrected = self.correct(text)
        entities = self.entities(corrected)
        covered = [(entity.start, entity.end) for entity in entities]
        tokens = [f"={entity.value.replace(' ', '_')}" for entity in entities]
        words: dict[str, str] = {}
        for match in _WORD.finditer(corrected.lower()):
            word = match.group()
            stem = stem_word(word)
            if is_stop_word(word):
                continue
            tokens.append(stem)
            if not any(start <= match.start() < end for start, end in covered):
                words[word] = stem
        return Analysis(corrected, entities, tuple(tokens), words)


def is_stop_word(word: str) -> bool:
    """Tell whether a lower-case word carries no subject."""
    plain = re.sub(r"[’']", "", word)
    return plain in _STOP_WORDS or re.sub(r"[’'].*", "", word) in _STOP_WORDS or len(plain) < 2


def content_words(text: str) -> list[str]:
    """Return the lower-case content words of a text, in order."""
    return [word for word in _WORD.findall(text.lower()) if not is_stop_word(word)]


@lru_cache(maxsize=16384)
def stem_word(word: str) -> str:
    """Return the stem of a lower-case word."""
    # A Stemmer keeps buffers and may not be shared by threads; making one takes a few microseconds.
    return str(Stemmer.Stemmer("english").stemWord(re.sub(r"[’']s?$", "", word)))


def _build_pipeline(terms: tuple[Term, ...]) -> Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    ruler = nlp.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER", "overwrite_ents": True})
    patterns = [
        {"label": term.entity, "pattern": form, "id": term.value} for term in terms for form in sorted(_forms(term))
    ]
    ruler.add_patterns(patterns)  # type: ignore[attr-defined,unused-ignore]
    return nlp


def _forms(term: Term) -> set[str]:
    """Return the ways a term is written: value, synonyms, American spelling, a plain plural."""
    forms = {form for text in (term.value, *term.synonyms) for form in (text.strip(), fold_spelling(text.strip()))}
    plurals = {f"{form}s" for form in forms if form[-1:].isalpha() and not form.endswith(("s", "y", "ing"))}
    return {form for form in forms | plurals if form}


def _words_of(terms: tuple[Term, ...]) -> tuple[set[str], dict[str, str]]:
    """Return the words of the terms, and the misspelt ones among the synonyms with the word they stand for.

    The lists of synonyms hold common misspellings, so that Rasa finds the entity; the encoder needs the right word.
    """
    words: set[str] = set()
    mistakes: dict[str, str] = {}
    for term in terms:
        good: list[str] = []
        for word in _WORD.findall(fold_spelling(" ".join((term.value, *term.synonyms)).lower())):
            right = None if word in english_words() else _nearest(word, good)
            if right is None:
                good.append(word)
            elif stem_word(right) != stem_word(word):
                mistakes[word] = right
        words.update(good)
    return words, {wrong: right for wrong, right in mistakes.items() if wrong not in words}


def _nearest(word: str, others: Iterable[str]) -> str | None:
    """Return the other word that is one or two letters away, of two the nearer one."""
    limit = 1 if len(word) < 7 else 2
    found = [(OSA.distance(word, other), other) for other in others if other != word and len(other) > 3]
    return min((pair for pair in found if pair[0] <= limit), default=(0, None))[1]


def _parse(path: Path, raw: bytes) -> dict[str, Any]:
    try:
        content = yaml.safe_load(raw.decode("utf-8"))
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise LexiconError(path, "The list of terms is not YAML in UTF-8.", f"Mend it: {error}") from error
    return content if isinstance(content, dict) else {}


def _read_terms(path: Path, content: Mapping[str, Any]) -> tuple[Term, ...]:
    entries = content.get("terms")
    if not isinstance(entries, list):
        raise LexiconError(path, "There is no list below `terms:`.", "Add one entry for each term.")
    terms = tuple(_read_term(path, number, entry) for number, entry in enumerate(entries, start=1))
    seen: dict[str, str] = {}
    for term in terms:
        if seen.setdefault(term.value.lower(), term.entity) != term.entity:
            raise LexiconError(path, f"The term has two types: {term.value}.", "Keep one.", f"term `{term.value}`")
    return terms


def _read_term(path: Path, number: int, entry: Any) -> Term:  # noqa: ANN401
    where = f"entry {number}"
    if not isinstance(entry, dict) or not entry.get("value") or not entry.get("entity"):
        raise LexiconError(path, "A term needs `value` and `entity`.", "Add what is missing.", where)
    synonyms = entry.get("synonyms") or []
    if not isinstance(synonyms, list):
        raise LexiconError(path, "`synonyms` is not a list.", "Write it as [one, two].", where)
    return Term(str(entry["value"]).strip(), str(entry["entity"]).strip(), tuple(str(s).strip() for s in synonyms if s))
