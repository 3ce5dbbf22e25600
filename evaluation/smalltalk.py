"""Which replies to small talk are right: `sets/smalltalk_replies.yml` names the fitting fixed texts by kind."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.questions import SETS, load_questions, read_yaml
from evaluation.replies import Reading
from healthqa.errors import ContentError

__all__ = ["REPLIES_FILE", "TALKING_RESPONSES", "FittingReplies"]

REPLIES_FILE = "smalltalk_replies.yml"
# Refusals by their `metadata.kind` (they carry the disclaimer) that are a proper turn of a conversation all the same.
TALKING_RESPONSES = frozenset({"utter_challenge_doctor", "utter_handoff", "utter_no_handoff", "utter_other_language"})


@dataclass(frozen=True)
class FittingReplies:
    """What `smalltalk_replies.yml` says.

    :param always: kind -> names of the texts that suit each of its messages.
    :param some: (kind, message) -> further names.
    """

    always: Mapping[str, frozenset[str]]
    some: Mapping[tuple[str, str], frozenset[str]]

    @classmethod
    def load(cls, known: Collection[str], folder: Path = SETS) -> FittingReplies:
        """Read the file.

        :param known: names of all fixed texts.
        :raises ContentError: for a kind without an entry, an unknown text, or a message that is not in the set.
        """
        path = folder / REPLIES_FILE
        messages = {(q.kind, q.text) for q in load_questions(folder) if q.group == "smalltalk"}
        content = read_yaml(path)
        for kind in sorted({kind for kind, _ in messages} ^ set(content)):
            raise ContentError(path, "The kinds are not those of smalltalk.yml.", "Mend it.", f"kind `{kind}`")
        always = {kind: frozenset(entry["fits"]) for kind, entry in content.items()}
        some: dict[tuple[str, str], frozenset[str]] = {}
        for kind, entry in content.items():
            for name, texts in (entry.get("fits_some") or {}).items():
                _check_messages(path, kind, texts, messages)
                for text in texts:
                    some[kind, text] = some.get((kind, text), frozenset()) | {name}
        for name in sorted(frozenset().union(*always.values(), *some.values()) - set(known)):
            raise ContentError(path, f"No fixed text is called {name!r}.", "Name one of data/responses.yml.")
        return cls(always, some)

    def fits(self, kind: str, text: str, reading: Reading) -> bool:
        """Tell whether the reply shows nothing of the articles and says what this kind of message asks for."""
        wanted = self.always.get(kind, frozenset()) | self.some.get((kind, text), frozenset())
        said = [message.response for message in reading.messages]
        return not reading.shown and bool(said) and all(name in wanted for name in said)


def _check_messages(path: Path, kind: str, texts: Sequence[str], messages: Collection[tuple[str, str]]) -> None:
    for text in texts:
        if (kind, text) not in messages:
            raise ContentError(path, f"{text!r} is no message of smalltalk.yml.", "Mend it.", f"kind `{kind}`")
