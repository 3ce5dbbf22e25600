#!/bin/sh
# Makes .venv (Python 3.10) and installs the locked packages into it. Done once: a stamp remembers what was installed,
# and an interrupted download goes on where it stopped. Run it as `make setup`; LOCK=requirements-serve.lock gives the
# smaller environment of a server that is handed an exported encoder.
set -eu
cd "$(dirname "$0")/.."

LOCK="${LOCK:-requirements.lock}"
VENV="${VENV:-.venv}"
UV_VERSION="0.13.8"
TORCH_CPU_INDEX="${TORCH_CPU_INDEX-https://download.pytorch.org/whl/cpu}"
NEEDED_KB=9000000
LOG_DIR=".steps"
STAMP="$VENV/healthqa-setup"

say() { printf '%s\n' "$*"; }
fail() {
    printf '\n%s\n' "$*" >&2
    exit 1
}

# Seconds since the epoch; `date +%s` is not in POSIX but in every system this runs on.
now() { date +%s; }

# What has to be the same for the installed environment to count as done (the folder too: an editable install names it).
fingerprint() {
    # Of pyproject.toml only what is installed: the settings of the checkers below it change more often.
    { pwd; cat "$LOCK" .python-version scripts/setup.sh; sed "/^\[tool.ruff\]/,\$d" pyproject.toml; } | cksum
}

# Name of an interpreter that can fetch uv. Asked from another folder: a pyenv shim obeys the .python-version here.
any_python() {
    for name in python3 python3.10 python3.11 python3.12 python3.13 python ${SYSTEM_PYTHON-/usr/bin/python3}; do
        found=$(cd / && "$name" -c 'import sys; assert sys.version_info >= (3, 8); print(sys.executable)' 2>/dev/null) || continue
        say "$found"
        return 0
    done
    return 1
}

# Turns what uv or pip wrote into one sentence that says what to do.
explain() {
    log="$1"
    if grep -qiE 'no space left|os error 28|disk quota' "$log"; then
        fail "The disk is full. Free about 9 GB (the uv cache can be emptied with: uv cache clean), then call make again: it goes on where it stopped."
    elif grep -qiE 'dns|resolve host|name resolution|connection refused|connect error|network is unreachable|timed out|failed to fetch|failed to download|error sending request|connection reset|new connection' "$log"; then
        fail "The package index cannot be reached or a download broke off. Check the network (or the proxy settings), then call make again: what was downloaded is kept. Details: $log"
    elif grep -qiE 'permission denied|os error 13' "$log"; then
        fail "A file or folder cannot be written (permission denied). Details: $log"
    fi
    tail -n 5 "$log" >&2
    fail "The step failed. Details: $log"
}

# run_logged LOG COMMAND...: on a terminal uv draws its progress bars first; what fails there is tried once more with the
# output kept in LOG for explain(). A second try also mends most broken downloads: uv goes on where it stopped.
run_logged() {
    log="$1"
    shift
    if [ -t 2 ] && "$@"; then
        return 0
    fi
    "$@" >"$log" 2>&1
}

get_uv() {
    if command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1; then
        UV=uv
        return 0
    fi
    UV=".tools/uv/bin/uv"
    if [ -x "$UV" ] && "$UV" --version >/dev/null 2>&1; then
        return 0
    fi
    started=$(now)
    say "uv is not installed: getting uv $UV_VERSION from PyPI into .tools/ (about 25 MB) ..."
    python=$(any_python) || fail "No Python 3 was found. Install Python 3.10 (Debian: apt-get install python3 python3-pip; macOS: brew install python@3.10; pyenv: pyenv install 3.10) or uv (https://docs.astral.sh/uv/), then call make again."
    rm -rf .tools/uv
    mkdir -p .tools
    if "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m pip install --quiet --target .tools/uv "uv==$UV_VERSION" >"$LOG_DIR/uv.log" 2>&1 || explain "$LOG_DIR/uv.log"
    else
        "$python" -m venv .tools/uv >"$LOG_DIR/uv.log" 2>&1 ||
            fail "Python ($python) has neither pip nor venv. Install one (Debian: apt-get install python3-venv) or uv itself, then call make again."
        .tools/uv/bin/python -m pip install --quiet "uv==$UV_VERSION" >"$LOG_DIR/uv.log" 2>&1 || explain "$LOG_DIR/uv.log"
    fi
    "$UV" --version >/dev/null 2>&1 || fail "uv was installed into .tools/ but does not start. Remove .tools/ and call make again."
    say "    done in $(($(now) - started)) s"
}

