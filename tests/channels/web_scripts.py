"""What a scripted bot does with a message: answer, say nothing, hang, crash."""

from __future__ import annotations

import asyncio

from rasa.core.channels.channel import UserMessage
from web_server import answer, answer_text, say


async def nothing(message: UserMessage) -> None:
    """A turn in which the action server is down: Rasa says nothing."""


async def hang(message: UserMessage) -> None:
    await asyncio.sleep(30)


async def crash(message: UserMessage) -> None:
    raise RuntimeError(f"broken while reading: {message.text}")


async def reply(message: UserMessage) -> None:
    await say(message, answer_text(), answer=answer())
