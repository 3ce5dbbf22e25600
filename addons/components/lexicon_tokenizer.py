"""Tokens as the lexicon's spaCy pipeline sees them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import spacy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from spacy.language import Language

from addons.components.resources import files_fingerprint, folder_setting, lexicon_at, log_once
from healthqa.errors import HealthQAError

__all__ = ["LexiconTokenizer"]


@lru_cache(maxsize=1)
def _plain_english() -> Language:
    return spacy.blank("en")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class LexiconTokenizer(Tokenizer):
    """Splits a text with the tokenizer of the lexicon's pipeline, so that NLU and retrieval see the same words.

    First in the pipeline: it also turns a missing text into an empty one, on which Rasa's own parts would crash.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the config; `lexicon`: folder, empty for that of the settings."""
        return {
            "lexicon": "",
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
            "prefix_separator_symbol": None,
        }

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Train again when a term changes."""
        return files_fingerprint(folder_setting(config, "lexicon", "lexicon_dir") / "terms.yml")

    def process(self, messages: list[Message]) -> list[Message]:
        """Tokenize; messages without a text get the empty text."""
        for message in messages:
            if not isinstance(message.get(TEXT), str):
                message.set(TEXT, "")
        return super().process(messages)

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """Return the tokens of the attribute with their character offsets; spaces are none."""
        text = message.get(attribute) or ""
        return [
            Token(token.text, token.idx, lemma=token.text.lower())
            for token in self._language().make_doc(text)
            if not token.is_space
        ]

    def _language(self) -> Language:
        folder: Path = folder_setting(self._config, "lexicon", "lexicon_dir")
        try:
            return lexicon_at(folder).nlp
        except HealthQAError as error:
            log_once(type(self).__name__, str(error))
            return _plain_english()
