"""The build steps between installation and serving: `python -m scripts.steps encoder|alarms|index|answerability|train`.

Each step runs only when something it depends on changed, says what it does and how long it took, and ends with a
sentence instead of a traceback. Each step includes those before it.
"""

from __future__ import annotations

import errno
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from healthqa.errors import HealthQAError
from healthqa.settings import Settings
from scripts.children import child_environment
from scripts.stamps import exclusive, files_hash, is_fresh, write_stamp
from scripts.training import latest_model, train_model

__all__ = ["ROOT", "Step", "StepError", "main", "run_steps", "steps_of"]

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "healthqa"
STATE = ROOT / ".steps"
ORDER = ("encoder", "alarms", "index", "answerability", "train")


class StepError(Exception):
    """A step failed; the text is fit to be shown as it is."""


@dataclass(frozen=True)
class Step:
    """One build step.

    :param title: what it does, shown while it runs.
    :param inputs: hash of everything it depends on, taken when the step's turn comes.
    :param output: identifies what it made; empty when that is missing.
    :param run: does it; returns an exit code.
    """

    name: str
    title: str
    inputs: Callable[[], str]
    output: Callable[[], str]
    run: Callable[[], int]


def steps_of(settings: Settings) -> dict[str, Step]:
    """List the steps in their order, for the folders that the settings name."""
    makers = (_encoder_step, _alarms_step, _index_step, _answerability_step, _train_step)
    steps = [make(settings) for make in makers]
    return {step.name: step for step in steps}


def _encoder_step(settings: Settings) -> Step:
    return Step(
        "encoder",
        "Exporting the encoder to ONNX (about 20 s)",
        lambda: _hash([CORE / "encoder_export.py", ROOT / "requirements.lock"], _encoder_choice(settings)),
        lambda: _hash_of_file(_encoder_file(settings)),
        lambda: _healthqa("export-encoder"),
    )


def _alarms_step(settings: Settings) -> Step:
    return Step(
        "alarms",
        "Training the model that finds alarms and reads intents (about 30 minutes on 2 cores; once)",
        lambda: _hash([settings.alarms_dir, *_alarm_code()], str(settings.alarm_model_dir)),
        lambda: _hash_of_file(settings.alarm_model_dir / "alarms.json"),
        lambda: _healthqa("train-alarms"),
    )


def _index_step(settings: Settings) -> Step:
    encoder_file = _encoder_file(settings)
    # Building is incremental and quick: any change of the core counts, rather than a list that goes stale.
    inputs = [settings.articles_dir, settings.lexicon_dir, encoder_file, CORE, *_given(settings.questions_dir)]
    return Step(
        "index",
        f"Building the index from {_short(settings.articles_dir)}",
        lambda: _hash(inputs, str(settings.articles_dir)),
        lambda: _index_state(settings.index_dir),
        lambda: _healthqa("index"),
    )


def _answerability_step(settings: Settings) -> Step:
    models = [_encoder_file(settings), settings.alarm_model_dir / "alarms.json"]
    names = ("addressing", "answerability", "answerability_training", "exchanges")
    code = [CORE / f"{name}.py" for name in names]
    # Whose anticipated questions count depends on the articles; a new passage alone is soon found to change nothing.
    questions = [settings.articles_dir, settings.lexicon_dir / "near_misses.yml", *_given(settings.questions_dir)]
    inputs = [*questions, *_given(settings.follow_ups_dir), *models, *code]
    return Step(
        "answerability",
        "Learning from the answered and the refused questions (about 2 minutes)",
        lambda: _hash(inputs, str(settings.answerability_dir)),
        # Without anticipated questions there is nothing to learn, and no file.
        lambda: _hash_of_file(settings.answerability_dir / "answerability.json") or "nothing learned",
        lambda: _healthqa("train-answerability"),
    )


def _train_step(settings: Settings) -> Step:
    project = [ROOT / "data", ROOT / "domain.yml", ROOT / "config.yml", ROOT / "addons" / "components"]
    core = [CORE / "safety", *(CORE / f"{name}.py" for name in ("encoder", "lexicon", "spelling"))]
    reader = settings.alarm_model_dir / "alarms.json"
    inputs = [*project, settings.lexicon_dir, settings.responses_path, reader, *core]
    return Step(
        "train",
        "Training the model",
        lambda: _hash(inputs),
        lambda: latest_model(ROOT / "models"),
        lambda: train_model(ROOT, STATE / "train.log"),
    )


def run_steps(last: str, settings: Settings | None = None) -> list[str]:
    """Run what is needed up to and including the step `last`.

    :return: names of the steps that were run; empty when everything was up to date.
    :raises StepError: when one fails.
    """
    done: list[str] = []
    steps = steps_of(settings or Settings.from_env())
    with exclusive(STATE / "lock", "Another run is building in this folder: waiting for it ..."):
        for name in ORDER[: ORDER.index(last) + 1]:
            step, stamp = steps[name], STATE / f"{name}.json"
            inputs = step.inputs()
            if is_fresh(stamp, inputs, step.output()):
                continue
            _run_one(step)
            write_stamp(stamp, inputs, step.output())
            done.append(name)
    return done


def _run_one(step: Step) -> None:
    print(f"{step.title} ...", flush=True)
    started = time.monotonic()
    code = step.run()
    if code or not step.output():
        raise StepError(f"{step.title}: this step failed (see above). Mend it, then call make again.")
    print(f"    done in {time.monotonic() - started:.0f} s", flush=True)


def _healthqa(command: str) -> int:
    return subprocess.run([sys.executable, "-m", "healthqa.cli", command], cwd=ROOT, env=child_environment()).returncode


def _alarm_code() -> list[Path]:
    return [CORE / "safety" / name for name in ("trainer.py", "training.py")]


def _encoder_file(settings: Settings) -> Path:
    return settings.encoder_dir / "encoder.json"


def _encoder_choice(settings: Settings) -> str:
    return f"{settings.encoder_model} {settings.encoder_sha256} {settings.encoder_dir}"


def _index_state(index_dir: Path) -> str:
    """Name the version that the pointer file names; it changes when somebody builds another index by hand."""
    pointers = sorted(path for path in index_dir.glob("*") if path.is_file()) if index_dir.is_dir() else []
    return _hash(pointers) if pointers else ""


def _given(path: Path | None) -> list[Path]:
    return [path] if path else []


def _hash_of_file(path: Path) -> str:
    return _hash([path]) if path.exists() else ""


def _hash(paths: list[Path], extra: str = "") -> str:
    return files_hash(paths, ROOT, extra)


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def main(arguments: list[str] | None = None) -> int:
    """Run the steps up to the one named on the command line; return the exit code."""
    names = sys.argv[1:] if arguments is None else arguments
    if len(names) != 1 or names[0] not in ORDER:
        print(f"Name one step: {', '.join(ORDER)}.", file=sys.stderr)
        return 2
    try:
        if not run_steps(names[0]) and names[0] != "train":
            print("Nothing to do: everything is up to date.")
    except (StepError, HealthQAError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except OSError as error:
        advice = "The disk is full: free some space" if error.errno == errno.ENOSPC else f"{error}: mend that"
        print(f"\n{advice}, then call make again.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The next make goes on here.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
