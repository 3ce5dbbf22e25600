"""Limits for a conversation and an address: in memory, in Redis, and when Redis fails."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from web_server import FakeAgent, Served, Server, answer, answer_text, bearer, events, say, settings

from addons.channels._rate_limits import RateLimits, parse_rate
from healthqa.answer import DISCLAIMER

REDIS = "redis://127.0.0.1:6379/9"
TWO = parse_rate("conversation", "2/minute")


def hits(limits: RateLimits, *names: str) -> list[int]:
    return [asyncio.run(limits.hit([(TWO, name)])) for name in names]


@pytest.fixture
def redis_url() -> str:
    try:
        redis.Redis.from_url(REDIS, socket_connect_timeout=1).ping()
    except redis.RedisError as error:
        pytest.skip(f"no Redis at {REDIS}: {type(error).__name__}")
    return REDIS


@pytest.fixture
def hanging_redis() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def test_limit_counts_each_name_apart_and_says_how_long_to_wait() -> None:
    limits = RateLimits("", "key")
    first, second, third, other = hits(limits, "a", "a", "a", "b")
    assert (first, second, other) == (0, 0, 0)
    assert 55 <= third <= 61


def test_limits_of_several_lengths_hold_together() -> None:
    both = parse_rate("address", "3/second; 4/hour")
    limits = RateLimits("", "key")

    async def hit() -> int:
        return await limits.hit([(both, "a")])

    assert [asyncio.run(hit()) for _ in range(3)] == [0, 0, 0]
    time.sleep(1.1)
    assert asyncio.run(hit()) == 0
    assert asyncio.run(hit()) > 3000


def test_empty_limit_lets_everything_through() -> None:
    limits = RateLimits("", "key")
    assert [asyncio.run(limits.hit([(parse_rate("x", ""), "a")])) for _ in range(50)] == [0] * 50


@pytest.mark.parametrize("text", ["often", "20", "20/fortnight", "-1/minute"])
def test_limit_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_rate("conversation", text)


def test_redis_counts_for_several_servers_and_sees_no_names(redis_url: str) -> None:
    key, name = uuid.uuid4().hex, f"web-{uuid.uuid4().hex}"
    servers = [RateLimits(redis_url, key) for _ in range(3)]
    assert [hits(server, name)[0] > 0 for server in servers] == [False, False, True]
    assert hits(RateLimits(redis_url, "another key"), name) == [0]
    assert not redis.Redis.from_url(redis_url).keys(f"*{name}*")


@pytest.mark.parametrize("broken", ["nobody listens", "hangs"])
def test_redis_that_fails_refuses_nobody(broken: str, hanging_redis: str, caplog: pytest.LogCaptureFixture) -> None:
    url = hanging_redis if broken == "hangs" else "redis://127.0.0.1:9/0"
    limits = RateLimits(url, "key")
    caplog.set_level(logging.INFO)
    begin = time.monotonic()
    assert [seconds > 0 for seconds in hits(limits, "a", "a", "a")] == [False, False, True], "memory counts on"
    assert time.monotonic() - begin < 2
    assert len([record for record in caplog.records if "Redis fails" in record.getMessage()]) == 1


def test_redis_that_is_back_is_used_again(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    name = uuid.uuid4().hex
    limits = RateLimits("redis://127.0.0.1:9/0", "key")
    hits(limits, name)
    limits._redis = RateLimits(redis_url, "key")._redis
    limits._retry_at = 0.0
    hits(limits, name)
    assert hits(RateLimits(redis_url, "key"), name, name)[1] > 0, "the second hit was counted in Redis"
    assert [word for record in caplog.records for word in ("fails", "back") if word in record.getMessage()] == [
        "fails",
        "back",
    ]


# ---- over HTTP


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Served]:
    with Server(FakeAgent(tmp_path), settings(tmp_path), conversation_limit="2/minute", timeout=1) as web:
        yield web


def ask(web: Served, token: str, message_id: str, text: str = "hello", **headers: str) -> object:
    return web.post("messages", {"id": message_id, "text": text}, headers={**bearer(token), **headers})


def test_third_message_of_a_conversation_is_told_to_wait(strict: Served) -> None:
    token = strict.token()
    assert [ask(strict, token, str(number)).status_code for number in range(2)] == [200, 200]
    refused = ask(strict, token, "2")
    assert refused.status_code == 429
    error = refused.json()["error"]
    assert (error["code"], error["retry"]) == ("rate_limited", True)
    assert error["retry_after"] == int(refused.headers["Retry-After"]) > 50
    assert error["message"].endswith(DISCLAIMER)
    assert error["disclaimer"] == DISCLAIMER
    assert len(strict.agent.heard) == 2
    assert ask(strict, strict.token(), "0").status_code == 200


@pytest.mark.parametrize(
    ("text", "kind"),
    [("I have crushing chest pain and cannot breathe", "emergency"), ("I want to end my life", "crisis")],
)
def test_alarm_is_shown_beyond_the_limit(strict: Served, text: str, kind: str) -> None:
    token = strict.token()
    for number in range(2):
        ask(strict, token, str(number))
    response = ask(strict, token, "2", text)
    assert response.status_code == 200
    typing, message, done = events(response)
    assert message["answer"]["kind"] == kind
    assert done["event"] == "done"
    assert len(strict.agent.heard) == 2


def test_alarm_is_shown_whatever_else_is_wrong_with_the_message(strict: Served) -> None:
    text = "I have crushing chest pain and cannot breathe"
    for body, headers in (
        ({"id": "1", "text": text}, {}),
        ({"id": "1", "text": text}, bearer("forged")),
        ({"id": "not an id", "text": text}, bearer(strict.token())),
        ({"id": "1", "text": f"{'long story ' * 300} {text}"}, bearer(strict.token())),
        ({"id": "1", "text": text.replace("chest", "che\u200bst")}, {}),
    ):
        response = strict.post("messages", body, headers=headers)
        assert response.status_code == 200, response.text
        assert events(response)[1]["answer"]["kind"] == "emergency"
    assert strict.agent.heard == []


def test_address_limit_counts_all_requests_of_an_address(tmp_path: Path) -> None:
    with Server(FakeAgent(tmp_path), settings(tmp_path), address_limit="3/minute", trusted_proxies=1) as web:

        def session(address: str) -> int:
            return web.post("session", {}, headers={"X-Forwarded-For": address}).status_code

        assert [session("192.0.2.1") for _ in range(4)] == [201, 201, 201, 429]
        assert session("192.0.2.2") == 201
        assert [session(f"2001:db8::{part}") for part in ("1", "2", "3", "ffff:1")] == [201, 201, 201, 429]
        assert session("2001:db8:0:1::1") == 201


def test_forged_address_does_not_help_without_a_trusted_proxy(tmp_path: Path) -> None:
    with Server(FakeAgent(tmp_path), settings(tmp_path), address_limit="3/minute") as web:
        codes = [
            web.post("session", {}, headers={"X-Forwarded-For": f"192.0.2.{number}"}).status_code for number in range(4)
        ]
        assert codes == [201, 201, 201, 429]


def test_dead_redis_stops_no_reader(tmp_path: Path) -> None:
    async def reply(message: object) -> None:
        await say(message, answer_text(), answer=answer())

    agent = FakeAgent(tmp_path)
    agent.script = reply
    dead = {"redis_url": "redis://127.0.0.1:9/0", "conversation_limit": "2/minute", "address_limit": "100/minute"}
    with Server(agent, settings(tmp_path), **dead) as web:
        token = web.token()
        assert [ask(web, token, str(number)).status_code for number in range(3)] == [200, 200, 429]
