"""How often the first hit states a right fact, with and without what was learned of which passage a question is for.

Run from the project folder, after `make index`: `python -m benchmarks.learned_ranking` (two to ten minutes). Asks the
dev questions, and the follow-ups of the dev dialogues that nothing was learned from as a question; no intents are known
here. Both rankings get the same conversations, those of the assistant as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.follow_ups import AS_EXCHANGES, OPENING, conversations, texts_of, words_of
from evaluation.keys import states
from evaluation.questions import load_questions
from healthqa.assistant import Assistant
from healthqa.encoder import OnnxEncoder
from healthqa.followup import remembered, standalone
from healthqa.lexicon import Lexicon
from healthqa.live_index import LiveIndex
from healthqa.retriever import Retriever
from healthqa.settings import Settings
from healthqa.types import Context, Hit

FIRST_HITS = (1, 3)
Needs = Sequence[tuple[str, ...]]
# What is asked, what it leans on, and the facts of which the hit must state one.
Asked = tuple[str, Context, Needs]


def single_questions() -> Iterator[Asked]:
    """Yield the dev questions that the articles answer."""
    for question in load_questions():
        if question.part == "dev" and question.need:
            yield question.text, Context(), [question.need]


def follow_ups(assistant: Assistant) -> Iterator[Asked]:
    """Play the dialogues; yield the follow-ups that the articles answer."""
    exchanged = words_of(AS_EXCHANGES)
    for dialogue in conversations():
        if dialogue.turns[0].expect == (OPENING,) or texts_of(dialogue) in exchanged:
            continue
        context = Context()
        for turn in dialogue.turns:
            if context.last_question and turn.needs:
                yield turn.text, context, turn.needs
            context = remembered(context, assistant.reply(turn.text, context))


def hits_of(retriever: Retriever, asked: Asked) -> tuple[Hit, ...]:
    """Return the hits; a question after another one is searched for together with that one."""
    text, context, _ = asked
    spoken = text if context.last_question else None
    return retriever.search(standalone(text, context, retriever.lexicon).text, context, max(FIRST_HITS), spoken)


def print_shares(name: str, rows: Sequence[Asked], rankings: dict[str, Retriever]) -> None:
    """Print one line for each ranking."""
    for ranking, retriever in rankings.items():
        found = [(hits_of(retriever, asked), asked[2]) for asked in rows]
        shares = [
            sum(any(states(hit.passage.text, need) for hit in hits[:first] for need in needs) for hits, needs in found)
            for first in FIRST_HITS
        ]
        figures = ", ".join(
            f"among the first {first}: {share}/{len(rows)} = {share / len(rows):.1%}"
            for first, share in zip(FIRST_HITS, shares, strict=True)
        )
        print(f"{name}, {ranking}: {figures}")


def main() -> int:
    """Measure and print."""
    settings = Settings.from_env()
    encoder, lexicon = OnnxEncoder.load(settings.encoder_dir, threads=1), Lexicon.load(settings.lexicon_dir)
    rankings = {
        "without": LiveIndex(settings, encoder, lexicon, learn=lambda: None).retriever(),
        "with what was learned": LiveIndex(settings, encoder, lexicon).retriever(),
    }
    print_shares("single questions", list(single_questions()), rankings)
    print_shares("follow-ups", list(follow_ups(Assistant.load(settings))), rankings)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
