"""`python -m scripts.serve`, the last part of `make run`, as a process that is started, looked at and ended."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from scripts.children import HOST, answers, child_environment, free_port, wait_until

pytestmark = pytest.mark.slow

READY = re.compile(r"Open the chat page: (\S+)")
STARTED = re.compile(r"(actions|rasa) started \(pid=(\d+)\)")


class Serving:
    """A running `scripts.serve` with its output in a file."""

    def __init__(self, project: Path, folder: Path) -> None:
        self.port, self.actions_port = free_port(), free_port()
        self.output = folder / "serve.log"
        environment = child_environment(
            {"PORT": str(self.port), "ACTIONS_PORT": str(self.actions_port), "HEALTHQA_DATA": str(folder / "data")}
        )
        with self.output.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "scripts.serve"], cwd=project, env=environment, stdout=log, stderr=log
            )

    def text(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, pattern: re.Pattern[str], count: int = 1, seconds: float = 240) -> None:
        alive = lambda: self.process.poll() is None  # noqa: E731
        if not wait_until(lambda: len(pattern.findall(self.text())) >= count, alive, seconds):
            pytest.fail(f"{pattern.pattern} did not come:\n{self.text()[-3000:]}")

    def pids(self) -> dict[str, int]:
        return {name: int(pid) for name, pid in STARTED.findall(self.text())}

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)


def _gone(pid: int) -> bool:
    """Tell whether the process has ended; one that nobody reaped yet counts."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.fixture
def serving(trained_project: Path, tmp_path: Path) -> Iterator[Serving]:
    running = Serving(trained_project, tmp_path)
    try:
        yield running
    finally:
        running.end()


def test_serve_prints_the_address_and_ends_both_when_one_dies(serving: Serving) -> None:
    serving.wait_for(READY)
    page = READY.findall(serving.text())[0]
    assert page == f"http://{HOST}:{serving.port}/webhooks/web/"
    assert answers(page)
    pids = serving.pids()
    os.kill(pids["actions"], signal.SIGKILL)
    assert serving.process.wait(30) != 0
    assert wait_until(lambda: _gone(pids["rasa"]), lambda: True, 15)
    assert "ended by itself" in serving.text()
    assert "Traceback" not in serving.text()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_serve_ends_both_when_it_is_asked_to(serving: Serving, stop: signal.Signals) -> None:
    serving.wait_for(STARTED, count=2)
    time.sleep(1)
    pids = serving.pids()
    serving.process.send_signal(stop)
    assert serving.process.wait(30) == 0
    assert wait_until(lambda: all(_gone(pid) for pid in pids.values()), lambda: True, 15)
    assert "Stopped." in serving.text()


@pytest.mark.parametrize("variable", ["PORT", "ACTIONS_PORT"])
def test_serve_names_a_port_in_use_and_starts_nothing(trained_project: Path, variable: str) -> None:
    with closing(socket.socket()) as other:
        other.bind((HOST, 0))
        other.listen()
        taken = other.getsockname()[1]
        ports = {"PORT": str(free_port()), "ACTIONS_PORT": str(free_port()), variable: str(taken)}
        result = subprocess.run(
            [sys.executable, "-m", "scripts.serve"],
            cwd=trained_project,
            env=child_environment(ports),
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert result.returncode == 1
    assert f"Port {taken}" in result.stderr and f"make run {variable}=" in result.stderr
    assert "Traceback" not in result.stderr and "started" not in result.stdout
