"""`healthqa ask --explain`: what the assistant found, how it weighed it, and why it answered, offered or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from healthqa.coefficients import coefficients_of
from healthqa.weights import weights_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from healthqa.evidence import Evidence
    from healthqa.examiner import Examination
    from healthqa.types import Answer, Hit

__all__ = ["examination_to_json", "hit_to_json", "print_explanation", "scores_by_part"]

_VERDICTS = {
    "answer": ("answered", "bold green"),
    "clarify": ("offered other questions", "bold yellow"),
    "refuse": ("refused", "bold red"),
    "emergency": ("raised the alarm", "bold white on red"),
    "crisis": ("raised the alarm", "bold white on red"),
}
_PREVIEW = 160


def print_explanation(console: Console, answer: Answer, examination: Examination, threshold: float) -> None:
    """Print the reasons below an answer.

    :param threshold: evidence from which on a passage is shown.
    """
    verdict, style = _VERDICTS.get(answer.kind, (answer.kind, "bold"))
    console.rule("why")
    _line(console, f"{verdict} – {answer.kind}: {answer.reason}", style)
    _line(console, f"stand-alone question: {examination.question}")
    for reason, colour in _reasons(answer, examination, threshold):
        _line(console, reason, colour)
    if examination.evidence is not None:
        console.print(_evidence_table(examination.evidence))
    shown = {hit.passage.id for hit in answer.passages}
    further = [hit for hit in examination.further if hit.passage.id in shown]
    for number, hit in enumerate([*examination.hits, *further], start=1):
        _print_hit(console, number, hit, shown=hit.passage.id in shown)


def _reasons(answer: Answer, examination: Examination, threshold: float) -> Iterator[tuple[str, str]]:
    """Yield each thing that spoke for or against an answer, with its colour."""
    flag, near_miss, evidence = examination.red_flag, examination.near_miss, examination.evidence
    if flag is not None:
        yield f"red flag: {flag.category}, because of “{flag.evidence}”; nothing was searched", "red"
    if near_miss is not None:
        found = f"kind of question that is refused: {near_miss.type} ({near_miss.evidence})"
        if near_miss.strong:
            yield f"{found}; a rule, so nothing was searched", "red"
        elif answer.kind == "answer":
            yield f"{found}; the evidence was strong enough to answer all the same", "yellow"
        else:
            yield f"{found}; only strong evidence would have overruled it", "red"
    if evidence is None:
        return
    yield f"question type: {evidence.question_type}", ""
    missing = ", ".join(evidence.uncovered_terms)
    yield f"terms that no passage covers: {missing or 'none'}", "yellow" if missing else "green"
    yield _evidence_sentence(evidence, threshold)


def _evidence_sentence(evidence: Evidence, threshold: float) -> tuple[str, str]:
    figure = f"evidence {evidence.probability:.2f}, from {threshold:.2f} on a passage is shown"
    if evidence.decision == "answer":
        return f"{figure}: it speaks for an answer", "green"
    if evidence.probability >= threshold:
        return f"{figure}: enough, but a question that is refused lies nearer than every passage", "yellow"
    if evidence.decision == "clarify":
        return f"{figure}: middling, good for an offer only", "yellow"
    return f"{figure}: too little", "red"


def _evidence_table(evidence: Evidence) -> Table:
    table = Table("what the evidence is made of", "value", "weight", "for or against")
    features = {name: value for name, value in evidence.features.items() if value}
    weights = coefficients_of(evidence.features)
    for name, value in sorted(features.items(), key=lambda item: -abs(weights.get(item[0], 0.0) * item[1])):
        weight = weights.get(name, 0.0)
        part = weight * value
        colour = "green" if part > 0 else "red"
        table.add_row(escape(name), f"{value:.2f}", f"{weight:+.1f}", f"[{colour}]{part:+.2f}[/{colour}]")
    return table


def _print_hit(console: Console, number: int, hit: Hit, *, shown: bool) -> None:
    mark = "  (shown)" if shown else ""
    _line(console, f"{number}. {hit.score:.3f}  {hit.passage.id}{mark}", "bold green" if shown else "bold")
    _line(console, f"   {scores_by_part(hit)}", "cyan")
    text = " ".join(hit.passage.text.split())
    _line(console, f"   {text[:_PREVIEW]}{'…' if len(text) > _PREVIEW else ''}", "dim")


def scores_by_part(hit: Hit) -> str:
    """Return the named parts of a score, each with the share it adds; parts without a share inform only."""
    parts = []
    weights = weights_of(leans="own" in hit.parts, learned="addressed" in hit.parts, exchanged="exchange" in hit.parts)
    for name, value in hit.parts.items():
        share = f" → {weights[name] * value:.2f}" if name in weights else ""
        parts.append(f"{name} {value:.2f}{share}")
    return "  ".join(parts)


def _line(console: Console, text: str, style: str = "") -> None:
    # The reader's words may look like markup; a terminal's width must not cut an id in two.
    console.print(text, style=style or None, markup=False, highlight=False, soft_wrap=True)


def hit_to_json(hit: Hit) -> dict[str, Any]:
    """Return a hit with its score and the parts of it."""
    parts = {name: round(float(value), 4) for name, value in hit.parts.items()}
    return {"id": hit.passage.id, "score": round(float(hit.score), 4), "parts": parts, "text": hit.passage.text}


def examination_to_json(answer: Answer, examination: Examination) -> dict[str, Any]:
    """Return the explanation for `--json`."""
    flag, near_miss, evidence = examination.red_flag, examination.near_miss, examination.evidence
    data: dict[str, Any] = {"question": examination.question, "reason": answer.reason}
    if flag is not None:
        data["red_flag"] = {"kind": flag.kind, "category": flag.category, "evidence": flag.evidence}
    if near_miss is not None:
        data["near_miss"] = {"type": near_miss.type, "evidence": near_miss.evidence, "strong": near_miss.strong}
    if evidence is not None:
        data["evidence"] = {
            "probability": round(evidence.probability, 4),
            "decision": evidence.decision,
            "question_type": evidence.question_type,
            "uncovered_terms": list(evidence.uncovered_terms),
            "features": {name: round(float(value), 4) for name, value in evidence.features.items()},
        }
    return data | {"hits": [hit_to_json(hit) for hit in examination.hits]}
