"""Writes the list of packages in THIRD_PARTY.md from requirements.lock and the packages' own metadata.

Run it after `make lock` and `make setup`: `python -m scripts.licences`.
"""

from __future__ import annotations

import importlib.metadata
import re
import sys
from collections import defaultdict
from email.message import Message
from pathlib import Path
from typing import cast

__all__ = ["licence_of", "listing", "main", "packages"]

ROOT = Path(__file__).resolve().parent.parent
START, END = "<!-- packages: start -->", "<!-- packages: end -->"
# What the metadata says too vaguely or leaves out; read from the licence files of the packages.
KNOWN = {
    "axe-playwright-python": "MIT, with axe-core under MPL-2.0",
    "dnspython": "ISC",
    "skops": "MIT",
    "pyphen": "GPL-2.0+ / LGPL-2.1+ / MPL-1.1 (one of them)",
}
SHORT = {
    "Apache Software License": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "MIT License": "MIT",
    "BSD": "BSD",
    "BSD License": "BSD",
    "3-Clause BSD License": "BSD",
    "BSD-3-Clause": "BSD",
    "BSD-2-Clause": "BSD",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "ISC License (ISCL)": "ISC",
    "Python Software Foundation License": "PSF-2.0",
    "Other/Proprietary License": "NVIDIA's CUDA licence (proprietary, redistributable)",
    "GNU Library or Lesser General Public License (LGPL)": "LGPL-3.0 with exceptions",
}
_NAMELESS = {"OSI Approved", "DFSG approved"}


def packages(lock: Path) -> list[str]:
    """Name the packages of a lock file."""
    return [
        line.split("==")[0] for line in lock.read_text(encoding="utf-8").splitlines() if re.match(r"[\w.-]+==", line)
    ]


def licence_of(name: str) -> str:
    """Give the licence that an installed package declares, shortened to one usual name."""
    if name in KNOWN:
        return KNOWN[name]
    metadata = cast(Message, importlib.metadata.metadata(name))
    expression = metadata.get("License-Expression") or ""
    if expression:
        return SHORT.get(expression, expression)
    trove = [text for text in metadata.get_all("Classifier") or [] if text.startswith("License ::")]
    names = [
        SHORT.get(last, last) for last in (text.split("::")[-1].strip() for text in trove) if last not in _NAMELESS
    ]
    text = (metadata.get("License") or "not stated").splitlines()[0]
    return " / ".join(dict.fromkeys(names)) or SHORT.get(text, text)


def listing(names: list[str]) -> str:
    """Group packages by licence, as Markdown table rows."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in names:
        groups[licence_of(name)].append(name)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return "\n".join(
        ["| licence | packages |", "|---|---|", *(f"| {key} | {', '.join(group)} |" for key, group in ordered)]
    )


def main() -> int:
    """Replace the list between the two marks; return 0."""
    file = ROOT / "THIRD_PARTY.md"
    before, _, rest = file.read_text(encoding="utf-8").partition(START)
    after = rest.partition(END)[2]
    table = listing(packages(ROOT / "requirements.lock"))
    file.write_text(f"{before}{START}\n{table}\n{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
