"""What a person sees of an emergency: what it will do, how far it is, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table

from catalog.emergency.scope import BY_HAND
from catalog.kind import Kind
from catalog.model import Catalog, Secret
from secretsctl import talk
from secretsctl.emergency import SUCCEEDED
from secretsctl.emergency_progress import DONE, Line, Progress, Where
from secretsctl.verdict import ExitCode

MOST_NAMED = 40
_ROOM = 8
"""Lines of the terminal that are left for the head of the table and the prompt."""
BAD_INPUT = "BadInput"
"""The machine's error for an order that it cannot read: catalog/emergency/scope.py"""


def announce(catalog: Catalog, stages: Mapping[str, Sequence[Secret]], environment: str) -> None:
    """What will be rotated, what a person must set, and who is expected to fail meanwhile."""
    rotated = [secret for stage, secrets in stages.items() if stage != BY_HAND for secret in secrets]
    talk.say(f"In {environment} {len(rotated)} secrets are rotated, and what was before them dies at once:")
    for stage, secrets in stages.items():
        if secrets and stage != BY_HAND:
            talk.say(f"  {stage}: {_listed([secret.name for secret in secrets])}")
    if by_hand := stages.get(BY_HAND):
        talk.say(f"{len(by_hand)} must be set by hand: {_listed([secret.name for secret in by_hand])}")
    failing = _expected_to_fail(catalog, rotated)
    if failing:
        told = ", ".join(f"{name} (up to {seconds} s)" for name, seconds in failing.items())
        talk.say(f"{len(failing)} consumers are expected to fail until they read again: {told}")
    else:
        talk.say("No consumer keeps one of them in its cache, so none is expected to fail")
    if rings := [secret.name for secret in rotated if _starts_anew(secret)]:
        talk.say(f"What was signed with these keys is valid no more, so people have to log in again: {_listed(rings)}")


def _starts_anew(secret: Secret) -> bool:
    """Whether it is a ring that keeps no old key: lambdas/rotation/targets/keyring.py."""
    return secret.kind is Kind.KEYRING and not secret.decoy and secret.constants["retention_days"] is not None


def _expected_to_fail(catalog: Catalog, secrets: Sequence[Secret]) -> dict[str, int]:
    """The consumers that may hold an old credential, with the longest time that they keep a value."""
    reading = {name for secret in secrets for name in secret.consumers}
    return {
        consumer.name: consumer.cache_seconds
        for consumer in catalog.consumers
        if consumer.name in reading and consumer.cache_seconds
    }


@contextmanager
def shown() -> Iterator[Callable[[Progress], None]]:
    """Shows each progress on stderr: a live table on a terminal, else a line for each secret that is somewhere else."""
    console = Console(stderr=True, emoji=False)
    if not console.is_terminal:
        before: dict[str, Where] = {}
        yield lambda progress: _say_what_changed(before, progress)
        return
    with Live(console=console, auto_refresh=False) as live:
        yield lambda progress: live.update(_table(progress, console.height - _ROOM), refresh=True)


def _say_what_changed(before: dict[str, Where], progress: Progress) -> None:
    for name, line in progress.lines.items():
        if before.get(name, Where.WAITING) is not line.where:
            why = f": {line.error}" if line.error else ""
            talk.say(f"{_seconds(line):>6}  {name}: {line.where}{why}")
        before[name] = line.where


def _table(progress: Progress, room: int) -> Table:
    done = progress.number(*DONE)
    stages = "; ".join(f"{one.stage} {one.done + one.failed}/{one.total}" for one in progress.counts)
    title = f"{progress.run.order.incident}: {done} of {len(progress.lines)} done" + (f" ({stages})" if stages else "")
    table = Table(title=title, box=None, pad_edge=False, header_style="bold", title_justify="left")
    for column in ("SECRET", "TIER", "STATE", "VERSION", "SECONDS"):
        table.add_column(column, overflow="fold")
    # What is under way first, then what ended last: the rest of ten thousand is a number in the title.
    order = {Where.ROTATING: 0, Where.ROTATED: 0, Where.FAILED: 1, Where.RETIRED: 3}
    lines = sorted(progress.lines.values(), key=lambda line: (order.get(line.where, 2), -(line.seconds or 0)))
    for line in lines[: max(room, 3)]:
        table.add_row(line.secret.name, str(line.secret.tier), str(line.where), _version(line), _seconds(line))
    return table


