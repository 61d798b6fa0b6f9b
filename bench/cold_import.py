"""The cold import of each rotation's handler and drivers, as Lambda has it, against `import boto3` alone.

Both as bytecode on a disk that nothing is written to: ours out of the package as it is deployed, boto3 and what it
imports compiled as Lambda's runtime brings them. That the runtime brings bytecode is unverified; without it boto3 costs
more, and the ratio falls. Nothing else can be found, so that nothing of this machine is imported by chance: redis-py
imports OpenTelemetry where there is one.

Fresh interpreters take turns; medians, of the clock's time and of the processor's. The aim is judged by the latter:
what else runs on the machine slows the clock more. On a quiet machine both say the same.
"""

from __future__ import annotations

import compileall
import py_compile
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import boto3

from components.aws import package
from rotation.targets import TARGETS

AIM = 1.3
ROUNDS = 15
# What botocore and boto3 import: AWS's runtime brings it (docs.aws.amazon.com/lambda/latest/dg/lambda-python.html).
_RUNTIME = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "urllib3", "six.py")
_TIMED = """\
import sys, time
sys.path[:0] = {places!r}
clock, processor = time.perf_counter(), time.process_time()
{work}
print(time.perf_counter() - clock, time.process_time() - processor)
"""
_BOTO3 = "import boto3"
_HANDLER = "import importlib, rotation.handler; [importlib.import_module(name) for name in {modules!r}]"


@dataclass(frozen=True, kw_only=True)
class Seconds:
    """How long an import took, by the clock and on the processor."""

    clock: float
    processor: float


def report() -> None:
    """Print the medians and their ratios to boto3's."""
    medians = measured()
    floor = medians["boto3"]
    print(f"{'cold import':<28} {'ms':>8} {'ratio':>6} {'cpu ms':>8} {'ratio':>6}  aim: at most {AIM} of the processor")
    for name, seconds in medians.items():
        clock, processor = seconds.clock / floor.clock, seconds.processor / floor.processor
        print(
            f"{name:<28} {seconds.clock * 1000:>8.0f} {clock:>6.2f} {seconds.processor * 1000:>8.0f} {processor:>6.2f}"
            f"  {'' if processor <= AIM else 'MISSED'}".rstrip()
        )


def measured(rounds: int = ROUNDS) -> Mapping[str, Seconds]:
    """Medians by target, and boto3's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runtime = _runtime(folder / "runtime")
        scripts = {"boto3": _TIMED.format(places=[str(runtime)], work=_BOTO3)}
        for target, kinds in TARGETS.items():
            with zipfile.ZipFile(package.build(f"rotate-{target}")) as archive:
                archive.extractall(folder / target)
            work = _HANDLER.format(modules=sorted({path.split(":")[0] for path in kinds.values()}))
            scripts[target] = _TIMED.format(places=[str(folder / target), str(runtime)], work=work)
        times: dict[str, list[Seconds]] = {one: [] for one in scripts}
        for round_ in range(rounds + 1):  # the first fills the disk's cache
            for one in scripts if round_ % 2 else reversed(scripts):
                times[one].append(_fresh(scripts[one]))
    return {one: _median(found[1:]) for one, found in times.items()}


def _median(found: Sequence[Seconds]) -> Seconds:
    return Seconds(
        clock=statistics.median(one.clock for one in found),
        processor=statistics.median(one.processor for one in found),
    )


def _runtime(folder: Path) -> Path:
    """boto3 with its bytecode; its data, which no import reads, stays where it is."""
    site = Path(boto3.__file__).parents[1]
    folder.mkdir()
    for member in _RUNTIME:
        if (site / member).is_dir():
            shutil.copytree(site / member, folder / member, ignore=shutil.ignore_patterns("data", "__pycache__"))
        else:
            shutil.copy(site / member, folder)
    compileall.compile_dir(folder, quiet=1, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    return folder


def _fresh(script: str) -> Seconds:
    command = [sys.executable, "-I", "-S", "-B", "-c", script]
    ran = subprocess.run(command, cwd="/", capture_output=True, text=True, check=True)
    clock, processor = map(float, ran.stdout.split())
    return Seconds(clock=clock, processor=processor)
