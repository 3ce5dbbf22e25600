"""The trained assistant behind web, Telegram and Slack at once: the same passage, and the commands of each."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import slack_api
import telegram_api
import yaml
from slack_api import SlackApi, buttons, shown
from slack_people import SECRET
from slack_people import People as SlackPeople
from slack_server import no_proxies
from telegram_api import BotApi
from telegram_people import People as TelegramPeople

from healthqa.answer import DISCLAIMER, SOURCE_PREFIX
from tests.e2e.conftest import Servers, stored_bytes
from tests.e2e.test_web import Chat

pytestmark = pytest.mark.slow

QUESTION = "can low B12 cause twitching?"
EMERGENCY = "I have crushing chest pain and cannot breathe"


class ChannelServers(Servers):
    """The servers with the committed production channels, which speak to Telegram and Slack on this machine."""

    def add_channels(self, telegram: BotApi, slack: SlackApi) -> None:
        given = yaml.safe_load((self.project / "deploy" / "credentials.production.yml").read_text(encoding="utf-8"))
        given["rest"] = None
        given["addons.channels.web.WebInput"].pop("secret")
        given["addons.channels.telegram.TelegramInput"] |= {
            "api_server": telegram.address,
            "webhook_url": f"{self.url}/webhooks/telegram/webhook",
        }
        given["addons.channels.slack.SlackInput"] |= {"api_url": slack.api_url}
        self.credentials.write_text(yaml.safe_dump(given), encoding="utf-8")

    @property
    def credentials(self) -> Path:
        return self.folder / "channels.yml"

    def _start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        given = [str(self.credentials) if part == "credentials.yml" else part for part in command]
        return super()._start(name, given)


@dataclass
class Everywhere:
    """One server and the platforms around it."""

    servers: Servers
    telegram: BotApi
    slack: SlackApi

    def slack_person(self) -> SlackPeople:
        return SlackPeople(self.slack, self.servers.url)


@pytest.fixture(scope="module")
def everywhere(trained_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everywhere]:
    running = ChannelServers(trained_project, tmp_path_factory.mktemp("channels"))
    with pytest.MonkeyPatch.context() as patch, BotApi() as telegram, SlackApi() as slack:
        no_proxies(patch)
        patch.setenv("HEALTHQA_TELEGRAM_TOKEN", telegram_api.TOKEN)
        patch.setenv("HEALTHQA_SLACK_TOKEN", slack_api.TOKEN)
        patch.setenv("HEALTHQA_SLACK_SIGNING_SECRET", SECRET)
        running.add_channels(telegram, slack)
        try:
            running.start()
            telegram.wait(lambda: telegram.webhook["url"], 60)
            yield Everywhere(running, telegram, slack)
        finally:
            running.stop()


def asked(everywhere: Everywhere, text: str) -> dict[str, str]:
    """What newcomers see: one message on each channel."""
    person = TelegramPeople(everywhere.telegram)
    (web,) = Chat(everywhere.servers).say(text)
    (telegram,) = person.replies(person.message(text))
    (slack,) = everywhere.slack_person().say(text)
    return {"web": web["text"], "telegram": telegram["text"], "slack": shown(slack)}


def test_same_question_gets_the_same_passage_source_and_disclaimer(everywhere: Everywhere) -> None:
    texts = asked(everywhere, QUESTION)
    lines = texts["web"].splitlines()
    source = next(number for number, line in enumerate(lines) if line.startswith(SOURCE_PREFIX))
    passage = lines[source - 1]
    assert len(passage.split()) > 5
    for channel, text in texts.items():
        shown_lines = text.splitlines()
        assert passage in shown_lines and lines[source] in shown_lines, channel
        assert shown_lines[-1] == DISCLAIMER, channel
        assert "automated assistant" in text, channel
    assert "Telegram's servers" in texts["telegram"] and "Slack's servers" in texts["slack"]


def test_alarm_is_the_same_everywhere(everywhere: Everywhere) -> None:
    texts = asked(everywhere, EMERGENCY)
    assert len({text.splitlines()[0].strip("*") for text in texts.values()}) == 1, texts
    for channel, text in texts.items():
        assert text.splitlines()[-1] == DISCLAIMER and SOURCE_PREFIX not in text, channel


def test_commands_of_telegram_reach_the_assistant(everywhere: Everywhere) -> None:
    person, secret = TelegramPeople(everywhere.telegram), "ukuleleflamingo"
    assert "automated" in person.say("/start")["text"]
    assert "twitch" in person.say("/help")["text"].lower()
    person.say(f"can low b12 cause {secret}?")
    assert secret.encode() in stored_bytes(everywhere.servers.data)
    question = person.say("/forget")
    titles = [row[0]["text"] for row in question["markup"]["inline_keyboard"]]
    (done,) = person.replies(person.press(question, next(n for n, title in enumerate(titles) if "Yes" in title)))
    assert "deleted" in done["text"]
    assert secret.encode() not in stored_bytes(everywhere.servers.data)


def test_command_of_slack_reaches_the_assistant(everywhere: Everywhere) -> None:
    person, secret = everywhere.slack_person(), "banjopelican"
    sent = everywhere.slack.messages

    def command(text: str) -> dict[str, object]:
        before = len(sent)
        assert person.command(text).status_code == 200
        return person.next(before)[0]

    assert "twitch" in shown(command("")).lower()
    command(f"can low b12 cause {secret}?")
    assert secret.encode() in stored_bytes(everywhere.servers.data)
    question = command("forget")
    yes = next(button for button in buttons(question) if "Yes" in button["text"]["text"])
    before = len(sent)
    person.press(question, yes)
    done = person.next(before)[0]
    assert "deleted" in shown(done) and done["user"] == person.user
    assert secret.encode() not in stored_bytes(everywhere.servers.data)
