"""`healthqa evaluate`: ask the question sets, print tables with intervals and goals, write a dated result.

`--server http://127.0.0.1:5005` asks the running servers; without it the core alone is asked. `--articles FOLDER`
measures a publisher's own articles instead: which sections no question reaches, which passages answer nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console

from evaluation.askers import Asker, CoreAsker, RestAsker
from evaluation.dialogues import load_dialogues
from evaluation.figures import check_messages, goal_rates, in_scope_replies, mean_words, rates
from evaluation.keys import PASSAGES_FILE, load_right_passages
from evaluation.leakage import find_leaks, training_texts
from evaluation.lock import check_lock
from evaluation.own_articles import ask_articles
from evaluation.own_report import print_coverage
from evaluation.question_files import load_question_file
from evaluation.questions import Question, load_facts, load_questions
from evaluation.recall import measure_recall, right_passages_by_key
from evaluation.report import RESULTS, Report, print_misses, print_report, save_report
from evaluation.scoring import Outcome, ask_dialogues, ask_questions
from healthqa.assistant import Assistant
from healthqa.encoder import OnnxEncoder
from healthqa.index import Index
from healthqa.settings import Settings

__all__ = ["build_parser", "main"]

_NO_SMALL_TALK = "the core alone knows no small talk and no intents: small talk was left out. Ask --server for it."


def main(argv: Sequence[str] | None = None) -> int:
    """Evaluate.

    :returns: 0 when every question got a reply, else 1; with `--articles` 0 when there is nothing to mend, else 1.
    :raises HealthQAError: when something that is needed cannot be used.
    """
    parser = build_parser()
    arguments = parser.parse_args(argv)
    _check_arguments(parser, arguments)
    if arguments.articles:
        return _evaluate_articles(arguments)
    if arguments.part == "test":
        check_lock()
        _log_scoring(over_http=bool(arguments.server))
    settings = Settings.from_env(**({"index_dir": arguments.index.resolve()} if arguments.index else {}))
    assistant = Assistant.load(settings)
    asker: Asker = RestAsker(arguments.server) if arguments.server else CoreAsker(assistant)
    questions = [question for question in load_questions() if question.part == arguments.part]
    outcomes = ask_questions(asker, questions)
    if not arguments.no_dialogues:
        outcomes += ask_dialogues(asker, [d for d in load_dialogues() if d.part == arguments.part])
    report = _report(arguments, settings, assistant, questions, outcomes)
    console = Console(highlight=False)
    print_report(console, report)
    if arguments.misses:
        print_misses(console, outcomes, assistant)
    if arguments.save:
        console.print(f"Written: {save_report(report)}", markup=False, soft_wrap=True)
    return 1 if any(outcome.kind == "none" for outcome in outcomes) else 0


def _evaluate_articles(arguments: argparse.Namespace) -> int:
    questions = load_question_file(arguments.questions) if arguments.questions else ()
    console = Console(highlight=False)
    with console.status("Indexing the articles and asking ..."):
        coverage = ask_articles(arguments.articles, questions, Settings.from_env())
    source = str(arguments.questions) if questions else "the articles' own headings and FAQ (--questions FILE: yours)"
    print_coverage(console, arguments.articles, source, coverage)
    return 0 if coverage.complete else 1


def build_parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    parser = argparse.ArgumentParser(prog="healthqa evaluate", description=__doc__)
    parser.add_argument("--part", choices=("dev", "test"), default="dev", help="which half of the sets (default dev)")
    parser.add_argument(
        "--server", metavar="URL", help="address of a running Rasa server; without it the core is asked"
    )
    parser.add_argument(
        "--index", type=Path, metavar="FOLDER", help="another index than the configured one (core only)"
    )
    parser.add_argument("--misses", action="store_true", help="show each wrong reply with its hits (dev half only)")
    parser.add_argument("--articles", type=Path, metavar="FOLDER", help="measure these articles, not the question sets")
    parser.add_argument(
        "--questions", type=Path, metavar="FILE", help="with --articles: your readers' questions, one a line"
    )
    parser.add_argument("--no-dialogues", action="store_true", help="single questions only")
    parser.add_argument("--save", action="store_true", help=f"write a dated result into {RESULTS.name}/")
    return parser


def _check_arguments(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    if arguments.misses and arguments.part == "test":
        parser.error("the test half's misses are reported by count only; use --part dev")
    if arguments.index and arguments.server:
        parser.error("--index is for the core alone; a server answers from its own index")
    if arguments.questions and not arguments.articles:
        parser.error("--questions asks about a publisher's own articles: name their folder with --articles")
    others = (arguments.server, arguments.index, arguments.misses, arguments.save, arguments.no_dialogues)
    if arguments.articles and (any(others) or arguments.part != "dev"):
        parser.error("--articles goes with --questions only: the question sets belong to the default articles")


def _report(
    arguments: argparse.Namespace,
    settings: Settings,
    assistant: Assistant,
    questions: Sequence[Question],
    outcomes: Sequence[Outcome],
) -> Report:
    encoder = OnnxEncoder.load(settings.encoder_dir, threads=settings.encoder_threads)
    with Index.load(settings.index_dir, encoder) as index:
        passages, content = index.passages, index.manifest.content
    listed = load_right_passages()
    read = {identifier for ids in listed.values() for identifier in ids} <= {passage.id for passage in passages}
    right = listed if read else right_passages_by_key(load_facts(), passages)
    recall = measure_recall(assistant, questions, right)
    checks = check_messages(outcomes, [passage.text for passage in passages])
    return Report(
        part=arguments.part,
        where=arguments.server or "core",
        content=content,
        keys=PASSAGES_FILE if read else "the facts' patterns: these are other articles",
        rates=rates([*outcomes, *_apart(outcomes, settings, encoder)]),
        replies=in_scope_replies(outcomes),
        recall=recall,
        checks=checks,
        words=mean_words(outcomes),
        goals=goal_rates(outcomes, recall, checks),
        notes=() if arguments.server else (_NO_SMALL_TALK,),
    )


def _apart(outcomes: Sequence[Outcome], settings: Settings, encoder: OnnxEncoder) -> list[Outcome]:
    """Return the single questions that no training text comes near, as groups of their own."""
    single = [outcome for outcome in outcomes if outcome.group != "dialogue"]
    training = training_texts(settings)
    leaks = {leak.question for leak in find_leaks([outcome.text for outcome in single], training, encoder)}
    return [replace(o, group="apart from training", label=o.group) for o in single if o.text not in leaks]


def _log_scoring(*, over_http: bool) -> None:
    """Keep count of the looks at the test part: each one wears it out a little."""
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / "test_scorings.txt").open("a", encoding="utf-8") as log:
        log.write(f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ} {'http' if over_http else 'core'}\n")


if __name__ == "__main__":
    from healthqa.cli import main as run_command

    sys.exit(run_command(["evaluate", *sys.argv[1:]]))
