"""The start of the channel: its settings, its secrets, who it is at Slack; and the app manifest."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from channel_server import wait_for_log
from rasa.shared.exceptions import RasaException
from slack_api import TOKEN, Refused, SlackApi, shown
from slack_people import SECRET
from slack_server import SlackServer, quick
from web_server import ROOT, FakeAgent, settings

from addons.channels._slack_connection import SCOPES, Connection
from addons.channels._slack_settings import SlackSettings
from addons.channels.slack import SlackInput
from healthqa.settings import Settings

KEYS = {"slack_token": TOKEN, "slack_signing_secret": SECRET}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlackApi]:
    quick(monkeypatch)
    with SlackApi() as served:
        yield served


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.getMessage().startswith("slack:")]


def test_channel_says_who_it_is(api: SlackApi, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with SlackServer(FakeAgent(), api, tmp_path):
        wait_for_log(caplog, "slack: on: @healthqa in the workspace Publisher")


@pytest.mark.parametrize("error", ["invalid_auth", "account_inactive", "token_revoked"])
def test_wrong_token_is_told_once_and_the_other_channels_go_on(
    api: SlackApi, tmp_path: Path, caplog: pytest.LogCaptureFixture, error: str
) -> None:
    caplog.set_level(logging.DEBUG)
    api.planned["auth.test"] = [Refused(error)]
    with SlackServer(FakeAgent(), api, tmp_path) as server:
        record = wait_for_log(caplog, "slack: off: Slack does not take the token")
        assert record.levelno == logging.ERROR
        assert error in record.getMessage() and "HEALTHQA_SLACK_TOKEN" in record.getMessage()
        someone = server.person()
        assert someone.deliver(someone.message("hello")).status_code == 503
        assert requests.get(f"{server.root}/webhooks/rest/", timeout=5).status_code == 200
    assert len(logged(caplog)) == 1
    assert TOKEN not in caplog.text and SECRET not in caplog.text


@pytest.mark.parametrize(
    ("given", "words", "level"),
    [
        (
            {"slack_token": "", "slack_signing_secret": ""},
            "slack: off: HEALTHQA_SLACK_TOKEN and HEALTHQA_SLACK_SIGNING_SECRET are not set",
            logging.INFO,
        ),
        ({"slack_token": ""}, "slack: off: HEALTHQA_SLACK_TOKEN is not set", logging.WARNING),
        ({"slack_signing_secret": ""}, "slack: off: HEALTHQA_SLACK_SIGNING_SECRET is not set", logging.WARNING),
        ({"slack_token": "xoxp-a-person"}, "HEALTHQA_SLACK_TOKEN is no Bot User OAuth Token", logging.ERROR),
    ],
    ids=["nothing", "no token", "no secret", "token of a person"],
)
def test_channel_without_its_secrets_is_off_and_says_so_in_one_line(
    api: SlackApi,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    given: dict[str, str],
    words: str,
    level: int,
) -> None:
    caplog.set_level(logging.INFO)
    with SlackServer(FakeAgent(), api, tmp_path, **given) as server:
        record = wait_for_log(caplog, words)
        assert record.levelno == level
        assert requests.post(f"{server.root}/webhooks/slack/webhook", timeout=5).status_code == 404
        assert requests.get(f"{server.root}/webhooks/rest/", timeout=5).status_code == 200
    assert len(logged(caplog)) == 1
    assert api.calls == []
    assert "a-person" not in caplog.text


def test_slack_out_of_reach_is_told_once_and_tried_again(
    api: SlackApi, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(Connection.__init__, "__defaults__", (0.05,))
    api.planned["auth.test"] = [Refused("<html>", 503), Refused("internal_error")] * 4
    with SlackServer(FakeAgent(), api, tmp_path) as server:
        wait_for_log(caplog, "slack: on:")
        someone = server.person()
        assert "hello" in shown(someone.say("hello")[0])
    texts = logged(caplog)
    assert len([text for text in texts if "cannot be reached" in text]) == 1
    assert "slack: reached again" in texts


def test_answers_while_slack_has_not_told_who_we_are(
    api: SlackApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.planned["auth.test"] = [0.9]
    with SlackServer(FakeAgent(), api, tmp_path) as server:
        someone = server.person()
        assert "heard: hello" in shown(someone.ask(someone.mention("hello"))[0])
        assert "heard: bye" in shown(someone.say("bye")[0])


def test_missing_scopes_are_named(api: SlackApi, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    api.scopes = "chat:write,im:history,commands"
    with SlackServer(FakeAgent(), api, tmp_path):
        record = wait_for_log(caplog, "lacks the scopes")
    assert "app_mentions:read, channels:history, groups:history, mpim:history;" in record.getMessage()


def test_secrets_and_words_are_never_logged(api: SlackApi, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("aiohttp.access", "sanic.access"):
        logging.getLogger(name).setLevel(logging.WARNING)
    with SlackServer(FakeAgent(), api, tmp_path) as server:
        someone = server.person()
        api.planned["chat.postMessage"] = [
            Refused("ratelimited", 429, **{"Retry-After": "0"}),
            Refused("invalid_blocks"),
        ]
        someone.say("my secret worry")
        before = len(api.messages)
        someone.command("my secret worry")
        someone.next(before)
    ours = [record for record in caplog.records if record.name.startswith(("addons", "slack_sdk"))]
    assert "secret worry" not in "\n".join(record.getMessage() for record in ours)
    for secret in (TOKEN, SECRET, "/response/"):
        assert secret not in caplog.text


def test_answers_on_their_way_are_finished_when_the_server_stops(api: SlackApi, tmp_path: Path) -> None:
    async def slowly(message: Any) -> None:
        from web_server import echo

        await asyncio.sleep(0.4)
        await echo(message)

    agent = FakeAgent()
    agent.script = slowly
    with SlackServer(agent, api, tmp_path) as server:
        someone = server.person()
        someone.deliver(someone.message("hello"))
    assert "heard: hello" in shown(api.messages[0])


def test_secrets_come_from_the_environment(tmp_path: Path) -> None:
    core = Settings.from_env(
        {"HEALTHQA_ROOT": str(ROOT), "HEALTHQA_SLACK_TOKEN": f" {TOKEN}\n", "HEALTHQA_SLACK_SIGNING_SECRET": SECRET}
    )
    slack = SlackSettings.from_credentials(None, core)
    assert (slack.token, slack.signing_secret) == (TOKEN, SECRET)
    assert TOKEN not in repr(core) + repr(slack) and SECRET not in repr(core) + repr(slack)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"token": "xoxb-1"}, "HEALTHQA_SLACK_TOKEN"),
        ({"signing_secret": "s"}, "HEALTHQA_SLACK_SIGNING_SECRET"),
        ({"slack_token": "xoxb-1"}, "unknown key 'slack_token'"),
        ({"timeout": "soon"}, "'timeout' is 'soon'"),
        ({"alarm_timeout": 0}, "'alarm_timeout' is 0"),
        ({"conversation_limit": "often"}, "'conversation_limit' is 'often'"),
        ({"user_limit": "20"}, "'user_limit' is '20'"),
        ({"api_url": "slack.com"}, "'api_url' is 'slack.com'"),
        ({"redis_url": "http://127.0.0.1:6379"}, "'redis_url' cannot be used"),
    ],
)
def test_setting_that_cannot_be_used_is_named(tmp_path: Path, given: dict[str, Any], words: str) -> None:
    with pytest.raises(RasaException, match=words) as raised:
        SlackSettings.from_credentials(given, settings(tmp_path, **KEYS))
    assert "credentials.yml, slack channel" in str(raised.value)
    assert TOKEN not in str(raised.value)


@pytest.mark.parametrize("name", ["credentials.yml", "deploy/credentials.production.yml"])
def test_committed_credentials_can_be_used(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / name).read_text()
    block = yaml.safe_load(text)["addons.channels.slack.SlackInput"]
    assert SlackInput.from_credentials(block).name() == "slack"


def test_manifest_asks_for_what_the_channel_uses() -> None:
    manifest = yaml.safe_load((ROOT / "deploy" / "slack-manifest.yml").read_text())
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == SCOPES
    config = manifest["settings"]
    assert set(config["event_subscriptions"]["bot_events"]) == {
        "app_home_opened", "app_mention", "message.channels", "message.groups", "message.im", "message.mpim",
    }  # fmt: skip
    (command,) = manifest["features"]["slash_commands"]
    addresses = {command["url"], config["event_subscriptions"]["request_url"], config["interactivity"]["request_url"]}
    assert addresses == {"https://chat.example.org/webhooks/slack/webhook"}
    assert (command["command"], config["interactivity"]["is_enabled"]) == ("/healthqa", True)
    assert manifest["features"]["app_home"] == {
        "home_tab_enabled": True,
        "messages_tab_enabled": True,
        "messages_tab_read_only_enabled": False,
    }
    # Slack refuses what is longer or shorter.
    shown_to_people = manifest["display_information"]
    assert len(shown_to_people["name"]) <= 35 and len(shown_to_people["description"]) <= 140
    assert 174 <= len(shown_to_people["long_description"]) <= 4000
