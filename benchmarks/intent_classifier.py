"""Compare intent classifiers on cross-validation folds and on held-out questions.

Run from the project folder, after `make index`: `python -m benchmarks.intent_classifier`.
All classifiers see the same vectors of the exported encoder; nothing is written.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from addons.components.sentence_intent_classifier import IntentModel
from evaluation.dialogues import load_dialogues
from healthqa.encoder import OnnxEncoder
from healthqa.settings import Settings

Vectors = NDArray[np.float32]
# Intents whose question must not be answered from the articles: falling back is as good for them as being recognised.
REFUSED = ("request_", "other_health_topic", "out_of_scope", "other_language")
BESIDE = {"out_of_scope", "other_health_topic", "chitchat", "other_language"}

# Answered by a fixed text: whoever asked about the articles gets no answer to it.
SMALL_TALK = {
    "acknowledge",
    "affirm",
    "challenge_bot",
    "challenge_doctor",
    "chitchat",
    "deny",
    "forget_me",
    "give_complaint",
    "give_praise",
    "goodbye",
    "greet",
    "other_language",
    "request_handoff",
    "request_help",
    "request_privacy",
    "request_provenance",
    "request_simpler",
    "request_stored_data",
    "thank",
}


@dataclass(frozen=True)
class Candidate:
    """A classifier to measure: how it is trained, and how far its input is scaled."""

    name: str
    scale: float
    fit: Callable[[Vectors, list[str]], Callable[[Vectors], tuple[list[str], NDArray[np.float64]]]]


def stock(vectors: Vectors, intents: list[str]) -> Callable[[Vectors], tuple[list[str], NDArray[np.float64]]]:
    """Train what Rasa's LogisticRegressionClassifier trains."""
    model = LogisticRegression(max_iter=100, class_weight="balanced", tol=1e-4, random_state=42)
    model.fit(vectors, intents)
    return lambda new: (list(model.classes_), model.predict_proba(new))


def ours(
    strength: float, temper: bool = False, balanced: bool = False
) -> Callable[[Vectors, list[str]], Callable[[Vectors], tuple[list[str], NDArray[np.float64]]]]:
    """Return the training of our classifier.

    :param temper: confidence = sqrt(chance x cosine of the nearest example), a gate for texts unlike every example.
    """

    def fit(vectors: Vectors, intents: list[str]) -> Callable[[Vectors], tuple[list[str], NDArray[np.float64]]]:
        model = IntentModel.fit(vectors, intents, strength, balanced=balanced)

        def predict_new(new: Vectors) -> tuple[list[str], NDArray[np.float64]]:
            chances = model.confidences(new)
            if not temper:
                return list(model.classes), chances
            nearest = (unit(new) @ unit(vectors).T).max(axis=1, keepdims=True)
            return list(model.classes), np.sqrt(chances * np.clip(nearest, 0.0, 1.0))

        return predict_new

    return fit


def unit(vectors: Vectors) -> Vectors:
    """Return the rows with length one."""
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


CANDIDATES = [
    Candidate("stock, unscaled", 1.0, stock),
    Candidate("stock, x5", 5.0, stock),
    Candidate("ours, x5, C=1", 5.0, ours(1.0)),
    Candidate("ours, x5, C=1, balanced", 5.0, ours(1.0, balanced=True)),
    Candidate("ours, x5, C=1, tempered", 5.0, ours(1.0, temper=True)),
    Candidate("ours, x5, C=4", 5.0, ours(4.0)),
]


def training_examples(folder: Path) -> tuple[list[str], list[str]]:
    """Return texts and intents of all NLU files."""
    texts: list[str] = []
    intents: list[str] = []
    for path in sorted(folder.glob("*.yml")):
        for entry in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("nlu") or ():
            for line in str(entry.get("examples") or "").splitlines() if "intent" in entry else ():
                if line.strip().startswith("- "):
                    texts.append(line.strip()[2:])
                    intents.append(entry["intent"])
    return texts, intents


def plain(text: str) -> str:
    """Return the text as it is compared with others."""
    return text.lower().strip("?!. ")


def predict(
    candidate: Candidate, train: Vectors, intents: list[str], test: Vectors
) -> tuple[list[str], NDArray[np.float64]]:
    """Return the best intent and its confidence for each row of `test`."""
    names, confidences = candidate.fit(train * candidate.scale, intents)(test * candidate.scale)
    return [names[i] for i in confidences.argmax(axis=1)], confidences.max(axis=1)


