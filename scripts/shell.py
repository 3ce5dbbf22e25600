"""Talks to the assistant in the terminal: `python -m scripts.shell`.

Starts an action server of its own on a free port, its log in a file, then `rasa shell` on another free port, so that
it runs beside `make run`.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.children import HOST, actions_command, answers, child_environment, free_port, wait_until, write_endpoints

__all__ = ["main"]

ROOT = Path(__file__).resolve().parent.parent
LOG = ROOT / ".steps" / "shell-actions.log"
READY_SECONDS = 120


def _shell(endpoints: Path) -> int:
    command = [sys.executable, "-m", "rasa", "shell", "-i", HOST, "--port", str(free_port())]
    # Ctrl-C belongs to the shell in front; this process only has to clean up after it. A handler, not SIG_IGN: the
    # child would inherit that.
    signal.signal(signal.SIGINT, lambda *_: None)
    return subprocess.call([*command, "--endpoints", str(endpoints)], cwd=ROOT, env=child_environment())


def main() -> int:
    """Start both, hand the terminal to `rasa shell`, end the action server afterwards."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    port = free_port()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    with tempfile.TemporaryDirectory(prefix="healthqa-") as folder, LOG.open("w") as log:
        endpoints = write_endpoints(ROOT / "endpoints.yml", Path(folder), port)
        print(f"Starting the action server (log: {LOG.relative_to(ROOT)}) and rasa shell (about 20 s) ...", flush=True)
        actions = subprocess.Popen(
            actions_command(port), cwd=ROOT, env=child_environment(), stdout=log, stderr=log, start_new_session=True
        )
        try:
            ready = wait_until(
                lambda: answers(f"http://{HOST}:{port}/health"), lambda: actions.poll() is None, READY_SECONDS
            )
            if not ready:
                print(f"The action server did not start; see {LOG.relative_to(ROOT)}.", file=sys.stderr)
                return 1
            return _shell(endpoints)
        finally:
            actions.terminate()
            try:
                actions.wait(timeout=5)
            except subprocess.TimeoutExpired:
                actions.kill()


if __name__ == "__main__":
    sys.exit(main())
