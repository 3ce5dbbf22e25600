"""Is the server there, and can it answer?"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from sanic import Sanic

from healthqa.index_store import current_version
from healthqa.settings import Settings

__all__ = ["readiness"]

_PATIENCE = aiohttp.ClientTimeout(total=1.0)


async def readiness(app: Sanic, settings: Settings) -> dict[str, Any]:
    """Return `ready` and what it is made of: the model, the action server, the version of the index."""
    agent = getattr(app.ctx, "agent", None)
    model = agent is not None and agent.is_ready()
    actions = await _answers(getattr(getattr(agent, "action_endpoint", None), "url", None))
    index = await asyncio.get_running_loop().run_in_executor(None, _index_version, settings)
    return {"ready": bool(model and actions and index), "model": bool(model), "actions": actions, "index": index}


async def _answers(action_url: str | None) -> bool:
    """Return whether the action server says that it is healthy."""
    if not action_url:
        return False
    parts = urlsplit(action_url)
    try:
        async with aiohttp.ClientSession(timeout=_PATIENCE) as session:
            async with session.get(f"{parts.scheme}://{parts.netloc}/health") as response:
                return response.status == 200
    except (aiohttp.ClientError, asyncio.TimeoutError, ValueError):
        return False


def _index_version(settings: Settings) -> str | None:
    return current_version(settings.index_dir) or None
