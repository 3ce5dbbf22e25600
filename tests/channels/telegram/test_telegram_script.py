"""`make telegram`: what it says before it starts the servers."""

from __future__ import annotations

import pytest
from telegram_api import TOKEN, BotApi

from scripts import telegram


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> BotApi:
    monkeypatch.setenv("HEALTHQA_TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setattr(telegram.serve, "main", lambda: 17)
    with BotApi() as served:
        yield served


def test_servers_start_once_the_token_is_known(api: BotApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert telegram.main(["--api-server", api.address]) == 17
    assert "@AskB12Bot" in capsys.readouterr().out


def test_webhook_of_another_server_is_left_alone(api: BotApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.webhook = {"url": "https://www.example.org/webhooks/telegram/webhook"}
    assert telegram.main(["--api-server", api.address]) == 1
    assert "--remove-webhook" in capsys.readouterr().err
    assert telegram.main(["--api-server", api.address, "--remove-webhook"]) == 0
    assert api.webhook["url"] == ""
    assert telegram.main(["--api-server", api.address]) == 17


def test_status_names_bot_and_webhook(api: BotApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert telegram.main(["--api-server", api.address, "--status"]) == 0
    out = capsys.readouterr().out
    assert "https://t.me/AskB12Bot" in out
    assert "polling" in out


@pytest.mark.parametrize(
    ("token", "words"),
    [("", "BotFather"), ("123456:wrong", "does not know the token"), ("12:3 4", "no token"), ("1:2/../x", "no token")],
)
def test_token_that_cannot_be_used_is_explained(
    api: BotApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], token: str, words: str
) -> None:
    monkeypatch.setenv("HEALTHQA_TELEGRAM_TOKEN", token)
    assert telegram.main(["--api-server", api.address]) == 1
    said = capsys.readouterr().err
    assert words in said
    assert not token or token not in said


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "http://[::1"])
def test_telegram_out_of_reach_is_explained(api: BotApi, capsys: pytest.CaptureFixture[str], address: str) -> None:
    assert telegram.main(["--api-server", address]) == 1
    said = capsys.readouterr()
    assert TOKEN not in said.out + said.err
