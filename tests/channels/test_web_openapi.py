"""openapi.yaml and the server say the same: schemathesis asks every operation, valid and not, on a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from sanic import Sanic
from web_scripts import reply
from web_server import FakeAgent, Served, Server, bearer, events
from web_server import settings as core_settings

from addons.channels._text import clean_text, plain_words
from addons.channels._web_settings import WebSettings
from addons.channels.web import WebInput

ALARM = "I have crushing chest pain and cannot breathe"


@schemathesis.deserializer("application/x-ndjson")
def lines(_context: schemathesis.DeserializationContext, response: schemathesis.Response) -> list[Any]:
    return [json.loads(line) for line in response.content.decode().splitlines()]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("openapi")
    agent = FakeAgent(folder)
    agent.script = reply
    with Server(agent, core_settings(folder), timeout=2) as web:
        yield web


@pytest.fixture(scope="module")
def web_schema(served: Served) -> Any:
    schema = schemathesis.openapi.from_url(f"{served.address}openapi.json")
    schema.config.update(base_url=served.address.removesuffix("/webhooks/web/"))
    return schema


schema = schemathesis.pytest.from_fixture("web_schema")


# The same requests in each run: what one run finds, the next one finds too. All in all some hundred requests.
@schema.parametrize()
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_server_keeps_to_its_interface(case: schemathesis.Case, served: Served) -> None:
    token = served.token()
    served.send("can low B12 cause twitching?", token)
    response = case.call(headers=bearer(token), allow_redirects=False)
    excluded = []
    if case.path.endswith("/ready"):
        # Without a model and an index it says 503, as the file has it.
        excluded.append(schemathesis.checks.not_a_server_error)
    if b'"kind": "emergency"' in response.content or b'"kind": "crisis"' in response.content:
        # Words made up at random may sound alarming: that is answered whatever else is wrong with the request.
        excluded += [schemathesis.checks.negative_data_rejection, schemathesis.checks.ignored_auth]
    case.validate_response(response, excluded_checks=excluded, headers=bearer(token))


def routes() -> set[tuple[str, str]]:
    """The paths and methods that the channel registers, as OpenAPI writes them."""
    from rasa.core.channels.channel import register

    Sanic.test_mode = True
    app = Sanic("routes-of-web", configure_logging=False)
    register([WebInput(WebSettings.from_credentials(None))], app, "/webhooks/")
    app.router.finalize()
    found = set()
    for route in app.router.routes:
        path = "/" + route.path.lstrip("/").replace("<", "{").replace(":str>", "}")
        found |= {(path, method) for method in route.methods}
    return found


def test_every_route_stands_in_the_file_and_every_operation_is_a_route(served: Served) -> None:
    paths = served.get("openapi.json").json()["paths"]
    described = {(path, method.upper()) for path, methods in paths.items() for method in methods}
    registered = {
        (path, method) for path, method in routes() if method not in ("HEAD", "OPTIONS") and "path:" not in path
    }
    assert registered == described
    assert len(described) == 15


def test_status_codes_that_schemathesis_rarely_meets_are_described(served: Served) -> None:
    token = served.token()
    served.send("one", token, "a")
    for code, response in (
        (409, served.post("messages", {"id": "a", "text": "two"}, headers=bearer(token))),
        (413, served.post("feedback", {"answer": "a" * 20_000}, headers=bearer(token))),
        (404, served.post("feedback", {"answer": "none", "rating": "up"}, headers=bearer(token))),
        (403, served.get("me", headers={**bearer(token), "Origin": "https://evil.example"})),
    ):
        assert response.status_code == code
        method, path = response.request.method.lower(), response.request.path_url
        description = interface(served)["paths"][path][method]["responses"][str(code)]
        assert description["$ref"].startswith("#/components/responses/")
        check(served, "Problem", response.json())


@pytest.mark.parametrize("text", ["hello", ALARM])
def test_events_fit_the_file(served: Served, text: str) -> None:
    token = served.token()
    for event in served.send(text, token):
        check(served, "Event", event)
    check(served, "History", served.get("history", headers=bearer(token)).json())


def test_alarm_without_a_token_fits_the_file(served: Served) -> None:
    for event in events(served.post("messages", {"id": "1", "text": ALARM})):
        check(served, "Event", event)


@pytest.mark.parametrize(
    "text", ["a", " / ", "//", "\u200b", "\x00/", "/restart", "\u3000", "\u00ad.", "👩‍⚕️", "\ufeff/\u2028"]
)
def test_pattern_of_the_file_is_the_rule_of_the_server(served: Served, text: str) -> None:
    schema = interface(served)["components"]["schemas"]["MessageRequest"]["properties"]["text"]
    fits = jsonschema.Draft202012Validator(schema).is_valid(text)
    assert fits == bool(plain_words(clean_text(text)))


def interface(served: Served) -> dict[str, Any]:
    return served.get("openapi.json").json()


def check(served: Served, name: str, value: Any) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": interface(served)["components"]}
    jsonschema.Draft202012Validator(schema).validate(value)


def test_file_lies_beside_the_channel_and_is_served_as_it_is(served: Served) -> None:
    import yaml

    file = Path(__file__).resolve().parents[2] / "addons" / "channels" / "openapi.yaml"
    assert interface(served) == yaml.safe_load(file.read_text(encoding="utf-8"))
