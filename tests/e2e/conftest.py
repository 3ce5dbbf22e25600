"""Real servers on free ports with a data folder of their own; started once for all end-to-end tests."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from scripts.children import (
    HOST,
    actions_command,
    answers,
    child_environment,
    free_port,
    rasa_command,
    wait_until,
    write_endpoints,
)

READY_SECONDS = 180


def stored_bytes(folder: Path) -> bytes:
    """Join every file of a data folder: databases, their write-ahead logs, journals, anything else."""
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


@dataclass
class Servers:
    """The action server and Rasa, as `make run` starts them, but each on its own."""

    project: Path
    folder: Path
    rasa_port: int = field(default_factory=free_port)
    actions_port: int = field(default_factory=free_port)
    rasa: subprocess.Popen[bytes] | None = None
    actions: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.rasa_port}"

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def _start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        environment = child_environment({"HEALTHQA_DATA": str(self.data), "HEALTHQA_PUBLIC_URL": self.url})
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command, cwd=self.project, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def _wait(self, name: str, process: subprocess.Popen[bytes], url: str) -> None:
        if not wait_until(lambda: answers(url), lambda: process.poll() is None, READY_SECONDS):
            pytest.fail(f"{name} did not become ready at {url}; its log ends:\n{self.log(name)[-3000:]}")

    def start_actions(self) -> None:
        self.actions = self._start("actions", actions_command(self.actions_port))

    def wait_for_actions(self) -> None:
        assert self.actions is not None
        self._wait("actions", self.actions, f"http://{HOST}:{self.actions_port}/health")

    def start(self) -> None:
        self.data.mkdir()
        self.start_actions()
        endpoints = write_endpoints(self.project / "endpoints.yml", self.folder, self.actions_port)
        self.rasa = self._start("rasa", rasa_command(self.rasa_port, endpoints))
        self.wait_for_actions()
        self._wait("rasa", self.rasa, f"{self.url}/webhooks/rest/")

    def kill_actions(self) -> None:
        assert self.actions is not None
        self.actions.kill()
        self.actions.wait(10)

    def stop(self) -> None:
        for process in (self.rasa, self.actions):
            if process is None or process.poll() is not None:
                continue
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)

    def say(self, sender: str, text: str) -> list[dict[str, Any]]:
        """Send a message over the `rest` channel and return the assistant's messages."""
        body = json.dumps({"sender": sender, "message": text}).encode()
        request = urllib.request.Request(
            f"{self.url}/webhooks/rest/webhook", data=body, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            messages: list[dict[str, Any]] = json.load(response)
        return messages


@pytest.fixture(scope="session")
def servers(trained_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    running = Servers(trained_project, tmp_path_factory.mktemp("servers"))
    try:
        running.start()
        yield running
    finally:
        running.stop()
