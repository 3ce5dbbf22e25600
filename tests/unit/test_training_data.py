"""The training data keeps its own promises: enough examples, nothing under two intents, every text usable as it is."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
KINDS = {"smalltalk", "refuse", "clarify", "emergency", "crisis", "notice"}
ALARMS = {"emergency", "crisis"}
#: Set by the guard, so it has no examples.
WITHOUT_EXAMPLES = {"empty_message"}
PLACEHOLDERS = {
    "utter_emergency": {"emergency_call"},
    "utter_crisis": {"emergency_call", "crisis_call"},
    "utter_handoff": {"handoff"},
    "utter_stored_data": {"count", "since"},
}
DOSE = re.compile(r"\d\s*(?:mcg|µg|mg|g|iu|ml|micrograms?|milligrams?|tablets?|times)\b", re.IGNORECASE)


def load(path: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def examples() -> dict[str, list[str]]:
    """Return the examples of each intent, over all `data/nlu*.yml`."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "data").glob("nlu*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            assert block["intent"] not in found, f"{block['intent']} stands in two files"
            found[block["intent"]] = [line.removeprefix("- ") for line in block["examples"].splitlines() if line]
    return found


def folded(text: str) -> str:
    """Return the text without case and punctuation; a text of punctuation alone as it is."""
    return re.sub(r"[^\w]+", " ", text.casefold()).strip() or text


def steps(path: str, kind: str) -> list[list[dict[str, str]]]:
    return [item["steps"] for item in load(path)[f"{kind}s" if kind == "rule" else "stories"]]


def rule_actions() -> dict[str, str]:
    """Return the action of each rule that begins with an intent."""
    return {rule[0]["intent"]: rule[1]["action"] for rule in steps("data/rules.yml", "rule") if "intent" in rule[0]}


DOMAIN = load("domain.yml")
INTENTS: list[str] = DOMAIN["intents"]
RESPONSES: dict[str, list[dict[str, Any]]] = load("data/responses.yml")["responses"]
VARIANTS = [(name, number, text) for name, texts in RESPONSES.items() for number, text in enumerate(texts)]


def test_domain_intents_all_have_examples_but_the_empty_message() -> None:
    assert set(examples()) == set(INTENTS) - WITHOUT_EXAMPLES


def test_intents_are_at_least_thirty_with_twenty_five_examples_each() -> None:
    counts = {intent: len(lines) for intent, lines in examples().items()}
    assert len(counts) >= 30
    assert {intent: count for intent, count in counts.items() if count < 25} == {}


@pytest.mark.parametrize("intent", sorted(ALARMS))
def test_alarm_intents_have_at_least_sixty_examples(intent: str) -> None:
    assert len(examples()[intent]) >= 60


def test_examples_are_not_repeated_within_or_across_intents() -> None:
    places: dict[str, list[str]] = {}
    for intent, lines in examples().items():
        for line in lines:
            places.setdefault(folded(line), []).append(intent)
    assert {line: where for line, where in places.items() if len(where) > 1} == {}


def test_examples_hold_no_entity_markup() -> None:
    marked = re.compile(r"\[[^\]]*\][({]")
    assert [line for lines in examples().values() for line in lines if marked.search(line)] == []


def test_examples_are_not_all_written_in_one_manner() -> None:
    # A follow-up is short by its nature.
    for intent in (name for name in INTENTS if name.startswith("ask_") and name != "ask_followup"):
        lines = examples()[intent]
        assert any(len(line.split()) <= 3 for line in lines), f"{intent}: no keywords or bare follow-up"
        assert any(len(line.split()) >= 20 for line in lines), f"{intent}: no long story"
        assert any(line.endswith("?") for line in lines) and any(not line.endswith("?") for line in lines)
        assert any(line[0].isupper() for line in lines) and any(line[0].islower() for line in lines)


def test_rules_cover_each_intent_once() -> None:
    firsts = Counter(rule[0]["intent"] for rule in steps("data/rules.yml", "rule") if "intent" in rule[0])
    assert firsts == Counter([*INTENTS, "nlu_fallback"])


def test_rules_lead_every_question_and_the_fallback_to_retrieval() -> None:
    for intent, action in rule_actions().items():
        retrieves = intent.startswith("ask_") or intent == "nlu_fallback"
        assert (action == "action_answer_question") == retrieves, intent


def test_rules_lead_every_near_miss_to_the_refusal() -> None:
    meta = {"request_help", "request_handoff", "request_privacy", "request_stored_data"}
    meta |= {"request_sources", "request_more", "request_why", "request_provenance", "request_simpler"}
    refused = {i for i in INTENTS if i.startswith("request_")} - meta | {"other_health_topic", "out_of_scope"}
    assert {i for i, action in rule_actions().items() if action == "action_refuse_question"} == refused


@pytest.mark.parametrize("intent", sorted(ALARMS))
def test_rules_answer_an_alarm_without_the_action_server(intent: str) -> None:
    assert rule_actions()[intent] == f"utter_{intent}"


