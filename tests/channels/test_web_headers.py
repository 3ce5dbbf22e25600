"""Origins, security headers, settings, health."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from rasa.core.run import create_http_input_channels
from rasa.shared.exceptions import RasaException
from web_server import FakeAgent, Served, Server, settings

from addons.channels._web_settings import WebSettings
from addons.channels.web import WebInput

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = "https://www.example.org"


@pytest.mark.parametrize(
    "path", ["", "articles/", "articles/none", "live", "ready", "static/chat.js", "nothing", "session"]
)
def test_every_response_has_security_headers(web: Served, path: str) -> None:
    headers = web.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://[", "https://www.example.org.evil.example"])
@pytest.mark.parametrize("path", ["session", "messages"])
def test_page_of_another_site_is_refused(web: Served, path: str, origin: str) -> None:
    response = web.post(path, {}, headers={"Origin": origin})
    assert (response.status_code, response.json()["error"]["code"]) == (403, "origin_refused")
    assert "Access-Control-Allow-Origin" not in response.headers
    assert web.agent.heard == []


def test_own_page_and_allowed_site_may_send(web: Served) -> None:
    own = web.address.split("/webhooks")[0]
    same = web.post("session", {}, headers={"Origin": own})
    assert same.status_code == 201
    assert "Access-Control-Allow-Origin" not in same.headers
    other = web.post("session", {}, headers={"Origin": ALLOWED})
    assert other.status_code == 201
    assert other.headers["Access-Control-Allow-Origin"] == ALLOWED
    assert "Access-Control-Allow-Credentials" not in other.headers


def test_preflight_is_answered_for_allowed_sites_only(web: Served) -> None:
    import requests

    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    allowed = requests.options(f"{web.address}messages", headers={"Origin": ALLOWED, **ask}, timeout=10)
    assert allowed.status_code == 204
    assert allowed.headers["Access-Control-Allow-Headers"] == "Content-Type"
    refused = requests.options(f"{web.address}messages", headers={"Origin": "https://evil.example", **ask}, timeout=10)
    assert "Access-Control-Allow-Origin" not in refused.headers


def test_wildcard_of_the_command_line_does_not_reach_this_channel(tmp_path: Path) -> None:
    """`rasa run --cors "*"` opens Rasa's own paths, not ours."""
    import requests

    evil = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    with Server(FakeAgent(), settings(tmp_path), cors="*") as served:
        for response in (
            served.post("session", {}, headers=evil),
            served.get("", headers=evil),
            requests.options(f"{served.address}messages", headers=evil, timeout=10),
        ):
            assert not [name for name in response.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        ({"allowed_origins": ["*"]}, "without a wildcard"),
        ({"allowed_origins": ["https://*.example.org"]}, "without a wildcard"),
        ({"allowed_origins": ["https://example.org/"]}, "without a path"),
        ({"allowed_origins": ["example.org"]}, "https://"),
        ({"secret": "short"}, "32 characters"),
        ({"timeout": "soon"}, "above 0"),
        ({"timeout": 0}, "above 0"),
        ({"orgins": []}, "unknown key 'orgins'"),
    ],
)
def test_unusable_setting_is_named(credentials: dict, words: str) -> None:
    with pytest.raises(RasaException, match=words.replace("*", r"\*")):
        WebSettings.from_credentials(credentials)


def test_secret_is_made_up_and_never_printed() -> None:
    first, second = WebSettings.from_credentials(None), WebSettings.from_credentials({})
    assert len(first.secret) >= 32
    assert first.secret != second.secret
    assert first.secret not in repr(first)


def test_credentials_of_the_repository_load_and_production_has_no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    channels = create_http_input_channels(None, str(ROOT / "credentials.yml"))
    assert [channel.name() for channel in channels] == ["web", "rest"]
    assert isinstance(channels[0], WebInput)
    monkeypatch.setenv("HEALTHQA_WEB_SECRET", "s" * 40)
    production = ROOT / "deploy" / "credentials.production.yml"
    assert [channel.name() for channel in create_http_input_channels(None, str(production))] == ["web"]
    assert "rest" not in yaml.safe_load(production.read_text(encoding="utf-8"))
    monkeypatch.delenv("HEALTHQA_WEB_SECRET")
    with pytest.raises(RasaException):
        create_http_input_channels(None, str(production))


@pytest.fixture
def action_server() -> Iterator[str]:
    class Healthy(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/health" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Healthy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/webhook"
    server.shutdown()


def test_live_says_only_that_the_server_runs(web: Served) -> None:
    web.agent.ready = False
    assert web.get("live").json() == {"live": True}


def test_ready_needs_model_actions_and_index(tmp_path: Path, action_server: str) -> None:
    agent = FakeAgent(action_url=action_server)
    core = settings(tmp_path)
    with Server(agent, core) as served:
        missing = served.get("ready")
        assert (missing.status_code, missing.json()["index"]) == (503, None)
        core.index_dir.mkdir()
        from healthqa.index_store import POINTER

        (core.index_dir / POINTER).write_text("v1", encoding="utf-8")
        assert served.get("ready").json() == {"ready": True, "model": True, "actions": True, "index": "v1"}
        agent.ready = False
        assert served.get("ready").status_code == 503
        agent.ready, agent.action_url = True, "http://127.0.0.1:9/webhook"
        assert served.get("ready").json()["actions"] is False
