"""`healthqa`: export the encoder, build the index, search, ask, serve."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from healthqa.errors import HealthQAError, SettingsError
from healthqa.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["build_parser", "main"]

WRONG_USE = 2
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    :returns: the exit code: 0, or 2 after one sentence on what is wrong and what to do.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    parser = build_parser()
    try:
        if given[:1] == ["evaluate"]:  # it has a parser of its own, with a help text of its own
            return _evaluate(given[1:])
        arguments = parser.parse_args(given)
        return int(arguments.run(arguments))
    except HealthQAError as error:
        return _complain(str(error))
    except BrokenPipeError:  # `healthqa search ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        return _complain(f"{error.filename or 'A file'}: {error.strerror or error}. Nothing was changed.")


def build_parser() -> argparse.ArgumentParser:
    """Return the command line's parser; its help is the reference in docs/."""
    parser = argparse.ArgumentParser(
        prog="healthqa", description="Answers readers' questions from a health publisher's own articles."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    export = commands.add_parser("export-encoder", help="export the encoder to ONNX (needs torch)")
    export.add_argument("--model", help="package, folder or name of a sentence-transformers model")
    export.set_defaults(run=_export)

    alarms = commands.add_parser("train-alarms", help="train the alarm classifier from knowledge/alarms (needs torch)")
    alarms.add_argument("--anew", action="store_true", help="train even if the messages are those of the last training")
    alarms.set_defaults(run=_train_alarms)

    learn = commands.add_parser("train-answerability", help="learn from the answered and the refused questions")
    learn.set_defaults(run=_train_answerability)

    index = commands.add_parser("index", help="build or renew the index from a folder of articles")
    index.add_argument("--articles", type=Path, metavar="FOLDER", help="articles as .md, .html or .txt")
    index.add_argument("--index", type=Path, metavar="FOLDER", help="where the index is kept")
    index.set_defaults(run=_index)

    search = commands.add_parser("search", help="show the passages nearest to a question")
    _add_question(search)
    search.add_argument("-k", type=int, default=5, metavar="N", help="number of passages (default 5)")
    search.set_defaults(run=_search)

    ask = commands.add_parser("ask", help="answer a question as the assistant would")
    _add_question(ask)
    ask.add_argument("--explain", action="store_true", help="show hits, scores and why it answered or refused")
    ask.add_argument("--after", default="", metavar="QUESTION", help="take it for a follow-up on this question")
    ask.add_argument("--intent", default="", help="pretend that Rasa found this intent")
    ask.set_defaults(run=_ask)

    serve = commands.add_parser("serve", help="start the action server and Rasa with the chat page")
    serve.set_defaults(run=_serve)

    commands.add_parser("evaluate", help="measure on the question sets, or on your own articles (--articles FOLDER)")
    return parser


def _add_question(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("question", nargs="+", help="the question, in quotes or not; - reads it from standard input")
    parser.add_argument("--index", type=Path, metavar="FOLDER", help="where the index is kept")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _export(arguments: argparse.Namespace) -> int:
    settings = Settings.from_env({**os.environ, "HEALTHQA_ENCODER": arguments.model} if arguments.model else None)
    from healthqa.encoder_export import export_encoder

    print(f"The encoder is in {export_encoder(settings)}.")
    return 0


def _train_alarms(arguments: argparse.Namespace) -> int:
    settings = Settings.from_env()
    from healthqa.safety.training import train_alarms

    with _progress() as report:
        folder = train_alarms(settings, lambda done, total: report("learning", done, total), anew=arguments.anew)
    print(f"The alarm classifier is in {folder}.")
    return 0


def _train_answerability(_: argparse.Namespace) -> int:
    settings = Settings.from_env()
    from healthqa.answerability_training import train_answerability
    from healthqa.encoder import OnnxEncoder
    from healthqa.safety.classifier import AlarmClassifier

    threads = os.cpu_count() or 1
    encoder = OnnxEncoder.load(settings.encoder_dir, threads=threads)
    folder = train_answerability(settings, encoder, AlarmClassifier.load(settings.alarm_model_dir, threads))
    if folder is None:
        print("Nothing to learn: there are too few anticipated or refused questions. Evidence is judged without them.")
    else:
        print(f"What was learned from them is in {folder}.")
    return 0


def _index(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    from healthqa.encoder import OnnxEncoder
    from healthqa.index import build_index

    folder = arguments.articles or settings.articles_dir
    if not folder.is_dir():
        return _complain(f"There is no folder {folder}: name the folder that holds the articles.")
    if folder.resolve() != settings.articles_dir.resolve():
        # The anticipated questions name passages of the articles they were written for.
        settings = replace(settings, questions_dir=None)
    encoder = OnnxEncoder.load(settings.encoder_dir, threads=os.cpu_count() or 1)
    with _progress() as report:
        build = build_index(folder, settings, encoder, report)
    if build.unchanged:
        print(f"Nothing has changed: {build.articles} articles, {build.passages} passages (version {build.version}).")
    else:
        print(
            f"Indexed {build.articles} articles as {build.passages} passages: {build.encoded} texts encoded, "
            f"{build.reused} taken from before (version {build.version})."
        )
    return 0


def _search(arguments: argparse.Namespace) -> int:
    settings, question = _settings(arguments), _question(arguments)
    if arguments.k < 1:
        return _complain("-k is the number of passages: give at least 1.")
    from healthqa.cli_explain import hit_to_json, scores_by_part
    from healthqa.encoder import OnnxEncoder
    from healthqa.lexicon import Lexicon
    from healthqa.live_index import LiveIndex

    encoder = OnnxEncoder.load(settings.encoder_dir)
    retriever = LiveIndex(settings, encoder, Lexicon.load(settings.lexicon_dir)).retriever()
    hits = retriever.search(question, k=arguments.k)
    if arguments.json:
        print(json.dumps([hit_to_json(hit) for hit in hits], ensure_ascii=False, indent=2))
        return 0
    console = _console()
    for hit in hits:
        console.print(f"{hit.score:.3f}  {hit.passage.id}", style="bold", markup=False)
        console.print(f"       {scores_by_part(hit)}", style="dim", markup=False)
        console.print(f"       {hit.passage.text}", markup=False)
    return 0


def _ask(arguments: argparse.Namespace) -> int:
    settings, question = _settings(arguments), _question(arguments)
    from healthqa.answer import answer_to_json
    from healthqa.assistant import Assistant
    from healthqa.cli_explain import examination_to_json, print_explanation
    from healthqa.followup import remembered
    from healthqa.types import Context

    assistant, before = Assistant.load(settings), Context()
    if arguments.after:
        before = remembered(before, assistant.reply(arguments.after))
    context = replace(before, intent=arguments.intent, intent_confidence=1.0 if arguments.intent else 0.0)
    answer = assistant.reply(question, context)
    examination = assistant.examine(question, context) if arguments.explain and question else None
    if arguments.json:
        data = answer_to_json(answer) | {"text": answer.text}
        if examination is not None:
            data["explain"] = examination_to_json(answer, examination)
        print(json.dumps(data, ensure_ascii=False, indent=2))
        return 0
    console = _console()
    console.print(answer.text, markup=False, highlight=False, soft_wrap=True)
    for suggestion in answer.suggestions:
        console.print(f"  [{suggestion}]", markup=False, highlight=False, style="cyan")
    if examination is not None:
        print_explanation(console, answer, examination, settings.threshold)
    return 0


def _serve(arguments: argparse.Namespace) -> int:
    root = _clone_with("scripts/serve.py", "serve")
    os.chdir(root)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "scripts.serve"])


def _evaluate(options: Sequence[str]) -> int:
    root = _clone_with("evaluation/run.py", "evaluate")
    sys.path.insert(0, str(root))  # the sets and their code are no part of the installed package
    return int(importlib.import_module("evaluation.run").main(options))


def _clone_with(path: str, command: str) -> Path:
    root = Settings.from_env().root
    if not (root / path).is_file():
        raise SettingsError(f"There is no {path} in {root}: run `healthqa {command}` with a clone of the project.")
    return root


def _settings(arguments: argparse.Namespace) -> Settings:
    folder = getattr(arguments, "index", None)
    return Settings.from_env(**({"index_dir": folder} if folder else {}))


def _question(arguments: argparse.Namespace) -> str:
    words = " ".join(arguments.question)
    return (sys.stdin.read() if words == "-" else words).strip()


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False)


class _progress:  # noqa: N801  used like a function
    """A progress bar on the terminal; silent where the output is no terminal."""

    def __enter__(self) -> _progress:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        self._bars = Progress(*columns, console=console, disable=not console.is_terminal)
        self._tasks: dict[str, object] = {}
        self._bars.start()
        return self

    def __call__(self, what: str, done: int, total: int) -> None:
        task = self._tasks.get(what)
        if task is None:
            task = self._tasks[what] = self._bars.add_task(what, total=total)
        self._bars.update(task, completed=done, total=total)  # type: ignore[arg-type]

    def __exit__(self, *error: object) -> None:
        self._bars.stop()


def _complain(sentence: str) -> int:
    print(f"healthqa: {sentence}", file=sys.stderr)
    return WRONG_USE


if __name__ == "__main__":
    sys.exit(main())
