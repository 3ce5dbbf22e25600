"""Serves readers in Telegram from a machine without a public address: `python -m scripts.telegram`.

Checks the token and the bot's webhook first, then does what `make run` does; the channel itself fetches the messages.
`--status` tells how the bot stands with Telegram, `--remove-webhook` lets updates be fetched again.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

from healthqa.errors import SettingsError
from healthqa.settings import Settings
from scripts import serve

__all__ = ["TelegramError", "call", "main"]

SECONDS = 15
DOCS = "docs/channels/telegram.md"


class TelegramError(Exception):
    """Telegram cannot be asked, or refuses; the text says what to do and never holds the token."""


def call(server: str, token: str, method: str) -> Any:  # noqa: ANN401 - what the method returns, as JSON
    """Call a method of the Bot API that needs no parameters.

    :param server: address of the Bot API.
    :raises TelegramError: when it fails.
    """
    # The address holds the token, and so may an error of this library: its text is not passed on.
    try:
        with urllib.request.urlopen(f"{server}/bot{token}/{method}", timeout=SECONDS) as response:
            return json.load(response)["result"]
    except urllib.error.HTTPError as error:
        if error.code in (401, 404):
            raise TelegramError(f"Telegram does not know the token in HEALTHQA_TELEGRAM_TOKEN. See {DOCS}.") from None
        raise TelegramError(f"Telegram refuses {method} (status {error.code}). Try again in a minute.") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise TelegramError(f"{server} cannot be reached from here. Is there a way to the internet?") from None


def _token() -> str:
    token = Settings.from_env().telegram_token
    if not token:
        raise TelegramError(
            "HEALTHQA_TELEGRAM_TOKEN is not set. Ask @BotFather in Telegram for a bot (/newbot), then call:\n"
            f"  HEALTHQA_TELEGRAM_TOKEN=123456:ABC-DEF make telegram\nStep by step: {DOCS}"
        )
    if any(char.isspace() or char in "/?#" for char in token):
        raise TelegramError("HEALTHQA_TELEGRAM_TOKEN is no token of a bot: it looks like 123456:ABC-DEF.")
    return token


def _status(server: str, token: str) -> str:
    me, webhook = call(server, token, "getMe"), call(server, token, "getWebhookInfo")
    lines = [
        f"Bot: @{me['username']} (https://t.me/{me['username']})",
        f"Sees all messages of its groups: {'yes' if me.get('can_read_all_group_messages') else 'no (privacy mode)'}",
        f"Webhook: {webhook.get('url') or 'none: updates are fetched (polling)'}",
        f"Updates that wait: {webhook.get('pending_update_count', 0)}",
    ]
    if webhook.get("last_error_message"):
        lines.append(f"Last error of the webhook: {webhook['last_error_message']}")
    return "\n".join(lines)


def _check_for_polling(server: str, token: str) -> str:
    """Return the bot's name.

    :raises TelegramError: when updates cannot be fetched.
    """
    me = call(server, token, "getMe")
    if call(server, token, "getWebhookInfo").get("url"):
        raise TelegramError(
            f"@{me['username']} has a webhook, so Telegram sends its messages to another server. "
            "To fetch them here, and no longer there, remove it: .venv/bin/python -m scripts.telegram --remove-webhook"
        )
    return str(me["username"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.telegram", description="Serve readers in Telegram.")
    parser.add_argument("--status", action="store_true", help="tell how the bot stands with Telegram, and end")
    parser.add_argument("--remove-webhook", action="store_true", help="let updates be fetched again, and end")
    parser.add_argument("--api-server", default="https://api.telegram.org", help="address of the Bot API")
    options = parser.parse_args(arguments)
    server = options.api_server.rstrip("/")
    try:
        token = _token()
        if options.remove_webhook:
            call(server, token, "deleteWebhook")
            print("Removed. Start with: make telegram")
        elif options.status:
            print(_status(server, token))
        else:
            print(f"Telegram knows the token: this is @{_check_for_polling(server, token)}.", flush=True)
            return serve.main()
    except (TelegramError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
