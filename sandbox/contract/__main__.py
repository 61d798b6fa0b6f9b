"""`python -m sandbox.contract [--json | --document]`: the contract on stock moto and on the sandbox, as a table.

With AWS_CONTRACT=real it runs on a real account as well, with the credentials of the environment. The exit code is 1
when the sandbox breaks the contract, or stock moto does not differ where the suite says so.
"""

from __future__ import annotations

import argparse
import os
import sys

from sandbox.contract import document, suite
from sandbox.contract.behaviour import Behaviour
from sandbox.contract.table import COLUMNS, Comparison
from secretsctl.talk import say, show, show_json, show_table


def main() -> int:
    """Run the suite on each AWS, one after the other; the exit code is the verdict."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.contract", description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the behaviours as JSON")
    parser.add_argument("--document", action="store_true", help="write docs/CONTRACT.md; runs nothing")
    arguments = parser.parse_args()
    try:
        if arguments.document:
            changed = document.write(suite.collect().values())
            say(f"{document.PATH.name}: {'written' if changed else 'unchanged'}")
            return 0
        comparison = Comparison(runs=_runs())
    except suite.ContractError as exc:
        say(f"error: {exc}")
        return 1
    _print(comparison, as_json=arguments.json)
    for line in comparison.broken:
        say(f"not as the contract says: {line}")
    return 1 if comparison.broken else 0


def _runs() -> dict[str, dict[str, Behaviour]]:
    kinds = ["moto", "sandbox", *(["real"] if os.environ.get("AWS_CONTRACT") == "real" else [])]
    runs = {}
    for kind in kinds:
        say(f"the contract on {COLUMNS[kind]}:")
        runs[kind] = suite.run(kind)
    return runs


def _print(comparison: Comparison, *, as_json: bool) -> None:
    behaviours = comparison.behaviours
    if as_json:
        show_json(
            [
                {"area": b.area, "behaviour": b.sentence, "source": b.source, "cases": b.cases}
                | {kind: str(comparison.verdict(kind, b)) for kind in comparison.kinds}
                for b in behaviours
            ]
        )
        return
    show_table(["area", "behaviour", *(COLUMNS[kind] for kind in comparison.kinds)], comparison.rows())
    show(f"\n{len(behaviours)} behaviours, {sum(b.cases for b in behaviours)} cases")
    for line in comparison.totals():
        show(line)


if __name__ == "__main__":
    sys.exit(main())
