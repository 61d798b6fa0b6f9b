"""The local AWS against stock moto's server in one run, taken in turns: `python -m bench.local_aws [CALLS]`.

Prints for each operation the median of a call one after the other, and calls a second with eight clients at once, and
the ratio of ours to moto's. Aim: at most 1.5 times slower. Ours checks the signature, judges the call, records it for
CloudTrail and has written what changed to disk before it answers; moto's does none of it.
"""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.calls import Calls
from bench.replay import REGION, sent
from sandbox.aws import process

AIM = 1.5
CALLS = 50
ROUNDS = 4
CLIENTS = 8
ACCOUNT = "222233334444"


@dataclass(kw_only=True)
class Taken:
    """What the calls of one operation took on one server: the seconds of each, and of all as they were sent."""

    seconds: list[float] = field(default_factory=list)
    elapsed: float = 0.0

    @property
    def p50(self) -> float:
        """Milliseconds of the median call."""
        return statistics.median(self.seconds) * 1000

    @property
    def rate(self) -> float:
        """Calls a second."""
        return len(self.seconds) / self.elapsed


@contextmanager
def servers() -> Iterator[Mapping[str, str]]:
    """The endpoints of ours and of stock moto's."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        moto = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            ours = process.start(Path(folder), ACCOUNT, REGION)
            _wait_for(port)
            yield {"ours": ours.endpoint, "moto": f"http://127.0.0.1:{port}"}
        finally:
            process.stop(Path(folder))
            moto.terminate()
            moto.wait(10)


def measured(
    endpoints: Mapping[str, str], calls: Mapping[str, Calls], *, clients: int, count: int
) -> Iterator[tuple[str, Taken, Taken]]:
    """What `count` calls in each of the rounds took, by operation: ours, then moto's."""
    signed = {name: made.signed(count * ROUNDS) for name, made in calls.items()}
    for operation in signed["ours"]:
        taken = {name: Taken() for name in endpoints}
        for turn in range(ROUNDS):
            for name in endpoints if turn % 2 == 0 else reversed(list(endpoints)):
                share = signed[name][operation][turn * count : (turn + 1) * count]
                seconds, elapsed = sent(endpoints[name], share, clients)
                taken[name].seconds += seconds
                taken[name].elapsed += elapsed
        yield operation, taken["ours"], taken["moto"]


def main(count: int) -> None:
    with servers() as endpoints:
        calls = {name: Calls(endpoint) for name, endpoint in endpoints.items()}
        for clients in (1, CLIENTS):
            title = "one client" if clients == 1 else f"{clients} clients"
            print(f"{title:<20} {'moto p50':>10} {'ours p50':>10} {'ratio':>6} {'moto /s':>8} {'ours /s':>8}")
            ratios = []
            for operation, ours, moto in measured(endpoints, calls, clients=clients, count=count):
                ratios.append(ours.p50 / moto.p50 if clients == 1 else moto.rate / ours.rate)
                print(_row(operation, ours, moto, ratios[-1]), flush=True)
            print(f"{'geometric mean':<20} {'':>10} {'':>10} {statistics.geometric_mean(ratios):>6.2f}\n")
        print(f"aim: at most {AIM}; the ratio is of the medians with one client, of calls a second with {CLIENTS}")


def _row(operation: str, ours: Taken, moto: Taken, ratio: float) -> str:
    return f"{operation:<20} {moto.p50:>7.2f} ms {ours.p50:>7.2f} ms {ratio:>6.2f} {moto.rate:>8.0f} {ours.rate:>8.0f}"


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CALLS)
