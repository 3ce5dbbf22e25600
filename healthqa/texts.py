"""The fixed texts of `data/responses.yml`, read without Rasa."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from healthqa.errors import ContentError

__all__ = ["Texts"]

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Texts:
    """Fixed texts by response name; each has one or more variants.

    :param variants: response name -> its texts.
    :param kinds: response name -> `metadata.kind`, where it has one.
    :param buttons: response name -> titles of the buttons of its first variant.
    """

    variants: Mapping[str, tuple[str, ...]]
    kinds: Mapping[str, str]
    buttons: Mapping[str, tuple[str, ...]]
    path: Path = Path("data/responses.yml")

    @classmethod
    def load(cls, path: Path) -> Texts:
        """Read the file.

        :raises ContentError: when it is missing, not YAML, or a response has no text.
        """
        responses = _read_responses(path)
        variants: dict[str, tuple[str, ...]] = {}
        kinds: dict[str, str] = {}
        buttons: dict[str, tuple[str, ...]] = {}
        for name, entries in responses.items():
            valid = [entry for entry in entries or [] if isinstance(entry, dict) and entry.get("text")]
            if not valid:
                raise ContentError(path, f"The response has no `text`: {name}.", "Give it at least one.", f"`{name}`")
            variants[name] = tuple(str(entry["text"]).strip() for entry in valid)
            kind = next((entry["metadata"].get("kind") for entry in valid if entry.get("metadata")), None)
            if kind:
                kinds[name] = str(kind)
            buttons[name] = tuple(str(b.get("title", "")) for b in valid[0].get("buttons") or () if b.get("title"))
        return cls(variants, kinds, buttons, path)

    def get(self, name: str, key: str = "", **values: str) -> str:
        """Return a text, its placeholders filled.

        :param name: response name, e.g. `utter_refuse_dose`.
        :param key: chooses the variant: the same key gets the same words, other keys may get others.
        :param values: placeholder -> text. A placeholder without a value becomes empty: a reader never sees braces.
        :raises ContentError: when there is no such response.
        """
        texts = self.variants.get(name)
        if not texts:
            raise ContentError(self.path, f"The response `{name}` is missing.", "Add it.")
        text = texts[zlib.crc32(key.encode()) % len(texts)]
        return _PLACEHOLDER.sub(lambda match: str(values.get(match.group(1), "")), text)


def _read_responses(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(path, "The file with the fixed texts cannot be read.", "Restore it.") from error
    except yaml.YAMLError as error:
        raise ContentError(path, "The file with the fixed texts is not YAML.", f"Mend it: {error}") from error
    responses = content.get("responses") if isinstance(content, dict) else None
    if not isinstance(responses, dict):
        raise ContentError(path, "There is no `responses:` in the file.", "Add the fixed texts below that key.")
    return responses
