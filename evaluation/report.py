"""What `healthqa evaluate` prints and writes."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from evaluation.figures import MOST_WORDS, MessageCheck, Rate, wilson
from evaluation.recall import Recall
from evaluation.replies import WITHOUT_DISCLAIMER
from evaluation.scoring import Outcome
from healthqa.assistant import Assistant
from healthqa.examiner import Examination
from healthqa.types import Context

__all__ = ["RESULTS", "Report", "git_commit", "print_misses", "print_report", "save_report"]

RESULTS = Path(__file__).parent / "results"
_GROUPS = ("in_scope", "near_miss", "unanswerable", "dialogue", "smalltalk", "apart from training")


@dataclass(frozen=True)
class Report:
    """Everything that one run measured.

    :param where: `core`, or the address that was asked.
    :param content: hash of the indexed content.
    :param keys: where the right passages for the recall came from.
    :param notes: what the reader of the figures has to know.
    """

    part: str
    where: str
    content: str
    keys: str
    rates: Sequence[Rate]
    replies: Sequence[Rate]
    recall: Recall
    checks: Sequence[MessageCheck]
    words: float
    goals: Sequence[Rate]
    notes: Sequence[str] = ()


def print_report(console: Console, report: Report) -> None:
    """Print one table per group, then replies, recall, messages and goals."""
    console.print(
        f"{report.part} half, asked: {report.where}, content {report.content[:12]}", style="bold", markup=False
    )
    for group in _GROUPS:
        rows = [rate for rate in report.rates if rate.name == group or rate.name.startswith(f"{group} / ")]
        if rows:
            console.print(_rates_table(group, rows))
    console.print(_rates_table("what the in-scope questions got", report.replies))
    console.print(_recall_table(report.recall))
    measured = f"(measured by the core alone, without intents; right passages from {report.keys})"
    console.print(measured, style="dim", markup=False, soft_wrap=True)
    console.print(_checks_table(report.checks))
    console.print(_goals_table(report))
    for note in report.notes:
        console.print(f"Note: {note}", style="yellow", markup=False, soft_wrap=True)


def _rates_table(title: str, rows: Sequence[Rate]) -> Table:
    table = Table("", "n", "right" if title in _GROUPS else "count", "share", "95 % interval", title=title)
    for rate in rows:
        name = rate.name.removeprefix(f"{title} / ")
        style = "bold" if rate.name == title else None
        table.add_row(
            "all" if rate.name == title else name, str(rate.total), str(rate.hits), *_share(rate), style=style
        )
    return table


def _share(rate: Rate) -> tuple[str, str]:
    if not rate.total:
        return "–", "–"
    low, high = wilson(rate.hits, rate.total)
    return f"{rate.share:.1%}", f"{low:.1%} - {high:.1%}"


def _recall_table(recall: Recall) -> Table:
    table = Table("", "n", "found", "share", "95 % interval", title="right passage among the first hits")
    for k in (1, 3):
        rate = Rate(f"recall@{k}", recall.found(k), recall.total)
        table.add_row(rate.name, str(rate.total), str(rate.hits), *_share(rate))
    table.add_row("MRR@10", str(recall.total), "", f"{recall.mrr:.3f}", "")
    return table


def _checks_table(checks: Sequence[MessageCheck]) -> Table:
    table = Table("message", "n", "disclaimer", "source", "as it must be", title="messages, by what they are")
    for check in checks:
        disclaimer = f"{check.disclaimer}" + (" (none needed)" if check.kind in WITHOUT_DISCLAIMER else "")
        style = None if check.proper == check.total else "red"
        row = (check.kind, str(check.total), disclaimer, str(check.source), f"{check.proper / check.total:.1%}")
        table.add_row(*row, style=style)
    return table


def _goals_table(report: Report) -> Table:
    table = Table("figure", "share", "95 % interval", "goal", "", title="goals of issue 3")
    for rate in report.goals:
        goal = f"{'<=' if rate.at_most else '>='} {rate.goal:.0%}"
        table.add_row(rate.name, *_share(rate), goal, _verdict(reached=rate.reached, measured=rate.total > 0))
    reached = report.words <= MOST_WORDS
    words = "words before source and disclaimer, mean of in-scope answers"
    table.add_row(words, f"{report.words:.1f}", "", f"<= {MOST_WORDS}", _verdict(reached=reached, measured=True))
    return table


def _verdict(*, reached: bool, measured: bool) -> str:
    if not measured:
        return "[yellow]not measured[/yellow]"
    return "[green]reached[/green]" if reached else "[red]not reached[/red]"


def print_misses(console: Console, outcomes: Sequence[Outcome], assistant: Assistant) -> None:
    """Print each wrong reply, and what the core had found for the question."""
    for outcome in outcomes:
        if outcome.right:
            continue
        head = f"\n[{outcome.group} / {outcome.label} / {outcome.expect}] {outcome.text}"
        console.print(head, markup=False, soft_wrap=True)
        console.print(f"  got: {outcome.kind} {' '.join(outcome.reading.responses)}", style="bold", markup=False)
        for line in outcome.reply.splitlines():
            console.print(f"  | {line}", markup=False, soft_wrap=True)
        if outcome.group == "dialogue" and outcome.context is None:
            console.print("  hits without the conversation before:", style="dim")
        for line in hit_lines(assistant.examine(outcome.text, outcome.context or Context())):
            console.print(f"  {line}", style="dim", markup=False, soft_wrap=True)


def hit_lines(examination: Examination) -> list[str]:
    """Say why the core decided as it did, and what it found."""
    lines = [f"stand-alone: {examination.question}"]
    if examination.red_flag:
        lines.append(f"red flag: {examination.red_flag.category} ({examination.red_flag.evidence})")
    if examination.near_miss:
        near_miss = examination.near_miss
        lines.append(f"near miss: {near_miss.type} ({near_miss.evidence}){'' if near_miss.strong else ', soft'}")
    if examination.evidence:
        evidence = examination.evidence
        features = " ".join(f"{name} {value:.2f}" for name, value in evidence.features.items() if name != "bias")
        missing = ", ".join(evidence.uncovered_terms) or "none"
        lines.append(f"evidence {evidence.probability:.2f} -> {evidence.decision}: {features}; uncovered: {missing}")
    for hit in (*examination.hits, *examination.further)[:10]:
        parts = " ".join(f"{name} {value:.2f}" for name, value in hit.parts.items())
        lines.append(f"{hit.score:.3f} {hit.passage.id} ({parts})")
    return lines


def save_report(report: Report, folder: Path = RESULTS) -> Path:
    """Write a dated JSON file; no question and no reply stands in it."""
    folder.mkdir(exist_ok=True)
    now = datetime.now(timezone.utc)
    how = "core" if report.where == "core" else "http"
    path = folder / f"{now:%Y-%m-%dT%H%M%SZ}-{report.part}-{how}.json"
    result = {
        "made": now.isoformat(timespec="seconds"),
        "part": report.part,
        "over_http": how == "http",
        "commit": git_commit(),
        "content": report.content,
        "load_average": [round(value, 2) for value in os.getloadavg()],
        "goals": [_with_interval(rate) | {"reached": rate.reached} for rate in report.goals],
        "words_mean": round(report.words, 1),
        "recall": {
            "keys": report.keys,
            "total": report.recall.total,
            "recall@1": report.recall.found(1),
            "recall@3": report.recall.found(3),
            "mrr@10": round(report.recall.mrr, 4),
        },
        "in_scope_replies": [_with_interval(rate) for rate in report.replies],
        "messages": [asdict(check) for check in report.checks],
        "rates": [_with_interval(rate) for rate in report.rates],
        "notes": list(report.notes),
    }
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _with_interval(rate: Rate) -> dict[str, Any]:
    data: dict[str, Any] = {"name": rate.name, "hits": rate.hits, "total": rate.total, "share": round(rate.share, 4)}
    if rate.total:
        data["interval"] = [round(value, 4) for value in wilson(rate.hits, rate.total)]
    if rate.goal is not None:
        data |= {"goal": rate.goal, "at_most": rate.at_most}
    return data


def git_commit(folder: Path = RESULTS.parent) -> str:
    """Return the commit of the code that was measured, with `+changes` where files differ from it."""
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return "unknown"
    return f"{commit}+changes" if _git(folder, "status", "--porcelain", "--untracked-files=no") else commit


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
