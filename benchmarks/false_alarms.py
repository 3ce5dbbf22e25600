"""False alarms on messages that have nothing to do with us: public sets of requests, complaints and medical questions.

Run from the project folder: `python -m benchmarks.false_alarms FOLDER`. The folder holds `clinc150/data_full.json`
(clinc/oos-eval), `banking77/banking77_test.csv` (PolyAI-LDN) and `mqp/mqp.csv` (curai); what is missing is left out.
The first two hold no emergency. Of the medical questions some describe one: their share is no error rate, but a
change in it is worth a look. `--show N` prints some of the alarms.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from evaluation.safety.score import wilson_interval
from healthqa.safety import default_detector, detect

SEED = 1
MOST = 2000


def read_sets(folder: Path) -> Mapping[str, Sequence[str]]:
    """Return name -> messages, at most `MOST` of each set, picked by a fixed seed.

    :raises SystemExit: when the folder holds none of the sets.
    """
    found: dict[str, list[str]] = {}
    clinc, banking, questions = (
        folder / name for name in ("clinc150/data_full.json", "banking77/banking77_test.csv", "mqp/mqp.csv")
    )
    if clinc.exists():
        content = json.loads(clinc.read_text(encoding="utf-8"))
        found["CLINC150 in scope"] = [text for text, _ in content["test"]]
        found["CLINC150 out of scope"] = [text for text, _ in content["oos_test"]]
    if banking.exists():
        with banking.open(encoding="utf-8", newline="") as file:
            found["BANKING77"] = [row["text"] for row in csv.DictReader(file)]
    if questions.exists():
        with questions.open(encoding="utf-8", newline="") as file:
            found["MQP (medical questions)"] = sorted({row[1] for row in csv.reader(file)})
    if not found:
        raise SystemExit(f"{folder} holds none of the sets; benchmarks/false_alarms.py names them.")
    picked = random.Random(SEED)
    return {name: picked.sample(texts, min(MOST, len(texts))) for name, texts in found.items()}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--patterns", action="store_true", help="the patterns without the classifier")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print up to N of the alarms of each set")
    options = parser.parse_args()
    find = default_detector().detect if options.patterns else detect
    for name, texts in read_sets(options.folder).items():
        alarms = [(flag, text) for text in texts if (flag := find(text)) is not None]
        low, high = wilson_interval(len(alarms), len(texts))
        share = len(alarms) / len(texts)
        print(f"{name:<26}{len(alarms):>4}/{len(texts):<5}{share:>6.1%}  [{low:.1%}, {high:.1%}]", flush=True)
        for flag, text in alarms[: options.show]:
            print(f"    {flag.kind} ({flag.category}): {text[:150]}")


if __name__ == "__main__":
    main()
