"""The commands that a Rasa developer types, as they are typed; none of them leaves anything in the project folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def rasa(project: Path, *arguments: str | Path) -> str:
    """Run a command in the project folder and return what it prints; fails when the command does."""
    command = [sys.executable, "-m", "rasa", *map(str, arguments)]
    env = {**os.environ, "RASA_TELEMETRY_ENABLED": "false"}
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"[-3000:]
    return done.stdout + done.stderr


def test_stories_are_predicted_by_the_trained_model(trained_project: Path, tmp_path: Path) -> None:
    stories = trained_project / "tests" / "test_stories.yml"
    rasa(
        trained_project, "test", "core", "--stories", stories, "--model", trained_project / "models",
        "--fail-on-prediction-errors", "--out", tmp_path,
    )  # fmt: skip
    failed = (tmp_path / "failed_test_stories.yml").read_text(encoding="utf-8")
    assert "- story:" not in failed


def test_data_is_valid(indexed_project: Path) -> None:
    assert "No story structure conflicts found" in rasa(indexed_project, "data", "validate", "--fail-on-warnings")


def test_stories_are_drawn(indexed_project: Path, tmp_path: Path) -> None:
    rasa(indexed_project, "visualize", "--out", tmp_path / "graph.html")
    assert "action_answer_question" in (tmp_path / "graph.html").read_text(encoding="utf-8")
