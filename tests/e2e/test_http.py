"""The way of a message over real HTTP with real servers."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator

import pytest

from healthqa.answer import DISCLAIMER
from tests.e2e.conftest import Servers, stored_bytes

pytestmark = pytest.mark.slow

SOURCE = re.compile(r"^Source: (?P<title>.+?) › (?P<section>.+?) – (?P<url>\S+)$", re.MULTILINE)


def _texts(servers: Servers, sender: str, text: str) -> list[str]:
    return [message["text"] for message in servers.say(sender, text) if "text" in message]


def _medical(texts: list[str]) -> str:
    """Give the one message that carries the disclaimer; it must be its last line."""
    medical = [text for text in texts if DISCLAIMER in text]
    assert len(medical) == 1, texts
    assert medical[0].rstrip().endswith(DISCLAIMER)
    assert "\n\n" not in medical[0], "a blank line would send the disclaimer alone"
    return medical[0]


@pytest.mark.parametrize(
    ("first", "first_words", "second", "second_words"),
    [
        ("can low B12 cause twitching?", ("twitch", "B12"), "how is it diagnosed?", ("blood",)),
        ("does B12 deficiency cause muscle cramps?", ("cramp", "B12"), "how is it treated?", ("B12",)),
    ],
)
def test_question_and_follow_up_are_answered_with_source_and_disclaimer(
    servers: Servers, first: str, first_words: tuple[str, ...], second: str, second_words: tuple[str, ...]
) -> None:
    sender = f"reader {first}"
    for question, words in ((first, first_words), (second, second_words)):
        message = _medical(_texts(servers, sender, question))
        assert SOURCE.search(message), message
        passage = message.split("Source: ")[0].lower()
        assert all(word.lower() in passage for word in words), message


def test_first_message_says_once_that_it_is_automated(servers: Servers) -> None:
    first = "\n".join(_texts(servers, "newcomer", "can low B12 cause twitching?"))
    second = "\n".join(_texts(servers, "newcomer", "how is it diagnosed?"))
    assert "automated" in first.split("Source:")[0]
    assert "automated" not in second


def test_shown_passage_stands_word_for_word_in_the_article_it_links_to(servers: Servers) -> None:
    _texts(servers, "checker", "hello")
    message = _medical(_texts(servers, "checker", "can low B12 cause twitching?"))
    found = SOURCE.search(message)
    assert found, message
    with urllib.request.urlopen(found["url"], timeout=10) as response:
        page = response.read().decode()
    fragment = found["url"].partition("#")[2]
    assert fragment and f'id="{fragment}"' in page
    shown = message.split("\nSource: ")[0]
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    sentence = max(re.split(r"(?<=[.!?])\s+", shown), key=len)
    assert sentence in plain.replace("&#x27;", "'").replace("&#39;", "'").replace("&amp;", "&").replace("&quot;", '"')


@pytest.mark.parametrize(
    "question",
    [
        "how much B12 should I take per day?",
        "how much does a B12 test cost?",
        "can I take B12 with metformin?",
        "my B12 level is 180, is that low?",
        "my dog is twitching, does he need B12?",
        "who won the football yesterday?",
    ],
)
def test_what_the_articles_do_not_hold_is_refused_without_a_source(servers: Servers, question: str) -> None:
    message = _medical(_texts(servers, f"refused {question}", question))
    assert "Source:" not in message


def test_empty_message_is_answered(servers: Servers) -> None:
    assert _texts(servers, "silent", "   ") or _texts(servers, "silent", "?")


@pytest.mark.parametrize("text", ["I have crushing chest pain", "low b12, twitching and I want to kill myself"])
def test_alarm_comes_first_and_shows_no_passage(servers: Servers, text: str) -> None:
    _texts(servers, f"alarmed {text}", "can low B12 cause twitching?")
    message = _medical(_texts(servers, f"alarmed {text}", text))
    assert "emergency number" in message or "crisis" in message
    assert "Source:" not in message
    assert "automated assistant, not" not in message.splitlines()[0]


@pytest.fixture
def without_actions(servers: Servers) -> Iterator[Servers]:
    servers.kill_actions()
    try:
        yield servers
    finally:
        servers.start_actions()
        servers.wait_for_actions()


def test_alarm_needs_no_action_server_and_questions_fail_with_words(without_actions: Servers) -> None:
    alarm = _medical(_texts(without_actions, "alone", "I have crushing chest pain"))
    assert "emergency" in alarm.splitlines()[0].lower()
    assert "Source:" not in alarm
    assert _texts(without_actions, "alone", "can low B12 cause twitching?"), "the reader must not meet silence"


def test_answers_come_back_after_the_action_server_was_restarted(servers: Servers) -> None:
    message = _medical(_texts(servers, "after the restart", "can low B12 cause twitching?"))
    assert SOURCE.search(message)


def test_forget_me_leaves_no_word_in_database_and_write_ahead_log(servers: Servers) -> None:
    secret = "zebrafishpajamas"
    _texts(servers, "forgetful", f"can low B12 cause twitching? I am {secret}")
    assert secret.encode() in stored_bytes(servers.data), "nothing was stored, so this test would prove nothing"
    asked = servers.say("forgetful", "forget me")
    assert any("Yes, forget me" in str(message.get("buttons")) for message in asked), asked
    assert "deleted" in " ".join(_texts(servers, "forgetful", "Yes, forget me"))
    left = stored_bytes(servers.data)
    assert secret.encode() not in left
    assert b"forgetful" not in left


def test_kept_conversation_stays(servers: Servers) -> None:
    secret = "walrusumbrella"
    _texts(servers, "keeper", f"can low B12 cause twitching? I am {secret}")
    _texts(servers, "keeper", "forget me")
    _texts(servers, "keeper", "No, keep it")
    assert secret.encode() in stored_bytes(servers.data)


def test_nothing_that_a_reader_typed_is_logged(servers: Servers) -> None:
    secret = "quokkaxylophone"
    _texts(servers, "logged", f"how is it diagnosed? my name is {secret}")
    _texts(servers, "logged", f"{secret} chest pain crushing")
    assert secret not in servers.log("rasa") + servers.log("actions")
