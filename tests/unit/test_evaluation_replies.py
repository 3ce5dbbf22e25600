"""What a reply is, read from its text."""

from __future__ import annotations

import pytest
import yaml

from evaluation.replies import default_texts, read_reply
from healthqa.answer import DISCLAIMER, NOT_REVIEWED, compose_fixed, with_notice
from healthqa.hotlines import Hotlines
from healthqa.settings import Settings
from healthqa.texts import Texts

SETTINGS = Settings.from_env({})
TEXTS = Texts.load(SETTINGS.responses_path)
SOURCE = f"Source: A › B – http://127.0.0.1/a#b\n{NOT_REVIEWED}"
ANSWER = f"Low B12 can harm nerves.\n{SOURCE}\n{DISCLAIMER}"


def notice() -> str:
    responses = yaml.safe_load(SETTINGS.responses_path.read_text(encoding="utf-8"))["responses"]
    return str(responses["utter_notice"][0]["text"])


def test_passage_is_what_stands_before_its_source() -> None:
    reading = read_reply([f"{notice()}\n{ANSWER}"], default_texts())
    assert (reading.kind, reading.shown) == ("answer", "Low B12 can harm nerves.")
    assert reading.messages[0].disclaimer
    assert reading.messages[0].stray == ""


def test_each_of_two_passages_is_a_block_of_its_own() -> None:
    reading = read_reply([f"One.\nStill one.\n{SOURCE}\nTwo.\n{SOURCE}\n{DISCLAIMER}"], default_texts())
    assert reading.messages[0].blocks == ("One.\nStill one.", "Two.")


def test_text_after_the_last_source_is_stray() -> None:
    reading = read_reply([f"One.\n{SOURCE}\nTwo.\n{DISCLAIMER}"], default_texts())
    assert (reading.messages[0].blocks, reading.messages[0].stray) == (("One.",), "Two.")


def test_passage_without_a_source_is_no_answer() -> None:
    assert read_reply([f"Low B12 can harm nerves.\n{DISCLAIMER}"], default_texts()).kind == "unknown"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("utter_refuse_dose", "refuse"),
        ("utter_no_evidence", "refuse"),
        ("utter_did_you_mean", "did_you_mean"),
        ("utter_error", "failure"),
        ("utter_no_sources", "clarify"),
        ("utter_greet", "smalltalk"),
        ("utter_help", "smalltalk"),
    ],
)
def test_fixed_text_is_recognised_with_and_without_notice(name: str, kind: str) -> None:
    answer = compose_fixed("smalltalk" if kind == "smalltalk" else "refuse", TEXTS.get(name))
    for text in (answer.text, with_notice(answer, notice()).text):
        reading = read_reply([text], default_texts())
        assert (reading.kind, reading.responses) == (kind, (name,))
        assert reading.messages[0].disclaimer is (kind != "smalltalk")


@pytest.mark.parametrize("country", ["", "US", "GB", "DE", "AU", "IN"])
@pytest.mark.parametrize("kind", ["emergency", "crisis"])
def test_alarm_is_recognised_whatever_numbers_it_names(kind: str, country: str) -> None:
    values = Hotlines.load(SETTINGS.lexicon_dir / "hotlines.yml").values(country or None)
    answer = compose_fixed(kind, TEXTS.get(f"utter_{kind}", **values))  # type: ignore[arg-type]
    assert read_reply([with_notice(answer, notice()).text], default_texts()).kind == kind


def test_every_variant_of_every_fixed_text_is_known_by_its_name() -> None:
    responses = yaml.safe_load(SETTINGS.responses_path.read_text(encoding="utf-8"))["responses"]
    variants = [(name, v["text"]) for name, found in responses.items() if name != "utter_notice" for v in found]
    assert [name for name, text in variants if default_texts().name_of(text) != name] == []


def test_sources_of_the_last_answer_are_told_apart_from_a_passage() -> None:
    text = f"The answer is from “A” (B): http://127.0.0.1/a\nThe article names no sources of its own.\n{NOT_REVIEWED}"
    assert read_reply([f"{text}\n{DISCLAIMER}"], default_texts()).kind == "provenance"


def test_most_telling_message_decides_and_silence_is_none() -> None:
    greeting = TEXTS.get("utter_greet")
    assert read_reply([greeting, ANSWER], default_texts()).kind == "answer"
    assert read_reply([], default_texts()).kind == "none"
    assert read_reply([""], default_texts()).kind == "none"
