"""What is said when a custom action brought nothing, and when to stop: the server is down, too slow, or broken."""

from __future__ import annotations

from typing import Any

from rasa.core.policies.policy import Policy, PolicyPrediction, confidence_scores_for
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from addons.action_calls import ACTION_SECONDS, tune_action_calls

__all__ = ["ERROR_RESPONSE", "FailedActionPolicy"]

ERROR_RESPONSE = "utter_error"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class FailedActionPolicy(Policy):
    """Predicts `utter_error` after a custom action that left no event behind.

    Rasa logs a failed action call and goes on as if it had succeeded: the reader would see nothing. Our actions
    always leave at least one event, so an action without any has failed. `utter_error` is made in this process and
    carries the disclaimer. It works on every channel, Rasa's own ones too.

    `rasa test` runs no custom actions; its conversations have no session start, and there the policy keeps out.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - handed through to Rasa's class
        super().__init__(*args, **kwargs)
        # An action that hangs is a failed one too; Rasa would wait for five minutes.
        tune_action_calls(int(self.config["action_seconds"]))

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the config.

        `priority` must be above RulePolicy's (6), `listen_confidence` above its `core_fallback_threshold`;
        `action_seconds`: how long an action may take.
        """
        return {"priority": 7, "listen_confidence": 0.35, "action_seconds": ACTION_SECONDS}

    def train(self, training_trackers: list[DialogueStateTracker], domain: Domain, **kwargs: Any) -> Resource:  # noqa: ANN401 - Rasa's signature
        """Learn nothing."""
        return self._resource

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **kwargs: Any,  # noqa: ANN401 - Rasa's signature
    ) -> PolicyPrediction:
        """Predict the error text after a failed action; after any text listening, unless a policy knows better."""
        turn = _turn(tracker)
        scores = self._default_predictions(domain)
        if _has_failed(turn, domain) and ERROR_RESPONSE in domain.action_names_or_texts:
            scores = confidence_scores_for(ERROR_RESPONSE, 1.0, domain)
        elif any(isinstance(event, BotUttered) for event in turn):
            # Just above RulePolicy's fallback: what nobody foresaw ends here instead of being answered again and again.
            scores = confidence_scores_for(ACTION_LISTEN_NAME, float(self.config["listen_confidence"]), domain)
        return self._prediction(scores)


def _turn(tracker: DialogueStateTracker) -> list[Event]:
    """Return the events since the reader's last message; none outside a real session."""
    events = list(tracker.events)
    if not any(isinstance(event, SessionStarted) for event in events):
        return []
    starts = [position for position, event in enumerate(events) if isinstance(event, UserUttered)]
    return events[starts[-1] + 1 :] if starts else []


def _has_failed(turn: list[Event], domain: Domain) -> bool:
    """Say whether the last event is a custom action: a successful one would have left something behind it."""
    last = turn[-1] if turn else None
    return isinstance(last, ActionExecuted) and str(last.action_name) in domain.user_actions and _is_custom(last)


def _is_custom(event: ActionExecuted) -> bool:
    return str(event.action_name).startswith("action_") and event.action_name != ACTION_LISTEN_NAME
