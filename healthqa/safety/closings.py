"""Words that end a chat and nothing else: a farewell is heard in "that will be all for today, goodbye"."""

from __future__ import annotations

import re

__all__ = ["closes_chat"]

_PART = (
    r"(?:that(?:'s| is| will be|'ll be) (?:all|it|everything)(?: i (?:need(?:ed)?|wanted)(?: to know)?)?"
    r"|this (?:is|was) my last (?:question|message)"
    r"|no (?:more|other|further) questions|i (?:have no|don't have any) (?:more|other|further) questions"
    r"|(?:i have |there is |there's )?nothing (?:more|else|further) to ask|i (?:don't|do not) need anything else"
    r"|(?:i )?wish you (?:all the best|well|a (?:nice|good|lovely|great) (?:day|evening|weekend))"
    r"|for (?:today|now)|from me|night[ ,-]*night"
    r"|ok(?:ay)?|alright|right|well|and|then|so|now|good ?(?:bye|night)|bye|cheerio|see you(?: later| soon)?"
    r"|have a (?:nice|good|lovely|great) (?:day|evening|weekend|one)"
    r"|(?:many )?(?:thank you|thanks|cheers)(?: (?:so|very) much| a lot| again)?"
    r"(?: for (?:your|all your|the|all the) (?:help|time|answers?|info(?:rmation)?))?)"
)
_CLOSING = re.compile(rf"(?:\W*{_PART}\b)+\W*", re.IGNORECASE)
# Without one of these a farewell may mean more than the chat.
_OF_A_CHAT = re.compile(
    r"\bfor (?:today|now)\b|\bquestions?\b|\banything else\b|\bto ask\b|\bnight[ ,-]*night\b"
    r"|\bfor (?:your|all your|the|all the) (?:help|time|answers?|info)",
    re.IGNORECASE,
)


def closes_chat(text: str) -> bool:
    """Tell whether the whole message only ends the chat: thanks, a goodbye, and that there are no more questions."""
    plain = text.replace("’", "'")
    return len(plain) <= 200 and bool(_OF_A_CHAT.search(plain)) and bool(_CLOSING.fullmatch(plain))
