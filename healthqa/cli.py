"""`healthqa`: export the encoder, build the index, search, ask, serve."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from healthqa.errors import HealthQAError
from healthqa.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console

    from healthqa.assistant import Examination
    from healthqa.types import Answer, Hit

__all__ = ["build_parser", "main"]

WRONG_USE = 2
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    :returns: the exit code: 0, or 2 after one sentence on what is wrong and what to do.
    """
    parser = build_parser()
    arguments = parser.parse_args(argv)
    try:
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
    ask.add_argument("--intent", default="", help="pretend that Rasa found this intent")
    ask.set_defaults(run=_ask)

    serve = commands.add_parser("serve", help="start the action server and Rasa with the chat page")
    serve.set_defaults(run=_serve)

    evaluate = commands.add_parser("evaluate", help="measure on the question sets (healthqa evaluate -- --help)")
    evaluate.add_argument("options", nargs="*", help="what `python -m evaluation.run` takes, after --")
    evaluate.set_defaults(run=_evaluate)
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
    from healthqa.encoder import OnnxEncoder
    from healthqa.lexicon import Lexicon
    from healthqa.live_index import LiveIndex

    encoder = OnnxEncoder.load(settings.encoder_dir)
    retriever = LiveIndex(settings, encoder, Lexicon.load(settings.lexicon_dir)).retriever()
    hits = retriever.search(question, k=arguments.k)
    if arguments.json:
        print(json.dumps([_hit_to_json(hit) for hit in hits], ensure_ascii=False, indent=2))
        return 0
    console = _console()
    for hit in hits:
        console.print(f"{hit.score:.3f}  {hit.passage.id}", style="bold", markup=False)
        console.print(f"       {_parts(hit)}", style="dim", markup=False)
        console.print(f"       {hit.passage.text}", markup=False)
    return 0


def _ask(arguments: argparse.Namespace) -> int:
    settings, question = _settings(arguments), _question(arguments)
    from healthqa.answer import answer_to_json
    from healthqa.assistant import Assistant
    from healthqa.types import Context

    context = Context(intent=arguments.intent, intent_confidence=1.0 if arguments.intent else 0.0)
    assistant = Assistant.load(settings)
    answer = assistant.reply(question, context)
    examination = assistant.examine(question, context) if arguments.explain and question else None
    if arguments.json:
        data = answer_to_json(answer) | {"text": answer.text}
        if examination is not None:
            data["explain"] = {
                "question": examination.question,
                "reason": answer.reason,
                "hits": [_hit_to_json(hit) for hit in examination.hits],
            }
        print(json.dumps(data, ensure_ascii=False, indent=2))
        return 0
    console = _console()
    console.print(answer.text, markup=False, highlight=False, soft_wrap=True)
    for suggestion in answer.suggestions:
        console.print(f"  [{suggestion}]", markup=False, highlight=False, style="cyan")
    if examination is not None:
        _explain(console, answer, examination)
    return 0


def _explain(console: Console, answer: Answer, examination: Examination) -> None:
    """Print why the assistant answered, offered or refused, and what it had to choose from."""
    colour = {"answer": "green", "clarify": "yellow", "refuse": "red"}.get(answer.kind, "bold red")
    console.rule("why")
    console.print(f"{answer.kind}: {answer.reason}", style=colour, markup=False, highlight=False)
    console.print(f"stand-alone question: {examination.question}", markup=False, highlight=False)
    evidence = examination.evidence
    if evidence is not None:
        console.print(f"question type: {evidence.question_type}", markup=False, highlight=False)
        missing = ", ".join(evidence.uncovered_terms) or "none"
        console.print(f"terms that no passage covers: {missing}", markup=False, highlight=False)
        features = "  ".join(f"{name} {value:.2f}" for name, value in evidence.features.items() if name != "bias")
        console.print(f"evidence {evidence.probability:.2f} from {features}", markup=False, highlight=False)
    for number, hit in enumerate(examination.hits, start=1):
        console.print(f"{number}. {hit.score:.3f}  {hit.passage.id}", style="bold", markup=False, highlight=False)
        console.print(f"   {_parts(hit)}", style="dim", markup=False, highlight=False)
        console.print(f"   {hit.passage.text[:160]}", markup=False, highlight=False)


def _serve(arguments: argparse.Namespace) -> int:
    return _become("serve", "scripts.serve", ())


def _evaluate(arguments: argparse.Namespace) -> int:
    return _become("evaluate", "evaluation.run", arguments.options)


def _become(command: str, module: str, options: Sequence[str]) -> int:
    """Hand over to a program of the clone that is no part of the installed package."""
    root, path = Settings.from_env().root, f"{module.replace('.', '/')}.py"
    if not (root / path).is_file():
        return _complain(f"There is no {path} in {root}: run `healthqa {command}` with a clone of the project.")
    os.chdir(root)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", module, *options])


def _settings(arguments: argparse.Namespace) -> Settings:
    folder = getattr(arguments, "index", None)
    return Settings.from_env(**({"index_dir": folder} if folder else {}))


def _question(arguments: argparse.Namespace) -> str:
    words = " ".join(arguments.question)
    return (sys.stdin.read() if words == "-" else words).strip()


def _hit_to_json(hit: Hit) -> dict[str, object]:
    parts = {name: round(float(value), 4) for name, value in hit.parts.items()}
    return {"id": hit.passage.id, "score": round(float(hit.score), 4), "parts": parts, "text": hit.passage.text}


def _parts(hit: Hit) -> str:
    return "  ".join(f"{name} {value:.2f}" for name, value in hit.parts.items())


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
