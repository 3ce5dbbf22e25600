"""The committed bundle: built from the source that lies beside it, small, without addresses. Needs no node."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

from healthqa.answer import DISCLAIMER, NOT_REVIEWED, SOURCE_PREFIX

ROOT = Path(__file__).resolve().parents[2]
WIDGET = ROOT / "widget"
BUNDLE = ROOT / "addons" / "channels" / "static" / "widget.js"
HEADER = re.compile(
    r"/\*! health-chat, Apache-2\.0, built from widget/: source ([0-9a-f]{32}) code ([0-9a-f]{32}) \*/\n"
)
LIMIT = 14_000


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def source_hash() -> str:
    """The same as `sourceHash` of widget/build.mjs."""
    names = [f"src/{path.name}" for path in (WIDGET / "src").iterdir()]
    names += ["build.mjs", "package-lock.json", "tsconfig.json"]
    lines = (f"{name} {sha256((WIDGET / name).read_bytes())}\n" for name in sorted(names))
    return sha256("".join(lines).encode())


def test_bundle_is_built_from_the_source_beside_it() -> None:
    bundle = BUNDLE.read_text(encoding="utf-8")
    header = HEADER.match(bundle)
    assert header, "The first line of widget.js is not the one that widget/build.mjs writes."
    source, code = header.groups()
    assert source == source_hash(), "widget/ changed after the build: run `npm ci && npm run build` there."
    assert code == sha256(bundle[header.end() :].encode()), "widget.js was changed by hand: build it anew."
    if shutil.which("node") and (WIDGET / "node_modules").is_dir():
        command = ["node", "build.mjs", "--check"]
        built = subprocess.run(command, cwd=WIDGET, capture_output=True, text=True, timeout=60, check=False)
        assert built.returncode == 0, built.stderr


def test_bundle_is_small() -> None:
    assert len(gzip.compress(BUNDLE.read_bytes(), 9, mtime=0)) <= LIMIT


def test_bundle_uses_no_sink_that_trusted_types_guard() -> None:
    bundle = BUNDLE.read_text(encoding="utf-8")
    sinks = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|DOMParser|setHTML"
    assert re.findall(sinks, bundle) == []
    # The only addresses in it are the name space of SVG and the two examples in a message and a pattern.
    assert set(re.findall(r"https?://[\w.-]+", bundle)) == {"http://www.w3.org", "https://chat.example.org"}


def test_lock_file_names_no_registry_and_runs_nothing_at_installation() -> None:
    lock = (WIDGET / "package-lock.json").read_text(encoding="utf-8")
    assert "resolved" not in lock
    assert "://" not in re.sub(r'"url": "[^"]*"', "", lock)
    assert "ignore-scripts=true" in (WIDGET / ".npmrc").read_text(encoding="utf-8")


def test_english_strings_repeat_what_the_core_says() -> None:
    """The disclaimer has one place, healthqa/answer.py; before the first answer the widget needs it too."""
    strings = json.loads((WIDGET / "src" / "strings.en.json").read_text(encoding="utf-8"))
    assert strings["disclaimer"] == DISCLAIMER
    card = (WIDGET / "src" / "card.ts").read_text(encoding="utf-8")
    assert f'SOURCE_PREFIX = "{SOURCE_PREFIX}"' in card
    assert re.escape(NOT_REVIEWED).replace("\\ ", " ").removesuffix(r"\.") in card
