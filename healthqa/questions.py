"""What kind of answer a question wants."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["question_type"]

_TYPES: Mapping[str, re.Pattern[str]] = {
    kind: re.compile(pattern, re.IGNORECASE)
    for kind, pattern in {
        "how_much": r"\bhow (much|many)\b|\b\d+ ?(mg|mcg|iu)\b|\bdos(e|es|age)\b",
        "price": r"\b(cost|price|cheap|buy|brand)\w*\b|[$£€]",
        "how_long": r"\bhow (long|soon|fast|quick\w*)\b|\bwhen (will|do|does)\b",
        "when_to": r"\bwhen (should|to|must|do i)\b",
        "why": r"\bwhy\b|\bhow come\b|\breason\b",
        "compare": r"\b(difference|differ|versus|vs|compare\w*|same as|distinguish\w*|"
        r"(know|tell) (if|whether)\b.{0,60}\bor\b|tell .{0,30}(apart|from))\b",
        "where": r"\bwhere\b|\bwhich (part|muscle)",
        "who": r"\bwho\b|\bam i at risk\b",
        "how": r"\bhow\b",
        "yes_no": r"^\W*(can|could|is|are|do|does|did|will|would|should|has|have)\b|\bis it true\b",
        "what": r"\b(what|which)\b",
    }.items()
}


def question_type(question: str) -> str:
    """Return what kind of answer the question wants; the first kind that fits."""
    return next((kind for kind, pattern in _TYPES.items() if pattern.search(question)), "other")
