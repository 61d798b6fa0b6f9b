"""Time of our preview against a bare loop that declares the same resources: `python -m bench.preview [N ...]`.

Prints, for each number of secrets, the resources, the fastest of the runs of either program and their ratio, taken in
turns in one run. Aim: at most 1.3 at 1,000 secrets, and a time a secret that does not grow.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from catalog import load
from sandbox import up
from sandbox.aws import process as aws
from sandbox.place import Place
from sandbox.stack import Stack

SIZES = (20, 100, 400, 1000)
RUNS = {20: 5, 100: 3, 1000: 2}
AIM = 1.3
PROGRAMS = ("preview_raw", "preview_ours")
PREVIEW = ("preview", "--json")


def resources(stack: Stack) -> list[tuple[str, str, object]]:
    """Type, name and inputs of everything that a preview would create, components left out."""
    steps = json.loads(stack.run(*PREVIEW, *at(stack)))["steps"]
    states = [step["newState"] for step in steps]
    return [
        (state["type"], state["urn"].rpartition("::")[2], state.get("inputs", {})) for state in states if is_raw(state)
    ]


def is_raw(state: dict[str, Any]) -> bool:
    """Whether a state is a resource of the provider, not a component, the stack or the provider itself."""
    return str(state["type"]).startswith("aws:")


def at(stack: Stack) -> tuple[str, ...]:
    """Which stack, and its file."""
    return "--stack", stack.place.name, "--config-file", str(stack.place.stack_file)


def seconds(stack: Stack) -> float:
    """Seconds of one preview, from the start of the engine to its end."""
    began = time.perf_counter()
    stack.run(*PREVIEW, *at(stack))
    return time.perf_counter() - began


def main(sizes: tuple[int, ...]) -> None:
    engine = up.engine()
    with tempfile.TemporaryDirectory() as folder:
        place = Place(name="staging", base=Path(folder))
        place.make()
        place.stack_file.write_text((load.ROOT / "Pulumi.staging.yaml").read_text(encoding="utf-8"), encoding="utf-8")
        cloud = aws.start(place.root / "aws", account=place.declared.account, region=place.declared.region)
        try:
            print(f"{'secrets':>8} {'resources':>10} {'bare loop':>10} {'ours':>10} {'ratio':>6}   ms a secret")
            listed = Path(folder) / "resources.json"
            for size in sizes:
                stacks = {
                    name: Stack(
                        place=place,
                        engine=engine,
                        variables={
                            **up.variables(place, cloud),
                            "BENCH_SECRETS": str(size),
                            "BENCH_RESOURCES": str(listed),
                        },
                        program=load.ROOT / "bench" / name,
                    )
                    for name in PROGRAMS
                }
                stacks["preview_ours"].make()
                declared = resources(stacks["preview_ours"])
                listed.write_text(json.dumps(declared), encoding="utf-8")
                runs = [{name: seconds(stack) for name, stack in stacks.items()} for _ in range(RUNS.get(size, 2))]
                raw, ours = (min(run[name] for run in runs) for name in PROGRAMS)
                each = f"{ours / raw:>6.2f}   {1000 * ours / size:.1f}"
                print(f"{size:>8} {len(declared):>10} {raw:>8.2f} s {ours:>8.2f} s {each}")
            print(f"aim: at most {AIM} at 1,000")
        finally:
            aws.stop(place.root / "aws")


if __name__ == "__main__":
    main(tuple(int(size) for size in sys.argv[1:]) or SIZES)
