"""POST messages when the assistant fails: one sentence with a retry, and an alarm all the same."""

from __future__ import annotations

import logging
import time
import uuid

import pytest
from rasa.core.channels.channel import UserMessage
from web_scripts import crash, hang, nothing, reply
from web_server import Served, answer, say

from healthqa.answer import DISCLAIMER

EMERGENCY = "I have crushing chest pain and cannot breathe, is it low B12?"


@pytest.mark.parametrize(
    ("script", "words"),
    [(nothing, "no reply"), (crash, "failed"), (hang, "too long")],
    ids=["no message", "exception", "slow"],
)
def test_failure_gives_one_sentence_the_disclaimer_and_a_retry(
    web: Served, script: object, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    web.agent.script = script
    caplog.set_level(logging.INFO)
    begin = time.monotonic()
    token, message_id = web.token(), uuid.uuid4().hex
    *_, last = web.send("my secret worry about cramps", token, message_id)
    assert last["event"] == "error"
    assert last["retry"] is True
    assert last["text"].endswith(DISCLAIMER)
    assert time.monotonic() - begin < 3
    assert any(words in record.getMessage() for record in caplog.records)
    assert "secret worry" not in caplog.text
    web.agent.script = reply
    retried = web.send("my secret worry about cramps", token, message_id)
    assert retried[1]["answer"]["kind"] == "answer"
    assert retried[-1]["event"] == "done"


def test_failure_that_the_assistant_tells_itself_can_be_retried(web: Served) -> None:
    from healthqa.settings import Settings
    from healthqa.texts import Texts

    sentence = Texts.load(Settings.from_env({}).responses_path).get("utter_error")

    async def tell(message: UserMessage) -> None:
        await say(message, f"I am automated.\n{sentence}\n{DISCLAIMER}", answer=answer("refuse"))

    web.agent.script = tell
    token, message_id = web.token(), uuid.uuid4().hex
    *_, last = web.send("cramps", token, message_id)
    assert (last["event"], last["retry"]) == ("error", True)
    assert last["text"] == f"I am automated.\n{sentence}\n{DISCLAIMER}"
    web.agent.script = reply
    assert web.send("cramps", token, message_id)[1]["answer"]["kind"] == "answer"


@pytest.mark.parametrize("script", [nothing, crash, hang, reply], ids=["no message", "exception", "slow", "passage"])
def test_alarm_is_shown_whatever_the_assistant_does(web: Served, script: object) -> None:
    web.agent.script = script
    shown = [event for event in web.send(EMERGENCY) if event["event"] == "message"]
    assert len(shown) == 1
    assert shown[0]["answer"]["kind"] == "emergency"
    assert shown[0]["answer"]["passages"] == []
    assert "emergency" in shown[0]["text"].splitlines()[0].lower()
    assert "{" not in shown[0]["text"]
    assert shown[0]["text"].endswith(DISCLAIMER)


def test_alarm_of_the_assistant_is_passed_on(web: Served) -> None:
    async def alarm(message: UserMessage) -> None:
        await say(message, f"Call 999 now.\n{DISCLAIMER}", answer=answer("emergency"))

    web.agent.script = alarm
    assert web.send(EMERGENCY)[1]["text"] == f"Call 999 now.\n{DISCLAIMER}"


def test_alarm_and_error_need_no_readable_texts(tmp_path: object) -> None:
    from addons.channels._failsafe import Failsafe

    broken = Failsafe(settings_without_files(tmp_path))
    assert broken.error().text.endswith(DISCLAIMER)
    alarm = broken.alarm("emergency")
    assert alarm.text.startswith("This could be an emergency.")
    assert alarm.is_alarm and alarm.answer["kind"] == "emergency"
    assert broken.alarm("crisis").text.endswith(DISCLAIMER)


def settings_without_files(folder: object) -> object:
    from healthqa.settings import Settings

    return Settings.from_env({"HEALTHQA_ROOT": str(folder)})
