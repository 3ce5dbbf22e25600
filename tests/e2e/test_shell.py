"""`make shell` as a person uses it: in a pseudo-terminal."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from healthqa.answer import DISCLAIMER
from tests.e2e.conftest import stored_bytes

pytestmark = pytest.mark.slow

PROMPT = r"Your input ->"
BUTTONS = r"Type out your own message"
ENTER, UP = "\r", "\x1b[A"
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()=>][A-Z0-9]?")


class Terminal:
    """A person at `make shell`: types at the prompt, picks buttons, reads."""

    def __init__(self, project: Path, data: Path) -> None:
        environment = {**os.environ, "HEALTHQA_DATA": str(data), "PROMPT_TOOLKIT_NO_CPR": "1", "TERM": "xterm"}
        self.child = pexpect.spawn(
            shutil.which("make") or "make",
            ["--no-print-directory", "shell"],
            cwd=str(project),
            env=environment,
            dimensions=(60, 500),
            encoding="utf-8",
            codec_errors="replace",
            timeout=180,
        )
        self.at_buttons = False
        self.read()

    def read(self) -> str:
        """Wait for the next prompt or choice; return what was shown before it, without terminal escapes."""
        self.at_buttons = self.child.expect([PROMPT, BUTTONS]) == 1
        return _ESCAPES.sub("", self.child.before).replace("\r", "")

    def type(self, text: str) -> str:
        """Type a message of one's own and return the reply."""
        if self.at_buttons:
            # The last choice leads to the prompt; from the first one, up goes there.
            self.child.send(UP + ENTER)
            self.child.expect(PROMPT)
        self.child.send(text + ENTER)
        # The prompt line is drawn again with the text in it; the reply comes after that.
        self.child.expect_exact(text)
        return self.read()

    def choose_first(self) -> str:
        """Pick the first button and return the reply."""
        assert self.at_buttons
        self.child.send(ENTER)
        self.child.expect("\n")
        return self.read()

    def stop(self) -> None:
        if self.at_buttons:
            self.child.send(UP + ENTER)
            self.child.expect(PROMPT)
        self.child.send("/stop" + ENTER)
        self.child.expect(pexpect.EOF, timeout=60)
        self.child.close()


@pytest.fixture
def terminal(trained_project: Path, tmp_path: Path) -> Iterator[Terminal]:
    data = tmp_path / "data"
    data.mkdir()
    person = Terminal(trained_project, data)
    try:
        yield person
    finally:
        if person.child.isalive():
            person.child.kill(signal.SIGTERM)
            person.child.close(force=True)


def test_shell_answers_two_questions_a_button_and_forgets(terminal: Terminal, tmp_path: Path) -> None:
    first = terminal.type("can low B12 cause twitching? I am narwhalbicycle")
    assert "Source: " in first and DISCLAIMER in first, first
    assert "automated" in first
    second = terminal.type("how is it diagnosed?")
    assert "Source: " in second and DISCLAIMER in second, second
    assert "blood" in second.lower()

    terminal.type("what can you do?")
    third = terminal.choose_first()
    assert "Source: " in third and DISCLAIMER in third, third

    alarm = terminal.type("I have crushing chest pain")
    assert DISCLAIMER in alarm and "Source: " not in alarm, alarm

    assert b"narwhalbicycle" in stored_bytes(tmp_path / "data")
    terminal.type("forget me")
    assert "deleted" in terminal.choose_first()
    terminal.stop()
    assert terminal.child.exitstatus == 0
    assert b"narwhalbicycle" not in stored_bytes(tmp_path / "data")