def report(progress: Progress, environment: str) -> dict[str, object]:
    """The end of it, for a program."""
    run, summary = progress.run, progress.run.summary
    seconds = round((run.stopped - run.started).total_seconds()) if run.stopped else None
    retired = progress.number(Where.RETIRED)
    return {
        "environment": environment,
        "incident": run.order.incident,
        "reason": run.order.reason,
        "scope": run.order.scope,
        "status": run.status,
        "error": run.error,
        "cause": run.cause,
        "rotated": retired + progress.number(Where.ROTATED),
        "retired": retired,
        "failed": summary.get("failed", 0 if run.status == SUCCEEDED else len(left(progress))),
        "what_failed": list(summary.get("what_failed", ())),
        "left": [line.secret.name for line in left(progress)],
        "no_value": _names(progress, Where.NO_VALUE),
        "by_hand": _names(progress, Where.BY_HAND),
        "seconds": seconds,
        "results": summary.get("results"),
        "execution": run.arn,
        "secrets": [
            {
                "secret": line.secret.name,
                "tier": line.secret.tier,
                "state": str(line.where),
                "version": _version(line) or None,
                "seconds": line.seconds,
                "error": line.error,
            }
            for line in progress.lines.values()
        ],
    }


def left(progress: Progress) -> list[Line]:
    """What should have been rotated and retired and is not."""
    fine = (Where.RETIRED, Where.NO_VALUE, Where.BY_HAND)
    return [line for line in progress.lines.values() if line.where not in fine]


def tell(told: Mapping[str, object], progress: Progress) -> None:
    """The end of it, for a person: the result on stdout, what to do on stderr."""
    incident = progress.run.order.incident
    talk.show_table(
        ("SECRET", "TIER", "STATE", "VERSION", "SECONDS"),
        [
            (line.secret.name, str(line.secret.tier), str(line.where), _version(line), _seconds(line))
            for line in progress.lines.values()
        ],
    )
    talk.show(
        f"{incident}: {told['rotated']} rotated, {told['retired']} of them retired, {told['failed']} failed, "
        f"{len(_names(progress, Where.NO_VALUE))} without a value, "
        f"{len(_names(progress, Where.BY_HAND))} by hand; {told['seconds']} s"
    )
    if told["results"]:
        talk.show(f"results: {told['results']}")
    for cause in progress.run.summary.get("what_failed", ()):
        talk.say(f"error: {cause}")
    if progress.run.status != SUCCEEDED:
        talk.say(f"error: {progress.run.status}: {progress.run.error}: {progress.run.cause}")
        talk.say(f"put right what failed, then rotate what is left: `secretsctl emergency --redrive {incident}`")
    for name in _names(progress, Where.BY_HAND):
        talk.say(f"set it by hand: `secretsctl set {name} --incident {incident}`")


def verdict(progress: Progress) -> ExitCode:
    """0 when everything that functions can rotate is rotated and retired."""
    if progress.run.status == SUCCEEDED:
        return ExitCode.OK
    if progress.run.error == BAD_INPUT:
        return ExitCode.USAGE
    return ExitCode.PARTLY if progress.number(Where.RETIRED, Where.ROTATED) else ExitCode.FAILED


def _names(progress: Progress, where: Where) -> list[str]:
    return [name for name, line in progress.lines.items() if line.where is where]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _version(line: Line) -> str:
    return line.version if line.where in (Where.ROTATING, Where.ROTATED, Where.RETIRED) else ""


def _seconds(line: Line) -> str:
    return "" if line.seconds is None else f"{line.seconds} s"
