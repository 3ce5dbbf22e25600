"""`healthqa evaluate`: ask the question sets, print a table, write a dated result.

`python -m evaluation.run --server http://127.0.0.1:5005` asks the running servers; without `--server` the core alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console
from rich.table import Table

from evaluation.askers import Asker, CoreAsker, RestAsker
from evaluation.leakage import find_leaks, training_texts
from evaluation.questions import check_lock, load_dialogues, load_questions
from evaluation.scoring import Outcome, ask_dialogues, ask_questions, rates, wilson
from healthqa.assistant import Assistant
from healthqa.encoder import OnnxEncoder
from healthqa.settings import Settings

__all__ = ["main"]

RESULTS = Path(__file__).parent / "results"


def main(argv: Sequence[str] | None = None) -> int:
    """Evaluate; 0 when every question got a reply, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="healthqa evaluate", description=__doc__)
    parser.add_argument("--part", choices=("dev", "test"), default="dev", help="which half of the sets (default dev)")
    parser.add_argument("--server", help="address of a running Rasa server; without it the core alone is asked")
    parser.add_argument("--index", type=Path, help="another index than the configured one (core only)")
    parser.add_argument("--misses", action="store_true", help="show each wrong reply (dev part only)")
    parser.add_argument("--no-dialogues", action="store_true", help="single questions only")
    parser.add_argument("--save", action="store_true", help=f"write a dated result into {RESULTS.name}/")
    arguments = parser.parse_args(argv)
    if arguments.misses and arguments.part == "test":
        parser.error("the test part's misses are reported by count only; use --part dev")
    if arguments.part == "test":
        check_lock()
        _log_scoring(over_http=bool(arguments.server))
    if arguments.index and arguments.server:
        parser.error("--index is for the core alone; a server answers from its own index")
    settings = Settings.from_env(**({"index_dir": arguments.index.resolve()} if arguments.index else {}))
    asker: Asker = RestAsker(arguments.server) if arguments.server else CoreAsker(Assistant.load(settings))
    outcomes = ask_questions(asker, [q for q in load_questions() if q.part == arguments.part])
    if not arguments.no_dialogues:
        outcomes += ask_dialogues(asker, [d for d in load_dialogues() if d.part == arguments.part])
    console, every = Console(), [*outcomes, *_apart(outcomes, settings)]
    _print_table(console, every)
    if arguments.misses:
        _print_misses(console, outcomes)
    if arguments.save:
        console.print(f"Written: {_save(every, arguments.part, over_http=bool(arguments.server))}")
    return 1 if any(outcome.kind == "none" for outcome in outcomes) else 0


def _apart(outcomes: Sequence[Outcome], settings: Settings) -> list[Outcome]:
    """Return the single questions that no training text comes near, as groups of their own."""
    encoder = OnnxEncoder.load(settings.encoder_dir, threads=2)
    single = [outcome for outcome in outcomes if outcome.group != "dialogue"]
    training = training_texts(settings.root, settings.questions_dir)
    leaks = {leak.question for leak in find_leaks([outcome.text for outcome in single], training, encoder)}
    return [replace(o, group="apart from training", label=o.group) for o in single if o.text not in leaks]


def _log_scoring(*, over_http: bool) -> None:
    """Keep count of the looks at the test part: each one wears it out a little."""
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / "test_scorings.txt").open("a", encoding="utf-8") as log:
        log.write(f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ} {'http' if over_http else 'core'}\n")


def _print_table(console: Console, outcomes: Sequence[Outcome]) -> None:
    table = Table("set", "right", "of", "share", "95 % interval")
    for rate in rates(outcomes):
        low, high = wilson(rate.hits, rate.total)
        table.add_row(rate.name, str(rate.hits), str(rate.total), f"{rate.share:.1%}", f"{low:.1%} - {high:.1%}")
    console.print(table)
    for name, value in _extra_figures(outcomes).items():
        console.print(f"{name}: {value:.3g}")


def _extra_figures(outcomes: Sequence[Outcome]) -> dict[str, float]:
    answered = [outcome for outcome in outcomes if outcome.kind == "answer"]
    in_scope = [outcome for outcome in outcomes if outcome.group == "in_scope"]
    medical = [outcome for outcome in outcomes if outcome.expect != "smalltalk"]
    return {
        "words of a shown answer, mean": sum(o.words for o in answered) / max(1, len(answered)),
        "in-scope questions without an answer, share": sum(o.kind != "answer" for o in in_scope)
        / max(1, len(in_scope)),
        "disclaimer in replies that are not small talk, share": sum(o.disclaimer for o in medical)
        / max(1, len(medical)),
    }


def _print_misses(console: Console, outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        if not outcome.right:
            console.print(f"\n[{outcome.group} / {outcome.label} / {outcome.expect}] {outcome.text}", markup=False)
            console.print(f"  {outcome.reply}".replace("\n", "\n  "), markup=False)


def _save(outcomes: Sequence[Outcome], part: str, *, over_http: bool) -> Path:
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(timezone.utc)
    path = RESULTS / f"{now:%Y-%m-%dT%H%M%SZ}-{part}-{'http' if over_http else 'core'}.json"
    result = {
        "made": now.isoformat(timespec="seconds"),
        "part": part,
        "over_http": over_http,
        "rates": [asdict(rate) for rate in rates(outcomes)],
        "figures": _extra_figures(outcomes),
    }
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    sys.exit(main())
