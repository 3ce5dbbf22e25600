"""The scripted bot behind the chat page, and a question typed into the page."""

from __future__ import annotations

import asyncio
from typing import Any

from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import SlotSet
from web_server import answer, answer_text, say

from addons.stores import FORGET_SLOT
from healthqa.answer import DISCLAIMER

NASTY = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
TABLE = {
    "columns": ["Cause", "Where it is felt", "What comes with it", "How to tell it apart"],
    "rows": [
        ["Low vitamin B12", "Hands, feet, face", "Numbness, tingling", "Gets worse over time without treatment"],
        ["Too much caffeine", "Any group of muscles", "Jitters, faster heartbeat", "Goes away once you cut down"],
    ],
}
NOTICE = "This is an automated assistant, not a doctor, nurse or other clinician."


async def bot(message: UserMessage) -> None:
    """The scripted bot: one reply for each thing that the page must show."""
    text = message.text
    if text.startswith("can low"):
        found = answer(suggestions=["how is it diagnosed?", "which foods have B12?"])
        await say(message, f"{NOTICE}\n{answer_text()}", answer=found)
    elif "compare" in text:
        columns = TABLE["columns"]
        lines = ["Low B12 and other causes of muscle twitching"]
        for row in TABLE["rows"]:
            cells = "; ".join(f"{name}: {cell}" for name, cell in zip(columns[1:], row[1:], strict=True))
            lines.append(f"{row[0]} – {cells}")
        await say(message, answer_text("\n".join(lines)), answer=answer(table=TABLE))
    elif "chest pain" in text:
        alarm = "Call 999 now if this is happening to you.\nPlease do not wait for an answer here."
        await say(message, f"{alarm}\n{DISCLAIMER}", answer=answer("emergency"))
    elif "end my life" in text:
        alarm = "You are not alone. You can call or text 988 day or night, or text HOME to 741741 (open 24/7)."
        await say(message, f"{alarm}\n{DISCLAIMER}", answer=answer("crisis"))
    elif "no number" in text:
        alarm = "Call your local emergency number now. Do not wait 24 hours, 1-2 days or until 10/12."
        await say(message, f"{alarm}\n{DISCLAIMER}", answer=answer("emergency"))
    elif "nasty" in text:
        passage = {**answer()["passages"][0], "text": NASTY, "title": NASTY, "url": "javascript:window.hacked=1"}
        found = answer(passages=[passage], suggestions=[NASTY], table={"columns": [NASTY], "rows": [[NASTY]]})
        await say(message, answer_text(NASTY, NASTY, "javascript:window.hacked=1"), answer=found)
    elif "delete what I said" in text:
        message.tracker.update(SlotSet(FORGET_SLOT, True))
        await say(message, "Your conversation is deleted.", metadata={"kind": "smalltalk"})
    elif "slow" in text:
        await asyncio.sleep(0.6)
        await say(message, "Here I am.", metadata={"kind": "smalltalk"})
    else:
        await say(message, f"I heard: {text}", metadata={"kind": "smalltalk"})


def ask(page: Any, text: str) -> Any:
    """Type a question, send it, return the last entry once the reply is there."""
    before = page.locator(".log .entry").count()
    page.get_by_label("Your question").fill(text)
    page.get_by_role("button", name="Send", exact=True).click()
    page.locator(".log .entry").nth(before + 1).wait_for()
    page.locator(".typing").wait_for(state="hidden")
    return page.locator(".log .entry").last
