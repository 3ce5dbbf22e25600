"""`Assistant.reply`: the promises of the design, on a small project with a fake encoder."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from healthqa.answer import DISCLAIMER
from healthqa.assistant import DOUBTED_TALK, SURE_TALK, Assistant
from healthqa.types import Answer, Context
from tests.unit.small_project import make_assistant, make_project

QUESTION = "can low b12 cause muscle twitching?"
EVERY_KIND = [
    QUESTION,
    "how much b12 should I take?",
    "who won the world cup?",
    "asdf qwer",
    "",
    "I want to kill myself",
    "my dad has crushing chest pain and cannot breathe",
]


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    return make_assistant(make_project(tmp_path_factory.mktemp("project")))


def after(answer: Answer) -> Context:
    ids = tuple(hit.passage.id for hit in answer.passages)
    return Context(topic=answer.topic, last_question=answer.question, last_passages=ids)


def sources(answer: Answer) -> list[str]:
    return [line for line in answer.text.splitlines() if line.startswith("Source: ")]


def test_assistant_answers_with_the_passage_its_source_and_the_disclaimer(assistant: Assistant) -> None:
    answer = assistant.reply(QUESTION)
    assert answer.kind == "answer"
    assert answer.text.startswith("Yes, low vitamin B12 can cause muscle twitching.")
    assert sources(answer)[0].endswith("/webhooks/web/articles/twitching#can-low-b12-cause-muscle-twitching")
    assert answer.text.splitlines()[-1] == DISCLAIMER
    assert answer.topic


@pytest.mark.parametrize("question", EVERY_KIND)
def test_every_reply_carries_the_disclaimer_in_its_last_line(assistant: Assistant, question: str) -> None:
    answer = assistant.reply(question)
    assert answer.text.splitlines()[-1] == DISCLAIMER == answer.disclaimer
    assert "\n\n" not in answer.text


@pytest.mark.parametrize("question", EVERY_KIND)
def test_a_source_stands_only_where_a_passage_is_shown(assistant: Assistant, question: str) -> None:
    answer = assistant.reply(question)
    assert bool(sources(answer)) == bool(answer.passages) == (answer.kind == "answer")


def test_every_shown_text_is_word_for_word_from_the_article(assistant: Assistant) -> None:
    article = (assistant.settings.articles_dir / "twitching.md").read_text(encoding="utf-8")
    for question in [QUESTION, "how is a b12 deficiency diagnosed", "which foods contain b12"]:
        assert assistant.reply(question).passages[0].passage.text in article


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("I want to kill myself", "crisis"),
        ("my dad has crushing chest pain and cannot breathe, can low b12 cause twitching?", "emergency"),
    ],
)
def test_alarm_comes_first_and_shows_no_passage(assistant: Assistant, question: str, kind: str) -> None:
    answer = assistant.reply(question, Context(last_question=QUESTION, topic="vitamin b12 deficiency"))
    assert answer.kind == kind
    assert answer.passages == ()
    assert answer.suggestions == ()
    assert "Call 999 now" in answer.text
    assert "twitching. The nerves" not in answer.text


def test_alarm_needs_neither_index_nor_encoder(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assistant._live_index, "retriever", lambda: 1 / 0)
    assert assistant.reply("I want to kill myself").kind == "crisis"


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("how much magnesium should I take?", "dose"),
        ("what does a b12 shot cost?", "price"),
        ("can a lack of vitamin D cause twitching?", "other_vitamin"),
        ("can I take b12 with metformin?", "drug_interaction"),
        ("is my level of 180 low", "lab_reading"),
        ("my dog is twitching", "animal"),
    ],
)
def test_near_miss_is_refused_by_type(assistant: Assistant, question: str, reason: str) -> None:
    answer = assistant.reply(question)
    assert answer.kind == "refuse"
    assert reason in answer.reason


def test_sources_before_any_answer_say_where_all_answers_come_from(assistant: Assistant) -> None:
    assert assistant.sources(Context()).reason == "utter_about_articles"


def test_after_a_refusal_there_is_neither_more_nor_a_source(assistant: Assistant) -> None:
    refused = Context(last_question="do muscles glow in the dark?")
    assert assistant.more(refused).reason == "utter_no_previous"
    assert assistant.sources(refused).reason == "utter_no_sources"


def test_question_without_evidence_is_asked_again_with_the_last_one_behind_it(assistant: Assistant) -> None:
    first = assistant.reply(QUESTION)
    question = "whereabouts exactly?"
    assert assistant.reply(question).kind != "answer"
    answer = assistant.reply(question, after(first))
    assert answer.kind == "answer"
    assert answer.topic == first.topic


def test_low_magnesium_is_answered_and_its_dose_refused(assistant: Assistant) -> None:
    assert "Low magnesium" in assistant.reply("does low magnesium cause twitching of the eyelids?").text
    assert assistant.reply("how much magnesium should I take for twitching?").kind == "refuse"


def test_refusing_intent_is_followed_without_any_rule(assistant: Assistant) -> None:
    answer = assistant.reply("the usual number of those please", Context(intent="request_dose", intent_confidence=0.9))
    assert answer.kind == "refuse"
    assert "dose" in answer.reason


def test_strong_evidence_overrules_an_intent_that_is_often_wrong(assistant: Assistant) -> None:
    wrong = Context(intent="other_health_topic", intent_confidence=0.4)
    assert assistant.reply("can low b12 cause muscle twitching", wrong).kind == "answer"
    assert assistant.reply("can low b12 cause migraines and acne", wrong).kind == "refuse"


def talk(confidence: float) -> Context:
    return Context(intent="request_help", intent_confidence=confidence)


def test_question_that_hides_in_words_about_the_assistant_is_answered(assistant: Assistant) -> None:
    found = assistant.hidden(QUESTION, talk(SURE_TALK - 0.01))
    assert found is not None
    assert found.kind == "answer"
    assert assistant.hidden(QUESTION, talk(SURE_TALK)) is None
    assert assistant.hidden("what can you do?", talk(0.6)) is None
    assert assistant.hidden("  ", talk(0.1)) is None


def test_hidden_question_is_refused_only_where_the_intent_is_doubted(assistant: Assistant) -> None:
    dose = "how much b12 should I take?"
    refused = assistant.hidden(dose, talk(DOUBTED_TALK - 0.01))
    assert refused is not None
    assert refused.kind == "refuse"
    assert assistant.hidden(dose, talk(DOUBTED_TALK)) is None


def test_followup_is_answered_with_the_last_topic(assistant: Assistant) -> None:
    context = after(assistant.reply(QUESTION))
    answer = assistant.reply("how is it diagnosed?", context)
    assert "blood test" in answer.text
    assert "b12" in answer.question.lower()


def test_what_a_reader_sets_aside_is_neither_refused_nor_looked_up(assistant: Assistant) -> None:
    assert assistant.reply("does low b12 make kids twitch").kind == "refuse"
    told = assistant.examine("ok forget the kids, can low b12 cause muscle twitching?")
    assert told == assistant.examine("can low b12 cause muscle twitching?")
    assert told.answers


def test_suggestions_are_other_questions_at_most_three(assistant: Assistant) -> None:
    answer = assistant.reply(QUESTION)
    assert 1 <= len(answer.suggestions) <= 3
    assert "Can low B12 cause muscle twitching?" not in answer.suggestions
    for suggestion in answer.suggestions:
        assert assistant.reply(suggestion).kind == "answer"


def test_more_shows_a_passage_not_shown_before_and_ends(assistant: Assistant) -> None:
    context = after(assistant.reply(QUESTION))
    seen = list(context.last_passages)
    for _ in range(6):
        answer = assistant.more(Context(last_question=context.last_question, last_passages=tuple(seen)))
        if answer.kind != "answer":
            break
        assert answer.passages[0].passage.id not in seen
        seen.append(answer.passages[0].passage.id)
    assert answer.kind == "clarify"
    assert answer.text.splitlines()[-1] == DISCLAIMER


def test_sources_names_what_the_article_names(assistant: Assistant) -> None:
    answer = assistant.sources(after(assistant.reply(QUESTION)))
    assert "Journal of Examples" in answer.text
    assert "No clinician has reviewed" in answer.text
    assert not sources(answer)
    assert answer.text.splitlines()[-1] == DISCLAIMER


def test_explain_says_why_without_repeating_the_readers_words(assistant: Assistant) -> None:
    answer = assistant.explain(after(assistant.reply(QUESTION)))
    assert "Can low B12 cause muscle twitching?" in answer.text
    assert "of 100" in answer.text
    assert answer.text.splitlines()[-1] == DISCLAIMER


@pytest.mark.parametrize("method", ["more", "explain"])
def test_meta_questions_without_a_previous_answer_say_so(assistant: Assistant, method: str) -> None:
    answer = getattr(assistant, method)(Context())
    assert answer.kind == "clarify"
    assert answer.passages == ()


@pytest.mark.parametrize("method", ["reply", "more", "sources", "explain"])
def test_failure_is_a_reply_and_its_log_holds_no_words_of_the_reader(
    assistant: Assistant, method: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "my secret twitching story"

    def broken() -> None:
        raise RuntimeError(secret)

    monkeypatch.setattr(assistant._live_index, "retriever", broken)
    context = Context(last_question=secret, last_passages=("twitching#x-1",), topic=secret)
    with caplog.at_level(logging.DEBUG):
        answer = assistant.reply(secret) if method == "reply" else getattr(assistant, method)(context)
    assert answer.kind == "refuse"
    assert "something went wrong" in answer.text
    assert answer.text.splitlines()[-1] == DISCLAIMER
    assert any(record.levelno == logging.ERROR for record in caplog.records)
    assert secret not in caplog.text


@pytest.mark.parametrize("question", ["?", "\ud83d", "a" * 20000, "<script>alert(1)</script>", "𝔟12?", "\x00"])
def test_strange_messages_get_a_complete_reply(assistant: Assistant, question: str) -> None:
    assert assistant.reply(question).text.splitlines()[-1] == DISCLAIMER


def test_package_offers_its_public_names_lazily() -> None:
    import subprocess
    import sys

    code = "import healthqa, sys; healthqa.DISCLAIMER; assert not {'onnxruntime', 'spacy', 'faiss'} & set(sys.modules)"
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)
    import healthqa

    assert all(getattr(healthqa, name) is not None for name in healthqa.__all__)
