"""Compiled code of a function: modules of pinned wheels for each machine that a zip may run on.

`make setup` fetches the wheels of requirements-lambda.txt, checked against its hashes, into a cache outside the
checkout; here they are only read. They are manylinux2014, that is for glibc 2.17 and later; Lambda's Python 3.11 runs
on Amazon Linux 2, which has 2.26 (docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html; the number is unverified).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

LOCK = Path(__file__).resolve().parents[2] / "requirements-lambda.txt"
PYTHON = "311"
# Functions run on arm64 (components/aws/function.py), and the sandbox runs the same zip on the machine that it is on.
MACHINES = ("aarch64", "x86_64")
PARTS: Mapping[str, tuple[str, ...]] = {"rotate-certificate": ("cryptography/", "_cffi_backend.")}
"""What a package takes from the wheels: paths that begin so, modules alone."""
MARK = "complete"
_STABLE = ".abi3.so"


class CompiledError(RuntimeError):
    """The wheels are not there."""


def modules(name: str) -> dict[str, bytes]:
    """The modules of a package by their path in the zip; none where the package needs no compiled code.

    Each machine's own are beside each other: a compiled module whose name does not say its machine is given one that
    does, and Python looks for that one first (docs.python.org/3/library/importlib.html, EXTENSION_SUFFIXES).

    Raises:
        CompiledError: a wheel is missing.
    """
    if name not in PARTS:
        return {}
    found: dict[str, bytes] = {}
    for machine in MACHINES:
        place = wheels(machine)
        if not (place / MARK).exists():
            raise CompiledError(f"the compiled code of '{name}' for {machine} is not in {place}; run `make setup`")
        for path in sorted(place.rglob("*")):
            member = path.relative_to(place).as_posix()
            if path.suffix in (".py", ".so") and member.startswith(PARTS[name]):
                found[_of_machine(member, machine)] = path.read_bytes()
    return found


def wheels(machine: str) -> Path:
    """Where the unpacked wheels for a machine are; another lock has another folder."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    cache = Path(os.environ.get("LLMOBS_CACHE") or Path(base) / "llm-observatory-secrets")
    key = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    return cache / f"lambda-wheels-{machine}-{key}"


def _of_machine(member: str, machine: str) -> str:
    if not member.endswith(_STABLE):
        return member
    return f"{member.removesuffix(_STABLE)}.cpython-{PYTHON}-{machine}-linux-gnu.so"
