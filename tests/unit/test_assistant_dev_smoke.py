"""The real encoder on the delivered articles: the development questions, so that a change for the worse shows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from healthqa.assistant import Assistant
from healthqa.settings import Settings
from healthqa.types import Context

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = [json.loads(line) for line in (ROOT / "evaluation" / "dev_smoke.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def assistant(indexed_project: Path) -> Assistant:
    return Assistant.load(Settings.from_env({}, root=indexed_project))


@pytest.mark.slow
def test_development_questions_are_answered_with_their_facts(assistant: Assistant) -> None:
    asked = [row for row in QUESTIONS if row["expect"] == "answer"]
    right, refused = 0, []
    for row in asked:
        answer = assistant.reply(row["question"])
        shown = answer.passages[0].passage.text if answer.passages else ""
        right += bool(shown) and all(re.search(fact, shown) for fact in row["facts"])
        if answer.kind == "refuse":
            refused.append(row["question"])
    assert right >= 0.80 * len(asked)
    assert len(refused) <= 0.03 * len(asked), refused


@pytest.mark.slow
def test_development_questions_without_an_answer_show_no_passage(assistant: Assistant) -> None:
    asked = [row for row in QUESTIONS if row["expect"] == "refuse"]
    shown = [row["question"] for row in asked if assistant.reply(row["question"]).passages]
    assert len(shown) <= 0.05 * len(asked), shown


@pytest.mark.slow
def test_the_two_questions_of_the_readme_are_answered(assistant: Assistant) -> None:
    first = assistant.reply("can low B12 cause twitching?")
    assert first.text.startswith("Yes, low vitamin B12 can cause muscle twitching.")
    ids = tuple(hit.passage.id for hit in first.passages)
    context = Context(topic=first.topic, last_question=first.question, last_passages=ids)
    assert "blood test" in assistant.reply("how is it diagnosed?", context).text.lower()
