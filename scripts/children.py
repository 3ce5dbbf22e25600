"""Ports, environment and readiness of the processes that the scripts start."""

from __future__ import annotations

import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import yaml

__all__ = [
    "HOST",
    "actions_command",
    "answers",
    "child_environment",
    "free_port",
    "port_is_taken",
    "rasa_command",
    "wait_until",
    "write_endpoints",
]

HOST = "127.0.0.1"


def child_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Make the environment of a child: loopback only, no telemetry, quiet TensorFlow, output line by line.

    :param extra: variables that win over the ones inherited.
    """
    return {
        # Rasa's pins are old: their deprecation warnings say nothing to whoever runs this.
        "PYTHONWARNINGS": "ignore",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        # TensorFlow brings JAX, bm25s loads it where it is: without this it looks for a GPU and says so.
        "JAX_PLATFORMS": "cpu",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        **os.environ,
        "RASA_TELEMETRY_ENABLED": "false",
        "SANIC_HOST": HOST,
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        **(extra or {}),
    }


def free_port() -> int:
    """Ask the system for a port of the loopback interface that nobody uses at the moment."""
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def port_is_taken(port: int) -> bool:
    """Tell whether a server could not listen on the port."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def actions_command(port: int) -> list[str]:
    """Give the command line of the action server (what `rasa run actions` starts, without loading Rasa)."""
    return [sys.executable, "-m", "rasa_sdk", "--actions", "actions", "--port", str(port)]


def rasa_command(port: int, endpoints: Path, model: str = "models") -> list[str]:
    """Give the command line of the Rasa server."""
    options = ["--port", str(port), "--endpoints", str(endpoints), "--credentials", "credentials.yml", "--model", model]
    return [sys.executable, "-m", "rasa", "run", "-i", HOST, *options]


def write_endpoints(source: Path, folder: Path, actions_port: int) -> Path:
    """Copy endpoints.yml with the action server's port put in; the one of the project names the usual port.

    :return: the copy in `folder`.
    """
    endpoints = yaml.safe_load(source.read_text(encoding="utf-8")) or {}
    endpoints["action_endpoint"] = {
        **(endpoints.get("action_endpoint") or {}),
        "url": f"http://{HOST}:{actions_port}/webhook",
    }
    target = folder / "endpoints.yml"
    target.write_text(yaml.safe_dump(endpoints, sort_keys=False), encoding="utf-8")
    return target


def answers(url: str) -> bool:
    """Tell whether a GET of the address gives a page (status below 400)."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status < 400)
    except (OSError, urllib.error.URLError, ValueError):
        return False


def wait_until(ready: Callable[[], bool], alive: Callable[[], bool], seconds: float) -> bool:
    """Wait until `ready`; give up when `alive` turns false or the time is over.

    :param seconds: longest wait.
    :return: whether it became ready.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end and alive():
        if ready():
            return True
        time.sleep(0.2)
    return False
