#!/usr/bin/env bash
# Makes .venv from requirements-dev.txt, and fetches the compiled code of functions from requirements-lambda.txt; every
# package is checked against its hash. Safe to interrupt and run again.
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
machines=$(.venv/bin/python -c 'from components.aws.compiled import MACHINES, wheels; [print(m, wheels(m)) for m in MACHINES]')
while read -r machine place; do
    if [ ! -e "$place/complete" ]; then
        printf 'setup: compiled code of functions for %s\n' "$machine" >&2
        making=$place.$$
        .venv/bin/uv pip install --quiet --target "$making" --python-platform "$machine-manylinux2014" \
            --python-version 3.11 --only-binary :all: --require-hashes -r requirements-lambda.txt ||
            fail "the wheels for $machine could not be fetched; is the package registry reachable?"
        touch "$making/complete"
        rm -rf "$place" && mv -T "$making" "$place"
    fi
done <<<"$machines"
touch .venv/ready
printf 'setup: ready after %d s\n' $((SECONDS - started)) >&2
