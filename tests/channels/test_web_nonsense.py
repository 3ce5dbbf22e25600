"""Whatever is sent to the channel: a 4xx in JSON, never a 500."""

from __future__ import annotations

import json

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web_server import Served

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
MESSAGES = st.fixed_dictionaries({}, optional={"token": JSON_VALUES, "id": JSON_VALUES, "text": JSON_VALUES})
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
JSON_HEADER = {"Content-Type": "application/json"}


def check_refused(response: requests.Response) -> None:
    assert 400 <= response.status_code < 500, response.text
    error = response.json()["error"]
    assert set(error) == {"code", "message", "retry"}
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@FEW
@given(body=st.binary(max_size=300))
def test_nonsense_bytes_are_refused(web: Served, body: bytes) -> None:
    check_refused(requests.post(f"{web.address}messages", data=body, headers=JSON_HEADER, timeout=10))


@FEW
@given(body=JSON_VALUES | MESSAGES)
def test_nonsense_json_is_refused(web: Served, body: object) -> None:
    check_refused(requests.post(f"{web.address}messages", data=json.dumps(body), headers=JSON_HEADER, timeout=10))


@FEW
@given(text=JSON_VALUES | st.text(alphabet=st.characters(), max_size=200), message_id=JSON_VALUES)
def test_nonsense_with_a_good_token_never_fails(web: Served, text: object, message_id: object) -> None:
    body = {"token": web.token(), "id": message_id if message_id else "1", "text": text}
    response = requests.post(f"{web.address}messages", data=json.dumps(body), headers=JSON_HEADER, timeout=10)
    assert response.status_code < 500
    if response.status_code != 200:
        check_refused(response)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"])
def test_other_content_type_is_refused(web: Served, kind: str) -> None:
    body = json.dumps({"token": web.token(), "id": "1", "text": "hello"})
    response = requests.post(f"{web.address}messages", data=body, headers={"Content-Type": kind}, timeout=10)
    assert response.status_code == 415


def test_deeply_nested_json_is_refused(web: Served) -> None:
    check_refused(requests.post(f"{web.address}messages", data=b"[" * 16_000, headers=JSON_HEADER, timeout=10))


@pytest.mark.parametrize(
    "path", ["nothing", "session/extra", "articles/a/b", "static/../web.py", "%ff", "static/web.py"]
)
def test_unknown_address_is_not_found(web: Served, path: str) -> None:
    response = web.get(path)
    assert response.status_code == 404
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
