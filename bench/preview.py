"""Time of our preview against a bare loop that declares as many raw resources: `python -m bench.preview [N ...]`.

Prints, for each number of secrets, the fastest of the runs of either program and their ratio, taken in turns in one
run. Aim: at most 1.3 at 1,000 secrets, and a time a secret that does not grow.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from catalog import load
from components.aws import package
from sandbox import up
from sandbox.aws import process as aws
from sandbox.place import Place
from sandbox.stack import Stack

SIZES = (20, 100, 400, 1000)
RUNS = {20: 5, 100: 3, 1000: 2}
AIM = 1.3
PROGRAMS = ("preview_raw", "preview_ours")


def seconds(stack: Stack) -> float:
    """Seconds of one preview, from the start of the engine to its end."""
    began = time.perf_counter()
    stack.run("preview", "--stack", stack.place.name, "--config-file", str(stack.place.stack_file), "--json")
    return time.perf_counter() - began


def main(sizes: tuple[int, ...]) -> None:
    for target in package.DISTRIBUTIONS:
        package.build(target)
    engine = up.engine()
    with tempfile.TemporaryDirectory() as folder:
        place = Place(name="staging", base=Path(folder))
        place.make()
        place.stack_file.write_text((load.ROOT / "Pulumi.staging.yaml").read_text(encoding="utf-8"), encoding="utf-8")
        cloud = aws.start(place.root / "aws", account=place.declared.account, region=place.declared.region)
        try:
            print(f"{'secrets':>8} {'bare loop':>10} {'ours':>10} {'ratio':>6}   ms a secret")
            for size in sizes:
                stacks = {
                    name: Stack(
                        place=place,
                        engine=engine,
                        variables={**up.variables(place, cloud), "BENCH_SECRETS": str(size)},
                        program=load.ROOT / "bench" / name,
                    )
                    for name in PROGRAMS
                }
                stacks["preview_ours"].make()
                runs = [{name: seconds(stack) for name, stack in stacks.items()} for _ in range(RUNS.get(size, 2))]
                raw, ours = (min(run[name] for run in runs) for name in PROGRAMS)
                print(f"{size:>8} {raw:>8.2f} s {ours:>8.2f} s {ours / raw:>6.2f}   {1000 * ours / size:.1f}")
            print(f"aim: at most {AIM} at 1,000")
        finally:
            aws.stop(place.root / "aws")


if __name__ == "__main__":
    main(tuple(int(size) for size in sys.argv[1:]) or SIZES)
