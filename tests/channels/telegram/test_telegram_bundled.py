"""Each defect of Rasa's own Telegram channel: the same check fails on it and passes on ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import rasa.core.channels.telegram as bundled
from aiogram.bot.api import TelegramAPIServer
from aiogram.utils.exceptions import WebhookRequireHTTPS
from channel_server import ChannelServer
from rasa.shared.exceptions import RasaException
from telegram_api import TOKEN, BotApi, Refused
from telegram_defects import DEFECTS, World, flood_of_messages
from telegram_people import People
from telegram_server import TelegramServer
from web_server import FakeAgent, echo


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    agent = FakeAgent()
    with BotApi() as api, TelegramServer(agent, api, tmp_path_factory.mktemp("telegram")) as server:
        server.on()
        yield World(api, agent, api.webhook["url"])


@pytest.fixture(scope="module")
def rasas() -> Iterator[World]:
    agent = FakeAgent()
    patch = pytest.MonkeyPatch()
    with BotApi() as api:

        class LocalOutput(bundled.TelegramOutput):
            """Rasa's own, which can speak to Telegram's address only, with the local one."""

            def __init__(self, access_token: str) -> None:
                super().__init__(access_token)
                self.server = TelegramAPIServer.from_base(api.address)

            async def set_webhook(self, url: str) -> bool:
                # aiohttp keeps the loop of the first call, and that one ends: a session for each call, as at a restart.
                result = await super().set_webhook(url)
                await self.session.close()
                return result

        patch.setattr(bundled, "TelegramOutput", LocalOutput)
        channel = bundled.TelegramInput(TOKEN, "AskB12Bot", "http://127.0.0.1/webhook")
        with ChannelServer(agent, channel) as server:
            yield World(api, agent, f"{server.root}/webhooks/telegram/webhook")
    patch.undo()


def _fresh(world: World) -> World:
    world.people = People(world.api)
    world.agent.script = echo
    world.agent.heard.clear()
    world.api.queries.clear()
    return world


@pytest.mark.parametrize("check", DEFECTS, ids=lambda check: check.__name__)
def test_our_channel_is_free_of(ours: World, check: Callable[[World], None]) -> None:
    check(_fresh(ours))


@pytest.mark.parametrize("check", DEFECTS, ids=lambda check: check.__name__)
def test_rasas_channel_suffers_from(rasas: World, check: Callable[[World], None]) -> None:
    with pytest.raises((AssertionError, IndexError)):
        check(_fresh(rasas))


def test_rasas_channel_answers_at_all(rasas: World) -> None:
    """Else the tests above would show nothing."""
    _fresh(rasas).say("hello")
    assert [sent["text"] for sent in rasas.shown()] == ["heard: hello"]


def test_rate_limit_is_ours_alone(rasas: World, tmp_path: Path) -> None:
    with BotApi() as api, TelegramServer(FakeAgent(), api, tmp_path, rate_limit="20/minute") as server:
        server.on()
        limited = World(api, server.agent, api.webhook["url"])
        flood_of_messages(limited)
    with pytest.raises(AssertionError):
        flood_of_messages(_fresh(rasas))


def test_webhook_that_cannot_be_set_ends_rasas_server_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = Refused(400, "Bad Request: bad webhook: HTTPS url must be provided for webhook")
    with BotApi() as api:
        api.planned["setWebhook"] = [refusal]
        with TelegramServer(FakeAgent(), api, tmp_path) as server:
            assert server.rest_works()

    async def refuse(*_: object, **__: object) -> None:
        raise WebhookRequireHTTPS(str(refusal))

    monkeypatch.setattr(bundled.TelegramOutput, "set_webhook", refuse)
    with pytest.raises(RasaException, match="Failed to set channel webhook"):
        bundled.TelegramInput(TOKEN, "AskB12Bot", "http://127.0.0.1/webhook").blueprint(None)
