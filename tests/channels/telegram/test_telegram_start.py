"""The start of the channel: token, webhook, long polling, and that nothing of it stops the server."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import pytest
import requests
from channel_server import wait_for_log
from rasa.shared.exceptions import RasaException
from telegram_api import DOWN, TOKEN, BotApi, Refused, flood
from telegram_people import People
from telegram_server import TelegramServer
from web_server import FakeAgent, settings

from addons.channels._telegram_settings import TelegramSettings
from addons.channels.telegram import TelegramInput


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def test_webhook_is_set_with_a_secret_and_the_updates_that_matter(tmp_path: Path) -> None:
    with BotApi() as api, TelegramServer(FakeAgent(), api, tmp_path) as server:
        server.on()
        assert api.webhook["url"].endswith("/webhooks/telegram/webhook")
        assert len(api.webhook["secret_token"]) == 64
        assert TOKEN not in str(api.webhook)
        assert api.webhook["allowed_updates"] == '["message","edited_message","callback_query"]'
        commands = api.made("setMyCommands")[0]["commands"]
        assert [name in commands for name in ("start", "help", "forget")] == [True] * 3


@pytest.mark.parametrize("token", ["123456:wrong", "nonsense", "12:3 4"])
def test_wrong_token_is_one_line_and_the_server_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, token: str
) -> None:
    with BotApi() as api, TelegramServer(FakeAgent(), api, tmp_path, telegram_token=token) as server:
        record = wait_for_log(caplog, "telegram: off:")
        assert "HEALTHQA_TELEGRAM_TOKEN" in record.getMessage()
        assert record.levelno == logging.ERROR
        assert server.rest_works()
        time.sleep(0.2)
        assert len([name for name, _, _ in api.calls]) <= 1
        lines = [record for record in caplog.records if record.getMessage().startswith("telegram")]
        assert len(lines) == 1
    assert token not in caplog.text


@pytest.mark.parametrize("credentials", [None, {}, {"token": None, "mode": "polling"}])
def test_missing_token_switches_the_channel_off_with_one_line(
    credentials: dict[str, object] | None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HEALTHQA_TELEGRAM_TOKEN", raising=False)
    routes = TelegramInput.from_credentials(credentials).blueprint(None)
    assert not routes._future_routes
    (record,) = [record for record in caplog.records if "telegram" in record.getMessage()]
    assert record.getMessage().startswith("telegram: off: HEALTHQA_TELEGRAM_TOKEN is not set")


def test_token_comes_from_the_environment_and_is_never_shown(tmp_path: Path) -> None:
    core = settings(tmp_path, telegram_token=TOKEN)
    telegram = TelegramSettings.from_credentials({}, core)
    assert telegram.token == TOKEN
    assert TOKEN not in repr(core) + repr(telegram) + str(core)
    assert telegram.webhook_url == "http://127.0.0.1:5005/webhooks/telegram/webhook"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"verify": "x"}, "unknown key 'verify'"),
        ({"token": TOKEN}, "'token' does not belong into a file. .*HEALTHQA_TELEGRAM_TOKEN"),
        ({"redis_url": "localhost:6379"}, "'redis_url' cannot be used"),
        ({"mode": "push"}, "webhook or polling"),
        ({"timeout": "soon"}, "number above 0"),
        ({"rate_limit": "many"}, "20/minute"),
        ({"webhook_url": "example.org"}, "https://"),
        ({"api_server": "api"}, "https://"),
    ],
)
def test_setting_that_cannot_be_used_is_named(tmp_path: Path, given: dict[str, object], words: str) -> None:
    with pytest.raises(RasaException, match=f"credentials.yml, telegram channel: .*{words}") as raised:
        TelegramSettings.from_credentials(given, settings(tmp_path))
    assert TOKEN not in str(raised.value)


def test_webhook_that_telegram_refuses_is_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with BotApi() as api:
        api.planned["setWebhook"] = [Refused(400, "Bad Request: bad webhook: HTTPS url must be provided for webhook")]
        with TelegramServer(FakeAgent(), api, tmp_path) as server:
            assert "https" in wait_for_log(caplog, "telegram: Telegram refuses the webhook").getMessage().lower()
            assert server.rest_works()


def test_start_waits_for_telegram_as_long_as_it_is_away(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with BotApi() as api:
        api.planned["getMe"] = [DOWN, DOWN, "<html>"]
        api.planned["setWebhook"] = [flood(1)]
        with TelegramServer(FakeAgent(), api, tmp_path) as server:
            assert server.on().say("hello")["text"].endswith("heard: hello")
        (warning,) = [r.getMessage() for r in caplog.records if "trying again" in r.getMessage()]
        assert "cannot be reached" in warning
    assert TOKEN not in caplog.text


def test_polling_answers_and_confirms(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    agent = FakeAgent()
    with BotApi() as api:
        with TelegramServer(agent, api, tmp_path, mode="polling"):
            people = People(api)
            wait_for_log(caplog, "https://t.me/AskB12Bot")
            first, second = people.message("one"), people.message("two")
            api.queue += [first, second]
            api.wait(lambda: len(people.seen()) == 2)
            # A repeat, and one that comes late.
            api.queue += [{**second}, people.message("three")]
            api.wait(lambda: len(people.seen()) == 3)
        assert [message.text for message in agent.heard] == ["one", "two", "three"]
        # At the end the last one is confirmed too: the next start does not answer it again.
        assert api.confirmed == max(update["update_id"] for update in (first, second)) + 2 + 1
        assert not api.made("setWebhook")


def test_polling_serves_no_webhook(tmp_path: Path) -> None:
    with BotApi() as api, TelegramServer(FakeAgent(), api, tmp_path, mode="polling") as server:
        response = requests.post(f"{server.root}/webhooks/telegram/webhook", json={}, timeout=10)
        assert response.status_code == 404


def test_polling_goes_on_after_failures_and_another_program(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    conflict = Refused(409, "Conflict: terminated by other getUpdates request; make sure that only one bot is running")
    with BotApi() as api:
        api.planned["getUpdates"] = [conflict, DOWN, DOWN]
        with TelegramServer(FakeAgent(), api, tmp_path, mode="polling"):
            people = People(api)
            api.queue.append(people.message("one"))
            api.wait(lambda: people.seen(), 15)
    assert "another program fetches the updates" in caplog.text


def test_polling_does_not_take_a_webhook_away(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with BotApi() as api:
        api.webhook = {"url": "https://www.example.org/webhooks/telegram/webhook"}
        with TelegramServer(FakeAgent(), api, tmp_path, mode="polling"):
            assert "--remove-webhook" in wait_for_log(caplog, "telegram: off:").getMessage()
        assert not api.made("deleteWebhook")
        assert not api.made("getUpdates")


def test_answers_on_their_way_are_sent_before_the_end(tmp_path: Path) -> None:
    import asyncio

    from web_server import echo

    async def slow(message: object) -> None:
        await asyncio.sleep(0.6)
        await echo(message)

    agent = FakeAgent()
    agent.script = slow
    with BotApi() as api:
        with TelegramServer(agent, api, tmp_path) as server:
            people = server.on()
            people.deliver(people.message("good night"))
        assert people.seen()[-1]["text"].endswith("heard: good night")
