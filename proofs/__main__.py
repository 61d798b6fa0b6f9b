"""Run proofs: `python -m proofs [NAME ...]`, all of them without a name; `--list` says what there is.

The exit code is the verdict: 0 when every proof that ran reached its aim. A proof that raises has not.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import signal
import sys
import time
import traceback
from collections.abc import Callable

from proofs import ROOT
from secretsctl.talk import say, show_table

# In the order in which they run: what is quick and fundamental first. Each is a module of this folder with a function
# `prove() -> bool`, which prints its table and its aim; it is imported only when it runs.
NAMES = ("model", "crash", "concurrency", "stateful", "revocation", "hostile", "scale", "logins")


def promise(name: str) -> str:
    """The first line of a proof's docstring, read without importing it."""
    source = ROOT / "proofs" / f"{name}.py"
    if not source.exists():
        return "not there"
    text = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


def attempt(name: str) -> bool:
    """Run one proof. Whatever goes wrong in it, the others still run."""
    say(f"\n{name}: {promise(name)}")
    try:
        prove: Callable[[], bool] = importlib.import_module(f"proofs.{name}").prove
        return prove()
    except Exception:  # noqa: BLE001 - a proof that fails to run is a proof that failed
        traceback.print_exc()
        return False


def main(arguments: list[str]) -> int:
    """Run the named proofs, or all, and print one line for each."""
    parser = argparse.ArgumentParser(prog="python -m proofs", description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--list", action="store_true", help="what each proof shows; runs nothing")
    chosen = parser.parse_args(arguments)
    if unknown := sorted(set(chosen.names) - set(NAMES)):
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(NAMES)}")
    if chosen.list:
        show_table(["proof", "shows"], [[name, promise(name)] for name in NAMES])
        return 0
    rows = []
    for name in chosen.names or NAMES:
        began = time.monotonic()
        held = attempt(name)
        rows.append([name, "proved" if held else "FAILED", f"{time.monotonic() - began:.0f} s", promise(name)])
    show_table(["proof", "verdict", "time", "shows"], rows)
    return 0 if all(row[1] == "proved" for row in rows) else 1


if __name__ == "__main__":
    # Servers are stopped on the way out, so whoever ends us must not skip it; a shell's background jobs ignore Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(1))
    sys.exit(main(sys.argv[1:]))
