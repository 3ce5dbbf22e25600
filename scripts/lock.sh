#!/bin/sh
# Writes requirements.lock, and requirements-serve.lock with the same versions. No registry address goes into them.
set -eu
cd "$(dirname "$0")/.."
UV=uv
command -v uv >/dev/null 2>&1 || UV=.tools/uv/bin/uv
if ! "$UV" --version >/dev/null 2>&1; then
    .venv/bin/python -c 'import sys; print("uv is needed here: .tools/uv is missing, install uv or remove .venv and call make setup.")'
    exit 1
fi
compile() {
    "$UV" pip compile --quiet --no-emit-index-url --no-annotate --no-header --python-version 3.10 "$@"
}
if [ -n "${UPGRADE:-}" ]; then
    compile --upgrade requirements.in -o requirements.lock
else
    compile requirements.in -o requirements.lock
fi
rm -f requirements-serve.lock
compile requirements-serve.in -c requirements.lock -o requirements-serve.lock
for lock in requirements.lock requirements-serve.lock; do
    if grep -nE 'https?://|file:|^--' "$lock"; then
        echo "$lock names an address; see the lines above." >&2
        exit 1
    fi
done
echo "requirements.lock: $(grep -c '==' requirements.lock) packages; requirements-serve.lock: $(grep -c '==' requirements-serve.lock)"