def cross_validation(candidate: Candidate, vectors: Vectors, intents: list[str]) -> tuple[list[str], Vectors]:
    """Return predictions for each example, made by a model that has not seen it."""
    guesses = np.empty(len(intents), dtype=object)
    confidences = np.zeros(len(intents))
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(vectors, intents):
        names, sure = predict(candidate, vectors[train], [intents[i] for i in train], vectors[test])
        guesses[test], confidences[test] = names, sure
    return list(guesses), confidences


def same_treatment(wanted: str, guess: str, confidence: float, threshold: float) -> bool:
    """Say whether the reader gets the right kind of reply: a fallback still looks a question up, and refuses well."""
    if confidence < threshold:
        return wanted.startswith(("ask_", *REFUSED))
    return wanted == guess or (wanted.startswith("ask_") and guess.startswith("ask_"))


def report(name: str, wanted: list[str], guesses: list[str], sure: NDArray[np.float64], thresholds: list[float]) -> str:
    """Return one line of figures."""
    right = np.array([a == b for a, b in zip(wanted, guesses, strict=True)])
    parts = [f"top-1 {100 * right.mean():5.1f} %", f"median confidence {np.median(sure):.2f}"]
    for threshold in thresholds:
        served = np.mean(
            [same_treatment(w, g, float(s), threshold) for w, g, s in zip(wanted, guesses, sure, strict=True)]
        )
        kept = (right & (sure >= threshold)).mean()
        parts.append(f"@{threshold}: kept right {100 * kept:5.1f} %, served {100 * served:5.1f} %")
    return f"{name:28} {len(wanted):5}  " + "; ".join(parts)


def follow_ups() -> list[str]:
    """Return the later turns of the dev dialogues that are no small talk."""
    turns = (turn for dialogue in load_dialogues() if dialogue.part == "dev" for turn in dialogue.turns[1:])
    return [turn.text for turn in turns if turn.needs or turn.expect == ("refuse",)]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--held-out", type=Path, default=Path("tests/rasa/held_out.yml"))
    parser.add_argument("--thresholds", type=float, nargs="+", default=[0.3, 0.4, 0.5])
    arguments = parser.parse_args()
    encoder = OnnxEncoder.load(Settings.from_env().encoder_dir)
    texts, intents = training_examples(arguments.data)
    held = yaml.safe_load(arguments.held_out.read_text(encoding="utf-8"))
    strange = held.pop("_strange")
    held_texts = [text for examples in held.values() for text in examples]
    held_intents = [intent for intent, examples in held.items() for _ in examples]
    known = {plain(text) for text in texts}
    fresh = [i for i, text in enumerate(held_texts) if plain(text) not in known]
    print(f"{len(texts)} examples, {len(set(intents))} intents; {len(fresh)} held out", end=" ")
    print(f"({len(held_texts) - len(fresh)} more left out: they are training examples too)")
    held_texts, held_intents = [held_texts[i] for i in fresh], [held_intents[i] for i in fresh]
    vectors, held_vectors, strange_vectors = encoder.encode(texts), encoder.encode(held_texts), encoder.encode(strange)
    further_vectors = encoder.encode(follow_ups())
    for candidate in CANDIDATES:
        start = time.perf_counter()
        guesses, sure = predict(candidate, vectors, intents, held_vectors)
        seconds = time.perf_counter() - start
        print(f"{candidate.name} (trained in {seconds:.1f} s)")
        folds = cross_validation(candidate, vectors, intents)
        print("  " + report("5 folds", intents, *folds, arguments.thresholds))
        print("  " + report("held out", held_intents, guesses, sure, arguments.thresholds))
        odd, odd_sure = predict(candidate, vectors, intents, strange_vectors)
        for threshold in arguments.thresholds:
            caught = sum(s < threshold or g in BESIDE for g, s in zip(odd, odd_sure, strict=True))
            print(f"  strange texts kept away @{threshold}: {caught}/{len(strange)}")
        talk, talk_sure = predict(candidate, vectors, intents, further_vectors)
        for threshold in arguments.thresholds:
            taken = sum(s >= threshold and g in SMALL_TALK for g, s in zip(talk, talk_sure, strict=True))
            print(f"  follow-ups taken for small talk @{threshold}: {taken}/{len(talk)}")


if __name__ == "__main__":
    main()
