"""The turn runner that all channels share: order, time, alarms, and what is left behind."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage
from web_server import FakeAgent, answer, answer_text, say

from addons.channels import _failsafe
from addons.channels._failsafe import Failsafe
from addons.channels._replies import Collector
from addons.channels._text import clean_text
from addons.channels._turns import Incoming, TurnRunner
from addons.reader_data import StoreUnavailable, reader_data
from healthqa.answer import DISCLAIMER

ALARMING = "I have crushing chest pain and cannot breathe"


class Output(Collector):
    @classmethod
    def name(cls) -> str:
        return "test"


@pytest.fixture(scope="module")
def failsafe() -> Failsafe:
    made = Failsafe()
    made.prepare()
    return made


def runner(failsafe: Failsafe, timeout: float = 2.0, alarm_timeout: float = 0.5) -> TurnRunner:
    return TurnRunner(failsafe, Output, timeout, alarm_timeout)


async def answer_it(message: UserMessage) -> None:
    await say(message, answer_text(), answer=answer())


def agent_with(folder: Path, script: Callable[[UserMessage], Awaitable[None]]) -> FakeAgent:
    agent = FakeAgent(folder)
    agent.script = script
    return agent


def stored_texts(agent: FakeAgent, sender: str = "a") -> list[Any]:
    tracker = asyncio.run(agent.tracker_store.retrieve_full_tracker(sender))
    return [event.text for event in tracker.events if getattr(event, "text", None)] if tracker else []


def test_messages_of_a_conversation_are_answered_in_order_and_others_at_once(
    failsafe: Failsafe, tmp_path: Path
) -> None:
    async def slow_first(message: UserMessage) -> None:
        await asyncio.sleep(0.4 if message.text == "first" else 0)
        await say(message, message.text, metadata={"kind": "smalltalk"})

    agent, order = agent_with(tmp_path, slow_first), []

    async def run() -> None:
        turns = runner(failsafe)

        async def one(sender: str, text: str) -> None:
            await turns.run(Incoming(sender, text), agent.handle_message, agent)
            order.append(text)

        first = asyncio.ensure_future(one("a", "first"))
        await asyncio.sleep(0.1)
        await asyncio.gather(first, one("a", "second"), one("b", "other"))

    asyncio.run(run())
    assert order == ["other", "first", "second"]


def test_waiting_for_earlier_turns_counts_as_time(failsafe: Failsafe, tmp_path: Path) -> None:
    async def hang(message: UserMessage) -> None:
        await asyncio.sleep(30)

    agent = agent_with(tmp_path, hang)

    async def run() -> list[Any]:
        turns = runner(failsafe, timeout=0.5)
        return await asyncio.gather(*(turns.run(Incoming("a", str(n)), agent.handle_message, agent) for n in range(4)))

    begin = time.monotonic()
    results = asyncio.run(run())
    assert time.monotonic() - begin < 3, "each waited for the one before"
    assert all(result.failed and result.messages[0].text.endswith(DISCLAIMER) for result in results)
    assert stored_texts(agent) == []


def test_alarm_replaces_a_passage_and_is_stored_for_the_history(failsafe: Failsafe, tmp_path: Path) -> None:
    agent = agent_with(tmp_path, answer_it)
    result = asyncio.run(runner(failsafe).run(Incoming("a", ALARMING), agent.handle_message, agent))
    (shown,) = result.messages
    assert result.alarm and shown.is_alarm and "Source:" not in shown.text
    assert stored_texts(agent) == [ALARMING, answer_text(), shown.text]


def test_assistants_own_alarm_stands_alone_even_when_the_turn_fails_afterwards(
    failsafe: Failsafe, tmp_path: Path
) -> None:
    async def alarm_and_more(message: UserMessage) -> None:
        await say(message, answer_text(), answer=answer())
        await say(message, f"Call 999 now.\n{DISCLAIMER}", answer=answer("emergency"))
        raise RuntimeError

    agent = agent_with(tmp_path, alarm_and_more)
    result = asyncio.run(runner(failsafe).run(Incoming("a", "nothing special"), agent.handle_message, agent))
    assert [message.text for message in result.messages] == [f"Call 999 now.\n{DISCLAIMER}"]
    assert result.alarm and not result.failed


def test_alarm_is_found_by_plain_words_when_the_thorough_look_hangs(
    failsafe: Failsafe, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()
    monkeypatch.setattr(_failsafe, "_PATIENCE", 0.2)
    monkeypatch.setattr(_failsafe, "_detect", lambda text: let_go.wait(10))
    stuck = Failsafe()
    begin = time.monotonic()
    try:
        assert asyncio.run(asked(stuck, ALARMING)) == "emergency"
        assert asyncio.run(asked(stuck, "can low B12 cause twitching?")) is None
    finally:
        let_go.set()
    assert time.monotonic() - begin < 5


async def asked(failsafe: Failsafe, text: str) -> str | None:
    return await failsafe.find_alarm(text)


def test_alarm_is_found_at_both_ends_of_a_very_long_text(failsafe: Failsafe) -> None:
    filler = "and then I went on with my day as I always do. " * 300
    for text in (f"{ALARMING}. {filler}", f"{filler} {ALARMING}."):
        assert asyncio.run(failsafe.find_alarm(text, thorough=False)) == "emergency"


def test_forgetting_keeps_the_id_usable_where_a_channel_cannot_change_it(failsafe: Failsafe, tmp_path: Path) -> None:
    agent, turns = agent_with(tmp_path, answer_it), runner(failsafe)

    async def run() -> None:
        await turns.run(Incoming("a", "before"), agent.handle_message, agent)
        await turns.forget("a", agent)
        await turns.run(Incoming("a", "after"), agent.handle_message, agent)

    asyncio.run(run())
    assert stored_texts(agent) == ["after", answer_text()]


def test_forgetting_without_a_store_that_can_delete_says_so(failsafe: Failsafe) -> None:
    from rasa.core.agent import Agent

    for agent in (None, Agent()):
        with pytest.raises(StoreUnavailable):
            reader_data(agent)
        with pytest.raises(StoreUnavailable):
            asyncio.run(runner(failsafe).forget("a", agent))


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\x00b\x1b[0m", "ab[0m"),
        ("\u202ea\u200b", "a"),
        (" a\r\nb\u2028c ", "a  b c"),
        ("क्\u200dष 👩\u200d⚕️", "क्\u200dष 👩\u200d⚕️"),
    ],
)
def test_text_is_cleaned(text: str, clean: str) -> None:
    assert clean_text(text) == clean
