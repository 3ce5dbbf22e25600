"""Two constants of Rasa's calls to the action server that no setting reaches: how long it waits, how it checks.

Rasa waits 300 s for an action, in which the reader sees nothing, and compiles one constant JSON schema anew for each
reply (17 ms of a 40 ms turn). Both are set here, once, in the process that serves.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import rasa.core.actions.action as rasa_action
from jsonschema import Draft7Validator, ValidationError

__all__ = ["ACTION_SECONDS", "tune_action_calls"]

# A reader waits a few seconds; our slowest action takes well under one.
ACTION_SECONDS = 8


def tune_action_calls(seconds: int = ACTION_SECONDS) -> None:
    """Let Rasa wait `seconds` for an action, and keep the compiled schema. Calling it again changes nothing more."""
    rasa_action.DEFAULT_REQUEST_TIMEOUT = seconds
    rasa_action.RemoteAction._validate_action_result = _validate_action_result


@lru_cache(maxsize=1)
def _validator() -> Draft7Validator:
    return Draft7Validator(rasa_action.RemoteAction.action_response_format_spec())


def _validate_action_result(self: rasa_action.RemoteAction, result: dict[str, Any]) -> bool:
    """Check an action's reply as Rasa does.

    :raises ValidationError: for a reply of another form; it names the place, not the content.
    """
    error = next(_validator().iter_errors(result), None)
    if error is not None:
        place = "/".join(str(part) for part in error.absolute_path)
        raise ValidationError(f"The action server's reply is not valid at `{place}`.")
    return True
