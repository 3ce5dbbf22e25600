"""The home tab of the assistant in Slack: what it can do, how to ask, where the words go."""

from __future__ import annotations

from typing import Any

from slack_sdk.models.blocks import DividerBlock, HeaderBlock
from slack_sdk.models.views import View

from addons.channels._failsafe import log_failure
from addons.channels._slack_render import blocks_of
from healthqa.answer import DISCLAIMER, one_block
from healthqa.errors import HealthQAError
from healthqa.settings import Settings
from healthqa.texts import Texts

__all__ = ["home_view"]

_TITLE = "Questions about your health"
_USE = """\
• Write to me under Messages. That is between you and me.
• In a channel mention me, and I answer in the thread. Others read along there.
• /healthqa and your question: only you see it and the answer, wherever you are."""
_PRIVACY = (
    "Messages pass through Slack's servers and are stored by whoever runs this assistant: please leave out names and "
    'personal details. Every thread is a conversation of its own. In each you can ask "what do you know about me" or '
    'say "forget me". That deletes what is stored here; the messages in Slack are yours to delete.'
)
# Used when the file with the fixed texts cannot be read.
_NOTICE = "This is an automated assistant, not a doctor. In an emergency, call your local emergency number."
_HELP = "I find the part of the publisher's articles that answers your question and show it with its source."


def home_view(settings: Settings) -> dict[str, Any]:
    """Return the view for `views.publish`. Raises nothing: without the fixed texts it has words of its own."""
    notice, help_text = _texts(settings)
    divider = DividerBlock().to_dict()
    blocks = [_header(_TITLE), *blocks_of([notice, *help_text.splitlines()]), divider]
    blocks += [_header("How to ask"), *blocks_of(_USE.splitlines())]
    blocks += [_header("Your words"), *blocks_of([_PRIVACY]), divider, *blocks_of([DISCLAIMER])]
    return dict(View(type="home", blocks=blocks).to_dict())


def _header(text: str) -> dict[str, Any]:
    return dict(HeaderBlock(text=text).to_dict())


def _texts(settings: Settings) -> tuple[str, str]:
    try:
        texts = Texts.load(settings.responses_path)
        return one_block(texts.get("utter_notice")), one_block(texts.get("utter_help"))
    except (HealthQAError, KeyError, OSError) as error:
        log_failure("slack: the fixed texts cannot be read, the home tab has own words", error)
        return _NOTICE, _HELP