make_venv() {
    # Commands in .venv/bin name their folder: after a move or a copy they would start the old folder's Python, or none.
    if [ "$(cat "$VENV/healthqa-folder" 2>/dev/null || pwd)" != "$(pwd)" ]; then
        say "The folder was moved or copied: making $VENV anew."
        rm -rf "$VENV"
    fi
    if [ -x "$VENV/bin/python" ] && "$VENV/bin/python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' 2>/dev/null; then
        return 0
    fi
    started=$(now)
    say "Making $VENV with Python 3.10 ..."
    rm -rf "$VENV"
    if ! UV_PYTHON_DOWNLOADS=never "$UV" venv --quiet --python 3.10 "$VENV" >"$LOG_DIR/venv.log" 2>&1; then
        say "    Python 3.10 is not on this machine: letting uv download one into its own folder (about 30 MB) ..."
        if ! "$UV" venv --quiet --python 3.10 "$VENV" >"$LOG_DIR/venv.log" 2>&1; then
            rm -rf "$VENV"
            grep -qiE 'no space left|os error 28' "$LOG_DIR/venv.log" && explain "$LOG_DIR/venv.log"
            fail "Python 3.10 is not on this machine and could not be downloaded. Install it (pyenv: pyenv install 3.10; macOS: brew install python@3.10; Ubuntu: the deadsnakes archive; or copy the folder that \`uv python dir\` names from a machine that has it), then call make again."
        fi
    fi
    pwd >"$VENV/healthqa-folder"
    say "    done in $(($(now) - started)) s"
}

check_disk() {
    free=$(df -Pk . | awk 'NR == 2 { print $4 }')
    case "$free" in '' | *[!0-9]*) return 0 ;; esac
    if [ "$free" -lt "$NEEDED_KB" ] && ! "$VENV/bin/python" -c 'import rasa' 2>/dev/null; then
        fail "The disk has only $((free / 1000000)) GB free; the environment needs about $((NEEDED_KB / 1000000)) GB. Free some, then call make again."
    fi
}

# PyTorch's CPU build spares about 1.8 GB of CUDA libraries. Its index is not reachable everywhere: try it briefly.
# Prints the requirements file to install.
choose_torch() {
    version=$(sed -n 's/^torch==//p' "$LOCK")
    if [ -z "$version" ] || [ -z "$TORCH_CPU_INDEX" ] || "$VENV/bin/python" -c 'import torch' 2>/dev/null; then
        say "$LOCK"
        return 0
    fi
    if UV_HTTP_TIMEOUT=10 UV_HTTP_RETRIES=0 "$UV" pip install --quiet --python "$VENV/bin/python" --no-deps \
        --index-url "$TORCH_CPU_INDEX" "torch==$version+cpu" >"$LOG_DIR/torch.log" 2>&1; then
        grep -vE '^(nvidia-|torch==)' "$LOCK" >"$LOG_DIR/requirements-cpu.lock"
        say "$LOG_DIR/requirements-cpu.lock"
        return 0
    fi
    say "$LOCK"
}

install() {
    started=$(now)
    requirements=$(choose_torch)
    if [ "$requirements" = "$LOCK" ]; then build="the default build"; else build="the CPU build"; fi
    if grep -q '^torch==' "$LOCK"; then say "torch: $build"; fi
    say "Installing $(grep -c '==' "$requirements") packages from $LOCK (several GB; a few minutes on a slow line) ..."
    run_logged "$LOG_DIR/install.log" "$UV" pip install --python "$VENV/bin/python" -r "$requirements" ||
        explain "$LOG_DIR/install.log"
    run_logged "$LOG_DIR/editable.log" "$UV" pip install --quiet --python "$VENV/bin/python" \
        --no-deps --no-build-isolation --config-setting editable_mode=compat -e . ||
        explain "$LOG_DIR/editable.log"
    # Bare `rasa test` looks for stories below the folder it is called in: it would find those of Rasa's starter project.
    rm -rf "$VENV"/lib/python3.10/site-packages/rasa/cli/initial_project/tests
    say "    done in $(($(now) - started)) s; $VENV takes $(du -sh "$VENV" | cut -f1)"
}

mkdir -p "$LOG_DIR" 2>/dev/null || fail "The folder $(pwd) cannot be written to."
if [ -f "$STAMP" ] && [ -x "$VENV/bin/python" ] && [ "$(cat "$STAMP")" = "$(fingerprint)" ]; then
    exit 0
fi
get_uv
make_venv
check_disk
install
fingerprint >"$STAMP" || fail "The disk is full: $STAMP could not be written."
