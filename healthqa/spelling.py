"""Careful spelling correction: towards the words of the corpus, never away from a real word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from importlib.resources import files

from symspellpy import SymSpell, Verbosity

__all__ = ["Speller", "english_words", "fold_spelling"]

_WORD = re.compile(r"[A-Za-z]+")
_FOLDABLE = re.compile(r"\b[A-Za-z]+[48]?\b")
# "Dose" for "does": where a question opens with it, or asks how, why or what it does.
_DOSE = re.compile(
    r"(?P<before>(?:^|[.,;:?!]\s*|\b(?:and|but|so|or|how|why|when|where)\s+))"
    r"dose\b(?!\s+(?:of|for|per|is|should|to|do|in|a|or|and|b12\W*$)\b|\W*$)|"
    r"(?P<what>\b(?:what|which)\s+)dose(?=\s+(?:it|this|that|these|they|b12\s+\w)\b)",
    re.IGNORECASE,
)
_B12 = re.compile(r"\b(vit(?:amin)?s?\.?[ -]?)?b[ -]?(?:12|twelve)\b", re.IGNORECASE)
_TO_IZE = re.compile(r"\b([a-z]{3,})is(e|es|ed|ing|ation|ations)\b", re.IGNORECASE)
# Words on -ise that are spelt so on both sides of the Atlantic.
_KEEP_ISE = frozenset(
    """advert adv ar ra pra comprom compr concise cru desp dev dis dise exc exerc expert franch improv incise
    likew merchand no otherw para po prec prem prom prov rev sunr superv surm surpr telev treat w""".split()  # noqa: SIM905
)
_AMERICAN = {
    "anaemia": "anemia", "anaemic": "anemic", "haemoglobin": "hemoglobin", "diarrhoea": "diarrhea",
    "oedema": "edema", "paraesthesia": "paresthesia", "paraesthesias": "paresthesias", "coeliac": "celiac",
    "fibre": "fiber", "fibres": "fibers", "centre": "center", "colour": "color", "tumour": "tumor",
    "behaviour": "behavior", "yoghurt": "yogurt", "yoghurts": "yogurts", "ageing": "aging", "grey": "gray",
    "neurone": "neuron", "neurones": "neurons", "oesophagus": "esophagus", "foetus": "fetus", "litre": "liter",
    "labour": "labor", "favour": "favor", "programme": "program", "licence": "license", "practise": "practice",
    "tyre": "tire", "sulphur": "sulfur", "signalling": "signaling", "fuelled": "fueled", "judgement": "judgment",
    "homocysteinaemia": "homocysteinemia", "hyperhomocysteinaemia": "hyperhomocysteinemia", "leukaemia": "leukemia",
    "paediatric": "pediatric", "gynaecologist": "gynecologist", "orthopaedic": "orthopedic", "pyjamas": "pajamas",
}  # fmt: skip
# Chat spellings that are too short, or too far from the word, for the speller.
_CHAT = {
    "nite": "night", "nites": "nights", "tonite": "tonight", "cuz": "because", "coz": "because", "bcoz": "because",
    "bcuz": "because", "wat": "what", "wot": "what", "wats": "what's", "abt": "about", "ppl": "people",
    "peeps": "people", "thru": "through", "teh": "the", "hte": "the", "adn": "and", "nad": "and", "taht": "that",
    "waht": "what", "hwo": "how", "wich": "which", "wut": "what", "wuts": "what's", "watcha": "what", "wen": "when",
    "wer": "where", "ther": "there", "thier": "their", "becos": "because", "u": "you", "ur": "your", "gr8": "great",
    "m8": "mate", "wud": "would", "cud": "could", "shud": "should", "dat": "that", "dis": "this",
    "nbd": "no big deal", "bloodz": "bloods", "vits": "vitamins", "def": "deficiency", "lvl": "level", "b4": "before",
    "lvls": "levels", "defic": "deficiency", "symps": "symptoms", "sx": "symptoms", "tx": "treatment",
    "dx": "diagnosis", "inj": "injection", "supps": "supplements", "dr": "doctor", "docs": "doctors", "doc": "doctor",
    "gp": "doctor",
}  # fmt: skip
_FOLDED = {**_AMERICAN, **_CHAT}
_SHORT = 4
_LONG = 8


def fold_spelling(text: str) -> str:
    """Return the text with British spelling made American and every way to write B12 made `B12`."""
    text = _B12.sub(lambda match: ("vitamin " if match.group(1) else "") + "B12", text)
    text = _FOLDABLE.sub(lambda match: _keep_case(match.group(), _FOLDED.get(match.group().lower())), text)
    text = _DOSE.sub(lambda match: f"{match['before'] or match['what'] or ''}does", text)
    return _TO_IZE.sub(_to_ize, text)


class Speller:
    """Mends words that no dictionary knows, towards the vocabulary it was given.

    :param vocabulary: lower-case words; they are never changed, and the only ones that a typo becomes.
    :param mistakes: known misspellings -> the right word.
    """

    def __init__(self, vocabulary: Iterable[str] = (), mistakes: Mapping[str, str] | None = None) -> None:
        self.vocabulary = frozenset(word for word in vocabulary if word.isalpha())
        self.mistakes = dict(mistakes or {})
        self._mend = lru_cache(maxsize=8192)(self._mend_word)

    def with_words(self, words: Iterable[str]) -> Speller:
        """Return a speller that knows these words as well."""
        return Speller(self.vocabulary | set(words), self.mistakes)

    def correct(self, text: str) -> str:
        """Return the text, its misspelt words mended."""
        return _WORD.sub(lambda match: _keep_case(match.group(), self._mend(match.group().lower())), text)

    def prepare(self) -> Speller:
        """Build the search structure now, so that no reader waits for it."""
        _ = self._index
        return self

    def known(self, word: str) -> bool:
        """Tell whether a lower-case word is a real one: of the corpus, the lexicon or the English dictionary."""
        return word in self.vocabulary or word in english_words()

    def _mend_word(self, word: str) -> str:
        if word in self.mistakes and word not in self.vocabulary:
            return self.mistakes[word]
        if len(word) < _SHORT or self.known(word) or not self.vocabulary:
            return word
        distance = 1 if len(word) < _LONG else 2
        found = self._index.lookup(word, Verbosity.CLOSEST, max_edit_distance=distance)
        close = [entry for entry in found if entry.term[0] == word[0] and len(entry.term) >= _SHORT]
        return str(close[0].term) if close else word

    @cached_property
    def _index(self) -> SymSpell:
        index = SymSpell(max_dictionary_edit_distance=2, prefix_length=7)
        for word in sorted(self.vocabulary):
            # Of two words as near, the commoner one is meant.
            index.create_dictionary_entry(word, english_words().get(word, 1))
        return index


@lru_cache(maxsize=1)
def english_words() -> Mapping[str, int]:
    """Return the words of symspellpy's English frequency dictionary with how often they occur."""
    text = (files("symspellpy") / "frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8-sig")
    pairs = (line.split(" ") for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2}


def _keep_case(original: str, changed: str | None) -> str:
    if changed is None or changed == original.lower():
        return original
    return changed.capitalize() if original[0].isupper() else changed


def _to_ize(match: re.Match[str]) -> str:
    stem, ending = match.group(1), match.group(2)
    if stem.lower() in _KEEP_ISE or stem.lower().endswith(("erc", "prom", "pert", "mis")):
        return match.group()
    return f"{stem}iz{ending}"