def test_rule_names_are_full_sentences_and_unique() -> None:
    names = [rule["rule"] for rule in load("data/rules.yml")["rules"]]
    assert len(set(names)) == len(names)
    assert [name for name in names if not (name[0].isupper() and name.endswith(".") and " " in name)] == []


def test_rules_and_stories_name_only_known_intents_and_actions() -> None:
    known_intents = {*INTENTS, "nlu_fallback"}
    known_actions = {*DOMAIN["actions"], *RESPONSES}
    for step in (s for turn in steps("data/rules.yml", "rule") + steps("data/stories.yml", "story") for s in turn):
        assert step.get("intent", "greet") in known_intents, step
        assert step.get("action", "utter_greet") in known_actions, step


def test_stories_do_not_contradict_the_rules() -> None:
    general = rule_actions()
    after = {
        (rule[0]["action"], rule[1]["intent"]): rule[2]["action"]
        for rule in steps("data/rules.yml", "rule")
        if "action" in rule[0]
    }
    for story in steps("data/stories.yml", "story") + steps("tests/test_stories.yml", "story"):
        for place in range(0, len(story), 2):
            intent, action = story[place]["intent"], story[place + 1]["action"]
            before = story[place - 1]["action"] if place else ""
            assert action == after.get((before, intent), general[intent]), (intent, story)


@pytest.mark.parametrize(("name", "number", "variant"), VARIANTS)
def test_response_names_its_kind(name: str, number: int, variant: dict[str, Any]) -> None:
    assert variant["metadata"]["kind"] in KINDS
    assert variant["metadata"]["kind"] == RESPONSES[name][0]["metadata"]["kind"]


@pytest.mark.parametrize(("name", "number", "variant"), VARIANTS)
def test_response_text_stays_one_message_without_disclaimer_or_source(
    name: str, number: int, variant: dict[str, Any]
) -> None:
    text: str = variant["text"]
    assert text == text.strip()
    assert "\n\n" not in text
    assert not re.search(r"^Source: ", text, re.MULTILINE)
    assert "not medical advice" not in text.lower()


@pytest.mark.parametrize(("name", "number", "variant"), VARIANTS)
def test_response_text_holds_only_the_placeholders_that_are_filled(
    name: str, number: int, variant: dict[str, Any]
) -> None:
    assert set(re.findall(r"{(\w*)}", variant["text"])) == PLACEHOLDERS.get(name, set())


@pytest.mark.parametrize(("name", "number", "variant"), VARIANTS)
def test_response_text_names_no_dose_or_number_to_call(name: str, number: int, variant: dict[str, Any]) -> None:
    assert not DOSE.search(variant["text"])
    assert not re.search(r"\d", variant["text"].replace("B12", ""))


def test_response_buttons_send_the_words_a_reader_would_type() -> None:
    lines = {folded(line) for lines in examples().values() for line in lines}
    for name, _, variant in VARIANTS:
        for button in variant.get("buttons", ()):
            assert not button["payload"].startswith("/"), name
            assert folded(button["payload"]) in lines, f"{name}: add an example for the button {button['payload']!r}"


def test_alarm_responses_begin_with_the_call_or_the_acknowledgement() -> None:
    assert RESPONSES["utter_emergency"][0]["text"].startswith("{emergency_call}")
    crisis = RESPONSES["utter_crisis"][0]["text"]
    assert "not alone" in crisis
    assert crisis.index("{crisis_call}") < crisis.index("{emergency_call}")


def test_notice_says_automated_no_clinician_and_what_to_do_in_an_emergency() -> None:
    notice = RESPONSES["utter_notice"][0]["text"]
    for words in ("automated", "not a doctor", "articles", "vitamin B12", "local emergency number"):
        assert words in notice


def test_responses_are_all_used_by_rules_or_code() -> None:
    used = {step["action"] for turn in steps("data/rules.yml", "rule") for step in turn if "action" in step}
    files = [path for folder in ("healthqa", "actions", "addons") for path in (ROOT / folder).rglob("*.py")]
    files.append(ROOT / "knowledge/lexicon/near_misses.yml")
    code = "\n".join(path.read_text(encoding="utf-8") for path in files)
    assert [name for name in RESPONSES if name not in used and not re.search(rf"\b{name}\b", code)] == []


def test_responses_used_in_code_exist() -> None:
    for folder in ("healthqa", "actions", "addons"):
        for path in (ROOT / folder).rglob("*.py"):
            names = set(re.findall(r"[\"'](utter_[a-z0-9_]+)[\"']", path.read_text(encoding="utf-8")))
            # f"utter_{kind}" and prefixes end in an underscore or stand for a metadata key of Rasa's own
            assert names - {"utter_action"} <= set(RESPONSES), path


def test_domain_keeps_session_short_and_slots_out_of_the_policies() -> None:
    assert DOMAIN["session_config"] == {"session_expiration_time": 60, "carry_over_slots_to_new_session": False}
    for name, slot in DOMAIN["slots"].items():
        assert slot["mappings"] == [{"type": "custom"}], name
        assert slot["type"] == "any" or slot["influence_conversation"] is False, name
    assert all(next(iter(entity.values())) == {"influence_conversation": False} for entity in DOMAIN["entities"])
