"""The contract that every NLU component of config.yml keeps: it trains, loads, and never falls over a text."""

from __future__ import annotations

import copy
import importlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from addons.components import resources
from addons.components.lexicon_entity_extractor import LexiconEntityExtractor
from addons.components.lexicon_tokenizer import LexiconTokenizer
from addons.components.message_featurizer import MessageFeaturizer
from addons.components.red_flag_guard import RedFlagGuard
from addons.components.sentence_intent_classifier import SentenceIntentClassifier
from tests.rasa.conftest import ROOT, FakeEncoder

TEXTS = [
    None,
    "",
    "   \n\t ",
    "can low b12 cause muscle twitching?",
    "MUSCLE TWITCHES!!! 😱😱 at night… وعضلة",
    "\u200b\u200d",
    "\x00\x07",
    "/restart",
    '/greet{"nutrient": "x"}',
    "a" * 20_000,
    "twitch " * 3_000,
    "{emergency_call} <b>&amp;</b> %s {0}",
]
EXAMPLES = [
    ("hello there", "greet"),
    ("hello friend", "greet"),
    ("good morning hello", "greet"),
    ("how is it diagnosed", "ask_diagnosis"),
    ("which test is diagnosed", "ask_diagnosis"),
    ("is it diagnosed with blood", "ask_diagnosis"),
    ("how much should i take", "request_dose"),
    ("how much to take daily", "request_dose"),
]


def configured() -> list[type[GraphComponent]]:
    config = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    names = [entry["name"] for entry in config["pipeline"] if entry["name"].startswith("addons.")]
    return [getattr(importlib.import_module(name.rpartition(".")[0]), name.rpartition(".")[2]) for name in names]


COMPONENTS = configured()


def training_data() -> TrainingData:
    return TrainingData([Message({TEXT: text, INTENT: intent}) for text, intent in EXAMPLES])


def make(
    component: type[GraphComponent], storage: LocalModelStorage, resource: Resource, context: ExecutionContext
) -> Any:
    return component.create(component.get_default_config(), storage, resource, context)


def featurized(texts: list[str | None], storage: LocalModelStorage, context: ExecutionContext) -> list[Message]:
    """Messages as they arrive at a component late in the pipeline."""
    messages = [Message({TEXT: text}, output_properties={TEXT}) for text in texts]
    tokenizer = LexiconTokenizer.create(LexiconTokenizer.get_default_config(), storage, Resource("t"), context)
    config = MessageFeaturizer.get_default_config() | {"scale": 5.0}
    featurizer = MessageFeaturizer.create(config, storage, Resource("f"), context)
    return featurizer.process(tokenizer.process(messages))


@pytest.fixture(autouse=True)
def _fake(fake_encoder: FakeEncoder) -> FakeEncoder:
    return fake_encoder


@pytest.fixture(params=COMPONENTS, ids=lambda component: component.__name__)
def component(
    request: pytest.FixtureRequest,
    model_storage: LocalModelStorage,
    resource: Resource,
    execution_context: ExecutionContext,
) -> Any:
    """Each component, trained where it can be, then loaded again."""
    made = make(request.param, model_storage, resource, execution_context)
    data = training_data()
    featurizer = MessageFeaturizer.create(
        MessageFeaturizer.get_default_config(), model_storage, Resource("f"), execution_context
    )
    featurizer.process_training_data(data)
    if hasattr(made, "train"):
        made.train(data)
        return request.param.load(request.param.get_default_config(), model_storage, resource, execution_context)
    return made


def test_pipeline_holds_all_our_components_and_ends_with_the_guard() -> None:
    assert set(COMPONENTS) == {
        LexiconTokenizer,
        LexiconEntityExtractor,
        MessageFeaturizer,
        SentenceIntentClassifier,
        RedFlagGuard,
    }
    config = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    assert config["pipeline"][-1]["name"].endswith("RedFlagGuard")


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text)[:20])
def test_component_processes_any_text(
    component: Any, text: str | None, model_storage: LocalModelStorage, execution_context: ExecutionContext
) -> None:
    if isinstance(component, LexiconTokenizer):
        messages = [Message({TEXT: text}, output_properties={TEXT})]
    else:
        messages = featurized([text], model_storage, execution_context)
    [message] = component.process(messages)
    assert isinstance(message.get(TEXT), str)
    json.dumps(message.as_dict(only_output_properties=True), default=str)


def test_component_is_idempotent(
    component: Any, model_storage: LocalModelStorage, execution_context: ExecutionContext
) -> None:
    first = featurized(["how is it diagnosed?", ""], model_storage, execution_context)
    once = [copy.deepcopy(message.as_dict()) for message in component.process(first)]
    twice = [message.as_dict() for message in component.process(first)]
    for before, after in zip(once, twice, strict=True):
        for key in (TEXT, INTENT, "intent_ranking", ENTITIES):
            assert before.get(key) == after.get(key)


def test_component_survives_missing_files(
    component: Any,
    model_storage: LocalModelStorage,
    resource: Resource,
    execution_context: ExecutionContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.undo()  # the real loader again
    monkeypatch.setenv("HEALTHQA_LEXICON", str(tmp_path / "nowhere"))
    monkeypatch.setenv("HEALTHQA_ALARM_MODEL", str(tmp_path / "nowhere"))
    resources.log_once.cache_clear()
    cls = type(component)
    fresh = cls.load(cls.get_default_config(), model_storage, Resource("unknown"), execution_context)
    message = Message({TEXT: "can low b12 cause twitching?"}, output_properties={TEXT})
    for _ in range(3):
        fresh.process([message])
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert 1 <= len(errors) <= 2, "a lasting problem is logged, and not once per turn"
    assert "twitching" not in caplog.text


def test_component_fingerprint_follows_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "terms.yml").write_text("terms: []", encoding="utf-8")
    (tmp_path / "alarms.json").write_text("{}", encoding="utf-8")
    monkeypatch.setenv("HEALTHQA_LEXICON", str(tmp_path))
    monkeypatch.setenv("HEALTHQA_ALARM_MODEL", str(tmp_path))
    for cls in (LexiconTokenizer, LexiconEntityExtractor, MessageFeaturizer):
        before = cls.fingerprint_addon(cls.get_default_config())
        (tmp_path / "terms.yml").write_text(f"terms: [] # {cls.__name__}", encoding="utf-8")
        (tmp_path / "alarms.json").write_text(f'{{"x": "{cls.__name__}"}}', encoding="utf-8")
        assert before and before != cls.fingerprint_addon(cls.get_default_config())
