"""What each NLU component does beyond the common contract."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from rasa.engine.graph import ExecutionContext
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from addons.components.lexicon_entity_extractor import LexiconEntityExtractor
from addons.components.lexicon_tokenizer import LexiconTokenizer
from addons.components.message_featurizer import MessageFeaturizer
from addons.components.red_flag_guard import RedFlagGuard
from addons.components.sentence_intent_classifier import IntentModel, SentenceIntentClassifier
from healthqa.errors import AlarmModelError
from healthqa.safety import RedFlagFinder, default_detector
from healthqa.safety.classifier import AlarmScore
from tests.rasa.conftest import FakeEncoder
from tests.rasa.test_component_contract import training_data


@pytest.fixture(autouse=True)
def no_alarm_classifier(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the same tests pass whether or not this folder holds a trained one."""
    monkeypatch.setenv("HEALTHQA_ALARM_MODEL", str(tmp_path / "no-model"))


def guarded(text: str | None, intent: str = "ask_cause_link", **config: object) -> Message:
    data = {TEXT: text, INTENT: {"name": intent, "confidence": 0.9}, "intent_ranking": [{"name": intent}]}
    [message] = RedFlagGuard({**RedFlagGuard.get_default_config(), **config}).process([Message(data)])
    return message


def test_guard_overrides_the_intent_with_an_emergency() -> None:
    message = guarded("I have crushing chest pain and can't breathe, is it low b12?")
    assert message.get(INTENT) == {"name": "emergency", "confidence": 1.0}
    assert message.get("intent_ranking")[0]["name"] == "emergency"
    assert message.get("red_flag")["kind"] == "emergency"


def test_guard_overrides_the_intent_with_a_crisis() -> None:
    assert guarded("I want to kill myself").get(INTENT)["name"] == "crisis"


def test_guard_leaves_a_question_alone() -> None:
    message = guarded("can low b12 cause muscle twitching?")
    assert message.get(INTENT) == {"name": "ask_cause_link", "confidence": 0.9}
    assert message.get("red_flag") is None


@pytest.mark.parametrize("text", [None, "", "  \n "])
def test_guard_calls_an_empty_text_empty(text: str | None) -> None:
    assert guarded(text).get(INTENT)["name"] == "empty_message"


def test_guard_works_where_no_classifier_ran() -> None:
    [message] = RedFlagGuard(RedFlagGuard.get_default_config()).process(
        [Message({TEXT: "I took an overdose of pills"})]
    )
    assert message.get(INTENT)["name"] in {"emergency", "crisis"}


@pytest.mark.parametrize("command", ["/restart", "  /session_start", '/forget_me{"topic": "x"}', "//greet", "/ greet"])
def test_guard_takes_the_command_out_of_a_text(command: str) -> None:
    message = guarded(command)
    domain = Domain.from_dict({"intents": ["forget_me", "restart", "session_start", "greet"]})
    after = YAMLStoryReader.unpack_regex_message(message, domain)
    assert after.get(INTENT)["name"] == "ask_cause_link"
    assert len(message.get(TEXT)) == len(command), "entity positions must stay right"


def test_guard_lets_commands_through_for_developers() -> None:
    assert guarded("/restart", accept_commands=True).get(TEXT) == "/restart"


def test_tokenizer_offsets_point_into_the_text() -> None:
    text = "Can't  B12   cause twitching?"
    tokenizer = LexiconTokenizer(LexiconTokenizer.get_default_config())
    tokens = tokenizer.tokenize(Message({TEXT: text}), TEXT)
    assert [text[token.start : token.end] for token in tokens] == [token.text for token in tokens]
    assert not any(token.text.isspace() for token in tokens)


def test_extractor_gives_canonical_values_and_positions() -> None:
    extractor = LexiconEntityExtractor(LexiconEntityExtractor.get_default_config())
    text = "Does cobalamin deficiency give me twitches?"
    [message] = extractor.process([Message({TEXT: text})])
    found = {entity["value"]: entity for entity in message.get(ENTITIES)}
    assert found
    for entity in found.values():
        assert text[entity["start"] : entity["end"]].strip()
        assert entity["extractor"] == "LexiconEntityExtractor"


