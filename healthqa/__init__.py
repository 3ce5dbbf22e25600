"""healthqa: answers a publisher's readers from the publisher's own articles.

::

    from healthqa import Assistant, Settings

    assistant = Assistant.load(Settings.from_env())
    print(assistant.reply("can low B12 cause twitching?").text)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from healthqa.answer import DISCLAIMER, answer_to_json, compose_answer, compose_fixed, with_notice
    from healthqa.assistant import Assistant
    from healthqa.errors import HealthQAError
    from healthqa.lexicon import Lexicon
    from healthqa.settings import Settings
    from healthqa.texts import Texts
    from healthqa.types import Answer, Context, Hit, Passage, RedFlag

__all__ = [
    "DISCLAIMER",
    "Answer",
    "Assistant",
    "Context",
    "HealthQAError",
    "Hit",
    "Lexicon",
    "Passage",
    "RedFlag",
    "Settings",
    "Texts",
    "answer_to_json",
    "compose_answer",
    "compose_fixed",
    "with_notice",
]

# Loaded on first use: `import healthqa.safety` must not bring in onnxruntime or FAISS.
_HOMES = {
    "DISCLAIMER": "answer",
    "Answer": "types",
    "Assistant": "assistant",
    "Context": "types",
    "HealthQAError": "errors",
    "Hit": "types",
    "Lexicon": "lexicon",
    "Passage": "types",
    "RedFlag": "types",
    "Settings": "settings",
    "Texts": "texts",
    "answer_to_json": "answer",
    "compose_answer": "answer",
    "compose_fixed": "answer",
    "with_notice": "answer",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _HOMES:
        raise AttributeError(f"module 'healthqa' has no attribute {name!r}")
    return getattr(import_module(f"healthqa.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
