from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from scripts.children import HOST, answers, child_environment, free_port, port_is_taken, wait_until, write_endpoints
from scripts.serve import PortError, chosen_port


def test_child_environment_keeps_servers_on_loopback_and_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANIC_HOST", "0.0.0.0")
    monkeypatch.setenv("RASA_TELEMETRY_ENABLED", "true")
    environment = child_environment({"HEALTHQA_DATA": "x"})
    assert environment["SANIC_HOST"] == "127.0.0.1"
    assert environment["RASA_TELEMETRY_ENABLED"] == "false"
    assert environment["HEALTHQA_DATA"] == "x"


def test_write_endpoints_changes_only_the_port(tmp_path: Path) -> None:
    source = tmp_path / "source.yml"
    source.write_text(
        "action_endpoint:\n  url: http://127.0.0.1:5055/webhook\n  enable_selective_domain: true\n"
        "tracker_store:\n  type: x.Y\n  db: ${HEALTHQA_DATA}\n",
        encoding="utf-8",
    )
    made = yaml.safe_load(write_endpoints(source, tmp_path, 6001).read_text(encoding="utf-8"))
    assert made == {
        "action_endpoint": {"url": "http://127.0.0.1:6001/webhook", "enable_selective_domain": True},
        "tracker_store": {"type": "x.Y", "db": "${HEALTHQA_DATA}"},
    }


def test_taken_port_is_named_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(socket.socket()) as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        assert port_is_taken(port)
        monkeypatch.setenv("PORT", str(port))
        with pytest.raises(PortError, match=rf"Port {port}.*make run PORT=\d+"):
            chosen_port("PORT", 5005, "the chat page")


@pytest.mark.parametrize("value", ["abc", "0", "70000", "-1"])
def test_port_that_is_none_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", value)
    with pytest.raises(PortError, match="no port number"):
        chosen_port("PORT", 5005, "the chat page")


def test_chosen_port_takes_the_default_when_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PORT", raising=False)
    port = free_port()
    assert chosen_port("PORT", port, "the chat page") == port


def test_answers_is_false_where_nobody_listens() -> None:
    assert not answers(f"http://{HOST}:{free_port()}/")
    assert not answers("not an address")


def test_wait_until_gives_up_when_the_process_died() -> None:
    assert not wait_until(lambda: False, lambda: False, 60)
    assert wait_until(lambda: True, lambda: True, 60)
    assert not wait_until(lambda: False, lambda: True, 0.3)


def test_merged_logs_leave_out_deprecation_warnings_of_packages_only(capsys: pytest.CaptureFixture[str]) -> None:
    import datetime

    from honcho.printer import Message

    from scripts.serve import _ReadablePrinter

    printer = _ReadablePrinter()
    lines = [
        b"/a b/site-packages/sanic_cors/extension.py:39: DeprecationWarning: distutils is deprecated\n",
        b"  SANIC_VERSION = LooseVersion(sanic_version)\n",
        b"  an indented line of our own\n",
        b"/a b/healthqa/x.py:3: DeprecationWarning: our own\n",
        b"ERROR everything else\n",
    ]
    for line in lines:
        printer.write(Message("line", line, datetime.datetime.now(), "rasa", "1"))
    shown = capsys.readouterr().out
    assert "distutils" not in shown and "SANIC_VERSION" not in shown
    assert "an indented line" in shown and "our own" in shown and "everything else" in shown
