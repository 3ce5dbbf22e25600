"""Shared by all tests: a trained project, made once for the whole run and only where something changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
os.environ.setdefault("SANIC_HOST", "127.0.0.1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def trained_project() -> Path:
    """Give the project folder with encoder, index and model made, as `make train` makes them.

    A lock file lets this run beside `make run`, and in a clone where that never ran.
    """
    from scripts.steps import run_steps

    run_steps("train")
    return ROOT


@pytest.fixture(scope="session")
def indexed_project() -> Path:
    """Give the project folder with encoder and index made, without the model."""
    from scripts.steps import run_steps

    run_steps("answerability")
    return ROOT


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Turn a skip into a failure where everything that tests need was promised (`.ci/run`)."""
    outcome = yield
    report = outcome.get_result()
    # An expected failure is reported as skipped as well.
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("REQUIRE_SERVICES") == "1":
        report.outcome = "failed"
        report.longrepr = f"REQUIRE_SERVICES=1, yet {item.nodeid} was skipped: {call.excinfo and call.excinfo.value}"
