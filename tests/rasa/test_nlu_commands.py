"""`rasa shell nlu` and `rasa test nlu`, as a developer types them, with the trained model.

`rasa interactive` is not here: its server listens on every address of the machine and cannot be told otherwise.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pexpect
import pytest

from tests.rasa.test_developer_commands import rasa

pytestmark = pytest.mark.slow

SLICE = """version: "3.1"
nlu:
- intent: greet
  examples: |
    - hello
    - good morning
- intent: emergency
  examples: |
    - I have crushing chest pain
- intent: ask_diagnosis
  examples: |
    - how is it diagnosed?
"""


def test_shell_nlu_shows_the_intent_and_the_alarm(trained_project: Path) -> None:
    env = {**os.environ, "RASA_TELEMETRY_ENABLED": "false", "TERM": "dumb"}
    command = ["-m", "rasa", "shell", "nlu", "--model", "models"]
    shell = pexpect.spawn(
        sys.executable, command, cwd=str(trained_project), env=env, encoding="utf-8", codec_errors="replace",
        timeout=240, dimensions=(50, 200), use_poll=True,
    )  # fmt: skip
    try:
        shell.expect("Next message:")
        for text, intent in (("how is it diagnosed?", "ask_diagnosis"), ("I have crushing chest pain", "emergency")):
            shell.sendline(text)
            shell.expect_exact('"intent": {')
            shell.expect("Next message:")
            assert f'"name": "{intent}"' in shell.before.split("}")[0]
    finally:
        # A loaded machine takes longer than the tenth of a second that pexpect waits after each signal.
        shell.ptyproc.delayafterterminate = 2.0
        shell.close(force=True)


def test_test_nlu_scores_a_file_of_examples(trained_project: Path, tmp_path: Path) -> None:
    (tmp_path / "slice.yml").write_text(SLICE, encoding="utf-8")
    rasa(
        trained_project, "test", "nlu", "--nlu", tmp_path / "slice.yml", "--model", trained_project / "models",
        "--no-plot", "--out", tmp_path / "results",
    )  # fmt: skip
    report = json.loads((tmp_path / "results" / "intent_report.json").read_text(encoding="utf-8"))
    assert report["accuracy"] == 1.0 and report["greet"]["support"] == 2
    assert report["emergency"]["recall"] == 1.0
