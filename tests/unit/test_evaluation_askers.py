"""Asking the core, and a server over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from evaluation.askers import CoreAsker, RestAsker, ServerError
from evaluation.replies import default_texts, read_reply
from tests.unit.small_project import make_assistant, make_project


class Handler(BaseHTTPRequestHandler):
    """Answers as Rasa's `rest` channel does, or with something else."""

    body = "[]"
    seen: list[dict[str, str]] = []

    def do_POST(self) -> None:
        self.seen.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))) | {"path": self.path})
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.body.encode())

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Handler.seen.clear()
    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()
        thread.join()


def test_rest_asker_keeps_a_conversation_until_the_next_one_starts(server: str) -> None:
    Handler.body = json.dumps([{"text": "One."}, {"image": "x"}, {"text": "Two."}])
    asker = RestAsker(server)
    assert asker.ask("a").messages == ("One.", "Two.")
    asker.ask("b")
    asker.start()
    asker.ask("c")
    senders = [seen["sender"] for seen in Handler.seen]
    assert senders[0] == senders[1] != senders[2]
    assert [seen["message"] for seen in Handler.seen] == ["a", "b", "c"]
    assert Handler.seen[0]["path"] == "/webhooks/rest/webhook"


def test_silence_is_a_reply_without_messages(server: str) -> None:
    Handler.body = "[]"
    assert RestAsker(server).ask("a").messages == ()


@pytest.mark.parametrize("body", ["<html>", '{"text": "One."}', "[1]"])
def test_other_server_is_named(server: str, body: str) -> None:
    Handler.body = body
    with pytest.raises(ServerError, match="is no `rest` channel"):
        RestAsker(server).ask("a")


def test_server_that_is_not_there_is_named() -> None:
    with HTTPServer(("127.0.0.1", 0), Handler) as closed:
        port = closed.server_port
    with pytest.raises(ServerError, match=rf"127.0.0.1:{port}.*make run"):
        RestAsker(f"http://127.0.0.1:{port}").ask("a")


def test_address_without_a_scheme_is_refused() -> None:
    with pytest.raises(ServerError, match="localhost:5005 is no address"):
        RestAsker("localhost:5005")


def test_core_asker_follows_up_until_the_next_conversation(tmp_path: Path) -> None:
    asker = CoreAsker(make_assistant(make_project(tmp_path)))
    first = asker.ask("how is a b12 deficiency diagnosed with a blood test")
    assert read_reply(first.messages, default_texts()).kind == "answer"
    assert first.context is not None
    assert first.context.last_question == ""
    followed = asker.ask("and why?").context
    assert followed is not None
    assert followed.last_question == "how is a b12 deficiency diagnosed with a blood test"
    asker.start()
    fresh = asker.ask("and why?").context
    assert fresh is not None
    assert fresh.last_question == ""
