"""Starts the action server and Rasa, waits until both answer, prints the chat page's address.

Run as `python -m scripts.serve`. Both stay in the foreground with merged logs; Ctrl-C ends both, and when one dies
the other is ended too. PORT and ACTIONS_PORT choose the ports.
"""

from __future__ import annotations

import datetime
import os
import re
import shlex
import signal
import sys
import tempfile
import threading
from pathlib import Path

from honcho.manager import Manager  # type: ignore[import-untyped]
from honcho.printer import Message, Printer  # type: ignore[import-untyped]

from healthqa.encoder import read_card
from healthqa.errors import HealthQAError
from healthqa.index_store import current_version
from healthqa.safety.classifier import read_alarm_card
from healthqa.settings import Settings
from scripts.children import (
    HOST,
    actions_command,
    answers,
    child_environment,
    port_is_taken,
    rasa_command,
    wait_until,
    write_endpoints,
)
from scripts.training import latest_model

__all__ = ["PortError", "chosen_port", "main", "missing_parts"]

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 240
STOPPED_BY_USER = (130, 143)
_PACKAGE_WARNING = re.compile(r"site-packages/\S+\.py:\d+: \w*DeprecationWarning: |^Implementing implicit name")


class PortError(Exception):
    """A port cannot be used; the text says which one and how to choose another."""


def chosen_port(variable: str, default: int, purpose: str) -> int:
    """Read a port from the environment and check that it is free.

    :param purpose: who listens there, for the message.
    :raises PortError: when it is no port number or taken.
    """
    text = os.environ.get(variable, "").strip() or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise PortError(f"{variable}={text} is no port number: choose one from 1024 to 65535.")
    port = int(text)
    if port_is_taken(port):
        raise PortError(
            f"Port {port}, on which {purpose} listens, is in use. Stop the program that has it, "
            f"or choose another port: make run {variable}={_suggestion(port)}"
        )
    return port


def _suggestion(port: int) -> int:
    return next((other for other in range(port + 100, port + 1000, 100) if not port_is_taken(other)), port + 1)


def missing_parts(settings: Settings) -> list[str]:
    """Say, one line each, which built parts are not there and what readers get without them.

    The servers start all the same: the patterns for alarms and the fixed texts need none of them.
    """
    copy = "Without torch, copy that folder from a machine that has it."
    missing = []
    try:
        read_card(settings.encoder_dir)
    except HealthQAError as error:
        missing.append(f"{error} {copy} Until then readers get alarms and refusals only.")
    if not current_version(settings.index_dir):
        missing.append(
            f"There is no index in {settings.index_dir}. Run `healthqa index`. Until then nothing is answered."
        )
    try:
        read_alarm_card(settings.alarm_model_dir)
    except HealthQAError as error:
        missing.append(f"{error} {copy} Until then fewer emergencies are recognised: by patterns only.")
    return missing


class _ReadablePrinter(Printer):  # type: ignore[misc]
    """Leaves out the deprecation warnings of installed packages: Rasa's pins are old, and nobody here can mend them.

    Rasa sets the warning filters itself, so the environment cannot silence them.
    """

    def __init__(self) -> None:
        super().__init__(sys.stdout)
        self._skips_source_of: set[str] = set()

    def write(self, message: Message) -> None:
        """Print the line, unless it is such a warning or the source line that follows one."""
        text = message.data.decode("utf-8", "replace") if isinstance(message.data, bytes) else message.data
        if _PACKAGE_WARNING.search(text):
            self._skips_source_of.add(message.name)
            return
        if message.name in self._skips_source_of:
            self._skips_source_of.discard(message.name)
            if text.startswith("  "):
                return
        super().write(message)


def _announce(manager: Manager, port: int, actions_port: int, ended: threading.Event) -> None:
    """Tell, between the log lines, when both servers answer."""

    def say(text: str) -> None:
        for line in text.splitlines():
            manager.events.put(Message("line", line, datetime.datetime.now(), "healthqa", "1;32"))

    page = f"http://{HOST}:{port}/webhooks/web/"
    checks = (f"http://{HOST}:{actions_port}/health", page)
    if wait_until(lambda: all(answers(url) for url in checks), lambda: not ended.is_set(), READY_SECONDS):
        say(f"Ready. Open the chat page: {page}\nCtrl-C ends both servers.")
    elif not ended.is_set():
        say(f"The servers do not answer after {READY_SECONDS} s; see the lines above.")
        manager.terminate()


def _serve(folder: Path) -> int:
    port = chosen_port("PORT", 5005, "the chat page (Rasa)")
    actions_port = chosen_port("ACTIONS_PORT", 5055, "the action server")
    if port == actions_port:
        raise PortError(f"PORT and ACTIONS_PORT are both {port}: choose two ports.")
    environment = child_environment()
    environment.setdefault("HEALTHQA_PUBLIC_URL", f"http://{HOST}:{port}")
    endpoints = write_endpoints(ROOT / "endpoints.yml", folder, actions_port)

    print("Starting the action server and Rasa (about 20 s) ...", flush=True)
    manager = Manager(_ReadablePrinter())
    for name, command in (("actions", actions_command(actions_port)), ("rasa", rasa_command(port, endpoints))):
        manager.add_process(name, f"exec {shlex.join(command)}", env=environment, cwd=str(ROOT))
    # A closed terminal must end the servers like Ctrl-C does: they run in sessions of their own.
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    ended = threading.Event()
    threading.Thread(target=_announce, args=(manager, port, actions_port, ended), daemon=True).start()
    manager.loop()
    ended.set()
    if manager.returncode in STOPPED_BY_USER:
        print("Stopped.")
        return 0
    print("One of the servers ended by itself, so the other was ended too; see the lines above.", file=sys.stderr)
    return manager.returncode or 1


def main() -> int:
    """Serve until stopped; return the exit code, which is 0 only when somebody asked for the end."""
    if not latest_model(ROOT / "models"):
        print("There is no trained model in models/. Call make run, which trains one, or copy one in.", file=sys.stderr)
        return 1
    try:
        for line in missing_parts(Settings.from_env()):
            print(line, file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="healthqa-") as folder:
            return _serve(Path(folder))
    except (PortError, HealthQAError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
