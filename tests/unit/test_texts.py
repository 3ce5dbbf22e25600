from __future__ import annotations

from pathlib import Path

import pytest

from healthqa.errors import ContentError
from healthqa.texts import Texts

YAML = """
version: "3.1"
responses:
  utter_greet:
    - text: "Hello."
      metadata: {kind: smalltalk}
    - text: "Hi there."
  utter_handoff:
    - text: "Write to {handoff}. {unknown}"
      metadata: {kind: refuse}
      buttons:
        - {title: "What is B12?", payload: "What is B12?"}
"""


@pytest.fixture()
def texts(tmp_path: Path) -> Texts:
    path = tmp_path / "responses.yml"
    path.write_text(YAML, encoding="utf-8")
    return Texts.load(path)


def test_texts_choose_the_same_variant_for_the_same_key(texts: Texts) -> None:
    assert len({texts.get("utter_greet", key="a question") for _ in range(5)}) == 1
    assert {texts.get("utter_greet", key=str(n)) for n in range(20)} == {"Hello.", "Hi there."}


def test_texts_fill_placeholders_and_never_show_braces(texts: Texts) -> None:
    assert texts.get("utter_handoff", handoff="help@example.org") == "Write to help@example.org. "


def test_texts_know_kinds_and_buttons(texts: Texts) -> None:
    assert texts.kinds["utter_handoff"] == "refuse"
    assert texts.buttons["utter_handoff"] == ("What is B12?",)


def test_texts_name_the_missing_response(texts: Texts) -> None:
    with pytest.raises(ContentError, match="utter_nothing"):
        texts.get("utter_nothing")


@pytest.mark.parametrize(
    "content", ["a: [", "intents: []", "responses:\n  utter_a: []", "responses:\n  utter_a:\n  - x"]
)
def test_texts_refuse_a_file_that_cannot_be_used(tmp_path: Path, content: str) -> None:
    path = tmp_path / "responses.yml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ContentError, match=r"responses\.yml"):
        Texts.load(path)


def test_texts_refuse_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="cannot be read"):
        Texts.load(tmp_path / "no.yml")


def test_the_delivered_texts_have_every_response_that_the_assistant_uses() -> None:
    root = Path(__file__).resolve().parents[2]
    texts = Texts.load(root / "data" / "responses.yml")
    source = "".join(path.read_text() for path in (root / "healthqa").glob("*.py"))
    source += (root / "knowledge/lexicon/near_misses.yml").read_text()
    import re

    used = set(re.findall(r"\butter_[a-z_]+[a-z]\b", source)) | {"utter_emergency", "utter_crisis"}
    assert used <= set(texts.variants), used - set(texts.variants)
