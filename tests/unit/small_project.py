"""A small publisher's project with the fake encoder: articles, lexicon, fixed texts, an index."""

from __future__ import annotations

import shutil
from pathlib import Path

from healthqa.answerability import Learned
from healthqa.assistant import Assistant
from healthqa.index import build_index
from healthqa.lexicon import Lexicon
from healthqa.live_index import LiveIndex
from healthqa.near_misses import NearMisses
from healthqa.settings import Settings
from healthqa.texts import Texts
from tests.fakes import FakeEncoder

ROOT = Path(__file__).resolve().parents[2]

ARTICLE = """---
title: Twitching and low B12
slug: twitching
url: ""
author: ""
published:
last_reviewed:
next_review:
sources:
  - {name: "Journal of Examples", url: ""}
licence: CC BY 4.0
language: en
---

## Can low B12 cause muscle twitching?

Yes, low vitamin B12 can cause muscle twitching. The nerves need the vitamin, and they misfire without it.

## How is a B12 deficiency diagnosed?

A B12 deficiency is diagnosed with a blood test. The test shows how much B12 is in the blood.

## Which foods contain vitamin B12?

Vitamin B12 is found in meat, fish, eggs and dairy products. Vegans need foods with added B12.

## How do magnesium and calcium matter?

Low magnesium or low calcium can cause twitching of the eyelids and the calves as well.
"""


def make_project(folder: Path) -> Settings:
    """Write articles and index of a small project; lexicon and texts are the delivered ones."""
    articles = folder / "articles"
    articles.mkdir()
    (articles / "twitching.md").write_text(ARTICLE, encoding="utf-8")
    lexicon = folder / "lexicon"
    shutil.copytree(ROOT / "knowledge" / "lexicon", lexicon)
    settings = Settings.from_env(
        {},
        articles_dir=articles,
        lexicon_dir=lexicon,
        responses_path=ROOT / "data" / "responses.yml",
        index_dir=folder / "index",
        encoder_dir=folder / "encoder",
    )
    build_index(articles, settings, encoder())
    return settings


def encoder() -> FakeEncoder:
    """Return the encoder that the small project's index is made with."""
    return FakeEncoder(dimension=512)


def make_assistant(settings: Settings, learned: Learned | None = None) -> Assistant:
    """Return an assistant on the small project."""
    lexicon = Lexicon.load(settings.lexicon_dir)
    live_index = LiveIndex(settings, encoder(), lexicon, learn=lambda: learned)
    return Assistant(
        settings,
        live_index,
        lexicon,
        NearMisses.load(settings.lexicon_dir),
        Texts.load(settings.responses_path),
        alarm_values={"emergency_call": "Call 999 now", "crisis_call": "You can call 116 123"},
    )
