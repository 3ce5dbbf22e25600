"""Which address counts: `X-Forwarded-For` is believed from trusted proxies only, and never further than they reach."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from sanic.compat import Header

from addons.channels._client_address import ClientAddress, parse_trusted_proxies


def address(trusted: object, peer: str, *forwarded: str) -> str:
    request = SimpleNamespace(ip=peer, headers=Header([("X-Forwarded-For", value) for value in forwarded]))
    return ClientAddress(parse_trusted_proxies(trusted)).of(request)


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "expected"),
    [
        (None, "192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        (0, "192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        (1, "10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        (1, "10.0.0.1", ["1.1.1.1, 198.51.100.7"], "198.51.100.7"),
        (2, "10.0.0.1", ["1.1.1.1, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        (2, "10.0.0.1", ["198.51.100.7"], "10.0.0.1"),
        (1, "10.0.0.1", [], "10.0.0.1"),
        (1, "10.0.0.1", ["nonsense"], "10.0.0.1"),
        (1, "10.0.0.1", ["1.1.1.1", "198.51.100.7"], "198.51.100.7"),
        (["10.0.0.0/8"], "10.0.0.1", ["1.1.1.1, 198.51.100.7, 10.9.9.9"], "198.51.100.7"),
        (["10.0.0.0/8"], "192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        (["10.0.0.0/8"], "10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        (["10.0.0.0/8"], "10.0.0.1", ["198.51.100.7, nonsense"], "10.0.0.1"),
        ("10.0.0.1", "10.0.0.1", ["198.51.100.7:1234"], "198.51.100.7"),
        (["::1"], "::1", ['"[2001:db8:1:2:3::4]:443"'], "2001:db8:1:2::/64"),
        (None, "2001:db8:1:2:ffff::1", [], "2001:db8:1:2::/64"),
        (None, "::ffff:192.0.2.1", [], "192.0.2.1"),
        (["192.0.2.0/24"], "::ffff:192.0.2.1", ["198.51.100.7"], "198.51.100.7"),
        (None, "", [], "unknown"),
    ],
)
def test_address_is_the_last_one_that_no_trusted_proxy_has(
    trusted: object, peer: str, forwarded: list[str], expected: str
) -> None:
    assert address(trusted, peer, *forwarded) == expected


@pytest.mark.parametrize("value", [True, -1, "proxy.example.org", ["10.0.0.0/33"], {"a": 1}, 1.5])
def test_unusable_setting_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        parse_trusted_proxies(value)
