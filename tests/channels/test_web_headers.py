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
from web_server import FakeAgent, Served, Server, bearer, settings

from addons.channels._web_settings import WebSettings
from addons.channels.web import WebInput

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = "https://www.example.org"


@pytest.mark.parametrize(
    "path",
    ["", "articles/", "articles/none", "live", "ready", "static/widget.js", "static/none", "nothing", "session"]
    + ["history", "me", "feedback", "openapi.json"],
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
@pytest.mark.parametrize(
    ("method", "path"),
    [("post", "session"), ("post", "messages"), ("post", "feedback"), ("get", "history"), ("get", "me")]
    + [("delete", "session")],
)
def test_page_of_another_site_is_refused(web: Served, method: str, path: str, origin: str) -> None:
    body = [{}] if method == "post" else []
    response = getattr(web, method)(path, *body, headers={"Origin": origin, **bearer(web.token())})
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


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "messages"), ("DELETE", "session"), ("GET", "history"), ("GET", "me")]
)
def test_preflight_is_answered_for_allowed_sites_only(web: Served, method: str, path: str) -> None:
    import requests

    ask = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization"}
    allowed = requests.options(f"{web.address}{path}", headers={"Origin": ALLOWED, **ask}, timeout=10)
    assert allowed.status_code == 204
    assert method in allowed.headers["Access-Control-Allow-Methods"].split(", ")
    assert allowed.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type"
    refused = requests.options(f"{web.address}{path}", headers={"Origin": "https://evil.example", **ask}, timeout=10)
    assert "Access-Control-Allow-Origin" not in refused.headers


def test_page_of_an_allowed_site_may_read_how_long_to_wait(web: Served) -> None:
    assert web.get("me", headers={"Origin": ALLOWED}).headers["Access-Control-Expose-Headers"] == "Retry-After"


def test_static_files_may_be_shown_by_any_site_and_nothing_else(web: Served) -> None:
    assert web.get("static/icon.svg").headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert web.get("live").headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "session"), ("TRACE", "live"), ("DELETE", "articles/x"), ("POST", "")]
)
def test_other_method_is_refused_in_json(web: Served, method: str, path: str) -> None:
    import requests

    response = requests.request(method, f"{web.address}{path}", timeout=10)
    assert (response.status_code, response.json()["error"]["code"]) == (405, "method_not_allowed")
    assert response.headers["Allow"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["live", "ready", "", "articles/", "openapi.json", "static/icon.svg"])
def test_head_works_where_get_does(web: Served, path: str) -> None:
    import requests

    response = requests.head(f"{web.address}{path}", timeout=10)
    assert response.status_code == web.get(path).status_code
    assert response.content == b""


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
        ({"conversation_limit": "often"}, "20/minute"),
        ({"address_limit": 20}, "20/minute"),
        ({"redis_url": "http://user:hidden@127.0.0.1"}, "redis://host"),
        ({"trusted_proxies": ["proxy.example.org"]}, "trusted_proxies"),
        ({"trusted_proxies": -1}, "trusted_proxies"),
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
    assert {"web", "rest"} <= {channel.name() for channel in channels}
    assert any(isinstance(channel, WebInput) for channel in channels)
    monkeypatch.setenv("HEALTHQA_WEB_SECRET", "s" * 40)
    production = ROOT / "deploy" / "credentials.production.yml"
    names = {channel.name() for channel in create_http_input_channels(None, str(production))}
    assert "web" in names and "rest" not in names
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
    server.server_close()


def test_live_says_only_that_the_server_runs(web: Served) -> None:
    web.agent.ready = False
    assert web.get("live").json() == {"live": True}


def test_ready_needs_model_actions_and_index(tmp_path: Path, action_server: str) -> None:
    agent = FakeAgent()
    agent.action_url = action_server
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