def test_featurizer_scales_unit_vectors(
    fake_encoder: FakeEncoder,
    model_storage: LocalModelStorage,
    resource: Resource,
    execution_context: ExecutionContext,
) -> None:
    config = {**MessageFeaturizer.get_default_config(), "scale": 5.0}
    featurizer = MessageFeaturizer.create(config, model_storage, resource, execution_context)
    [message] = featurizer.process([Message({TEXT: "muscle cramps"})])
    features = message.get_dense_features(TEXT)[1]
    assert features is not None
    assert np.linalg.norm(features.features) == pytest.approx(5.0, rel=1e-4)


def test_featurizer_looks_past_a_closing_exclamation_mark(
    fake_encoder: FakeEncoder,
    model_storage: LocalModelStorage,
    resource: Resource,
    execution_context: ExecutionContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = MessageFeaturizer.get_default_config()
    featurizer = MessageFeaturizer.create(config, model_storage, resource, execution_context)
    encoded: list[str] = []
    encode = featurizer._encode
    monkeypatch.setattr(featurizer, "_encode", lambda texts: encoded.extend(texts) or encode(texts))
    featurizer.process([Message({TEXT: text}) for text in ("Thanks!", "Thanks. ", "Why?", "Oh! Why?!", "!!!")])
    assert encoded == ["Thanks", "Thanks", "Why?", "Oh! Why?", "!!!"]


def test_featurizer_stops_a_training_without_its_model(
    model_storage: LocalModelStorage,
    resource: Resource,
    execution_context: ExecutionContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HEALTHQA_ALARM_MODEL", str(tmp_path / "nowhere"))
    config = MessageFeaturizer.get_default_config()
    featurizer = MessageFeaturizer.create(config, model_storage, resource, execution_context)
    with pytest.raises(AlarmModelError):
        featurizer.process_training_data(training_data())


def test_featurizer_refuses_a_scale_of_zero() -> None:
    with pytest.raises(ValueError, match="scale"):
        MessageFeaturizer({**MessageFeaturizer.get_default_config(), "scale": 0}, "f")


@pytest.fixture()
def classifier(
    fake_encoder: FakeEncoder,
    model_storage: LocalModelStorage,
    resource: Resource,
    execution_context: ExecutionContext,
) -> SentenceIntentClassifier:
    data = training_data()
    config = {**MessageFeaturizer.get_default_config(), "scale": 5.0}
    MessageFeaturizer.create(config, model_storage, Resource("f"), execution_context).process_training_data(data)
    trained = SentenceIntentClassifier({}, model_storage, resource)
    trained.train(data)
    return SentenceIntentClassifier.load({}, model_storage, resource, execution_context)


def test_classifier_learns_its_examples_and_ranks_by_confidence(
    classifier: SentenceIntentClassifier, fake_encoder: FakeEncoder
) -> None:
    for text, intent in [("hello there", "greet"), ("how is it diagnosed", "ask_diagnosis")]:
        message = Message({TEXT: text})
        MessageFeaturizer({**MessageFeaturizer.get_default_config(), "scale": 5.0}, "f").process([message])
        [message] = classifier.process([message])
        ranking = message.get("intent_ranking")
        assert message.get(INTENT)["name"] == intent
        assert [entry["confidence"] for entry in ranking] == sorted((e["confidence"] for e in ranking), reverse=True)


def test_classifier_archive_holds_no_pickle(classifier: SentenceIntentClassifier, tmp_path: Path) -> None:
    assert classifier._model is not None
    classifier._model.save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} >= {"intents.json", "intents.npz"}
    assert all(name.endswith(".npy") for name in zipfile.ZipFile(tmp_path / "intents.npz").namelist())
    again = IntentModel.read(tmp_path)
    assert again.classes == classifier._model.classes


def test_classifier_with_two_intents_gives_chances_that_sum_to_one() -> None:
    vectors = np.eye(4, dtype=np.float32) * 5
    model = IntentModel.fit(vectors, ["a", "a", "b", "b"], 1.0)
    chances = model.confidences(vectors)
    assert chances.shape == (4, 2)
    assert chances.sum(axis=1) == pytest.approx(np.ones(4))
    assert [model.classes[i] for i in chances.argmax(axis=1)] == ["a", "a", "b", "b"]


def test_classifier_without_features_has_no_confidence(classifier: SentenceIntentClassifier) -> None:
    [message] = classifier.process([Message({TEXT: "no features here"})])
    assert message.get(INTENT) == {"name": None, "confidence": 0.0}


def test_classifier_trained_on_nothing_still_answers(
    model_storage: LocalModelStorage, resource: Resource, execution_context: ExecutionContext
) -> None:
    from rasa.shared.nlu.training_data.training_data import TrainingData

    untrained = SentenceIntentClassifier({}, model_storage, resource)
    assert untrained.train(TrainingData([])) == resource
    [message] = untrained.process([Message({TEXT: "hello"})])
    assert message.get(INTENT)["confidence"] == 0.0


def ranked(text: str, top: str = "emergency", **chances: float) -> Message:
    ranking = [{"name": name, "confidence": chance} for name, chance in chances.items()]
    data = {TEXT: text, INTENT: {"name": top, "confidence": chances.get(top, 0.0)}, "intent_ranking": ranking}
    [message] = RedFlagGuard(RedFlagGuard.get_default_config()).process([Message(data)])
    return message


def test_guard_takes_a_sure_classifier_for_an_alarm() -> None:
    message = ranked("the room is spinning and fading away", emergency=0.6, crisis=0.25, greet=0.1)
    assert message.get(INTENT)["name"] == "emergency"
    assert message.get("red_flag") == {"kind": "emergency", "category": "classifier"}


def test_guard_adds_up_both_alarms_behind_a_fallback() -> None:
    message = ranked("so this is where it ends", "nlu_fallback", nlu_fallback=0.7, crisis=0.45, emergency=0.4)
    assert message.get(INTENT)["name"] == "crisis"


def test_guard_withdraws_an_alarm_of_an_unsure_classifier() -> None:
    message = ranked("my shoulder is stiff", emergency=0.7, other_health_topic=0.3)
    assert message.get(INTENT)["name"] == "nlu_fallback"
    assert message.get("red_flag") is None


def test_guard_stays_silent_where_a_pattern_was_denied() -> None:
    assert ranked("I don't have chest pain", emergency=0.99).get(INTENT)["name"] == "nlu_fallback"


class SureOf:
    """An alarm classifier that gives every message the same chance."""

    def __init__(self, chance: float) -> None:
        self.chance = chance

    def score(self, text: str) -> AlarmScore:
        return AlarmScore("crisis", self.chance, text)


@pytest.mark.parametrize(("chance", "intent"), [(0.99, "crisis"), (0.01, "nlu_fallback")])
def test_guard_follows_the_alarm_classifier_not_the_intent(
    monkeypatch: pytest.MonkeyPatch, chance: float, intent: str
) -> None:
    finder = RedFlagFinder(default_detector(), SureOf(chance))
    monkeypatch.setattr("addons.components.red_flag_guard.red_flags_at", lambda folder: finder)
    assert ranked("the room is spinning and fading away", emergency=0.95).get(INTENT)["name"] == intent


def test_guard_believes_a_sure_classifier_when_the_patterns_are_broken(tmp_path: Path) -> None:
    (tmp_path / "red_flags.yml").write_text("[", encoding="utf-8")
    guard = RedFlagGuard({"lexicon": str(tmp_path)})
    [message] = guard.process([Message({TEXT: "help", "intent_ranking": [{"name": "crisis", "confidence": 0.9}]})])
    assert message.get(INTENT)["name"] == "crisis"


def test_guard_refuses_a_threshold_that_is_no_chance() -> None:
    with pytest.raises(ValueError, match="alarm_threshold"):
        RedFlagGuard({"alarm_threshold": 0})


def test_nlg_names_an_unknown_country_and_still_has_words(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from addons.nlg import HealthNlg

    monkeypatch.setenv("HEALTHQA_COUNTRY", "ZZ")
    assert "your local emergency number" in HealthNlg()._values["emergency_call"]
    assert "'ZZ'" in caplog.text
