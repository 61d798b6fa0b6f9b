#!/usr/bin/env bash
# Makes .venv from requirements-dev.txt, every package checked against its hash. Safe to interrupt and run again.
set -euo pipefail
cd "$(dirname "$0")"

fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

python=${PYTHON311:-python3.11}
command -v "$python" >/dev/null || fail "Python 3.11 was not found as '$python'; install it, or set PYTHON311 to its path"
started=$SECONDS
if [ ! -x .venv/bin/pip ]; then
    printf 'setup: virtual environment in .venv\n' >&2
    "$python" -m venv .venv || fail "'$python -m venv' failed; on Debian: apt-get install python3.11-venv"
fi
if [ ! -x .venv/bin/uv ]; then
    printf 'setup: uv, which installs the rest\n' >&2
    .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt ||
        fail "uv could not be installed; is the package registry reachable?"
fi
printf 'setup: packages of requirements-dev.txt\n' >&2
.venv/bin/uv pip install --python .venv/bin/python --require-hashes --quiet -r requirements-dev.txt ||
    fail "the packages could not be installed; is the package registry reachable? Run it again: what is done stays done"
touch .venv/ready
printf 'setup: ready after %d s\n' $((SECONDS - started)) >&2
