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
            # select() takes no file number above 1023, and a whole run of the tests may get there.
            use_poll=True,
        )
        self.at_buttons = False
        self._wait_for_turn()

    def _wait_for_turn(self) -> None:
        self.at_buttons = self.child.expect([PROMPT, BUTTONS]) == 1

    def _read(self, until: str) -> str:
        """Read up to the words and on to the next prompt or choice; return it without terminal escapes.

        The words have to be named: the terminal draws the prompt again with every key, so a prompt proves nothing.
        """
        self.child.expect_exact(until)
        shown = self.child.before + until
        self._wait_for_turn()
        return _ESCAPES.sub("", shown).replace("\r", "")

    def _leave_buttons(self) -> None:
        if self.at_buttons:
            # The last choice leads to the prompt; from the first one, up goes there.
            self.child.send(UP + ENTER)
            self.child.expect(PROMPT)

    def type(self, text: str, until: str) -> str:
        """Type a message of one's own and return the reply."""
        self._leave_buttons()
        self.child.send(text + ENTER)
        return self._read(until)

    def choose_first(self, until: str) -> str:
        """Pick the first button and return the reply."""
        assert self.at_buttons
        self.child.send(ENTER)
        return self._read(until)

    def stop(self) -> None:
        self._leave_buttons()
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
            person.child.ptyproc.delayafterterminate = 2.0  # a loaded machine takes longer than the usual tenth
            person.child.close(force=True)


def test_shell_answers_two_questions_a_button_and_forgets(terminal: Terminal, tmp_path: Path) -> None:
    first = terminal.type("can low B12 cause twitching?", until=DISCLAIMER)
    assert "Source: " in first and "automated" in first, first
    second = terminal.type("how is it diagnosed?", until=DISCLAIMER)
    assert "Source: " in second and "blood" in second.lower(), second

    terminal.type("what can you do?", until="You can also say")
    third = terminal.choose_first(until=DISCLAIMER)
    assert "Source: " in third, third

    alarm = terminal.type("I have crushing chest pain", until=DISCLAIMER)
    assert "Source: " not in alarm, alarm

    terminal.type("how is it treated? I am called narwhalbicycle", until=DISCLAIMER)
    assert b"narwhalbicycle" in stored_bytes(tmp_path / "data")
    terminal.type("forget me", until="Yes, forget me")
    terminal.choose_first(until="is deleted")
    terminal.stop()
    assert terminal.child.exitstatus == 0
    assert b"narwhalbicycle" not in stored_bytes(tmp_path / "data")
