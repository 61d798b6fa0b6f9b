"""`python -m sandbox clock`: the time in the local AWS, and moving it forward."""

from __future__ import annotations

import re
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Annotated, Any

import typer

from sandbox import up as steps
from sandbox.aws.errors import SandboxError
from sandbox.aws.process import LocalAws
from sandbox.commands import naming
from sandbox.commands.target import Env, EnvironmentName, Json, running
from sandbox.steps import TALK
from secretsctl.talk import show, show_json, show_table

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_STEP = re.compile(r"\+?((?:\d+[smhdw])+)")
_PART = re.compile(r"(\d+)([smhdw])")
_ADVANCE_TIMEOUT = 4 * 3600.0  # everything that comes due runs before the answer
_LOOK_SECONDS = 0.5

Step = Annotated[
    str | None,
    typer.Argument(metavar="[+STEP]", help="How far: +90d, +12h, +30m, +2w, +45s, +1d12h.", show_default=False),
]


def clock(step: Step = None, env: Env = EnvironmentName.STAGING, as_json: Json = False) -> None:
    """Show the sandbox's time, or move it forward and run everything that comes due on the way, in order.

    The exit code is 1 when something that came due failed.
    """
    cloud = running(env)
    if step is None:
        _show(cloud.ask("GET", "clock"), as_json=as_json)
        return
    seconds = parsed(step)
    answer = _advanced(cloud, seconds)
    if as_json:
        show_json(answer)
    else:
        show_table(
            ["due", "kind", "name", "outcome"],
            [(ran["at"], ran["kind"], naming.resource(ran["name"]), ran["outcome"]) for ran in answer["ran"]],
        )
    failed = sum(str(ran["outcome"]).startswith("failed") for ran in answer["ran"])
    TALK.print(f"{len(answer['ran'])} came due, {failed} failed; it is {answer['now']}", markup=False)
    if failed:
        raise typer.Exit(1)


def parsed(step: str) -> int:
    """The seconds of a step such as +90d or +1d12h.

    Raises:
        UpError: it is none; the clock goes forward only.
    """
    match = _STEP.fullmatch(step.strip())
    seconds = sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(match[1])) if match else 0
    if seconds == 0:
        raise steps.UpError(
            f"'{step}' is no step forward; give a number and a unit of s, m, h, d or w, such as +90d or +1d12h"
        )
    return seconds


def offset(seconds: float) -> str:
    """How far the clock is ahead, in words."""
    whole = round(seconds)
    if whole == 0:
        return "real time"
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, whole = divmod(whole, size)
        parts += [f"{count}{unit}"] if count else []
    return "+" + "".join(parts)


def _show(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(answer)
        return
    upcoming = answer.get("next") or []
    show(f"{answer['now']} ({offset(float(answer['offset_seconds']))})")
    show(f"next due: {upcoming[0]['at'] if upcoming else 'nothing'}")


def _advanced(cloud: LocalAws, seconds: int) -> dict[str, Any]:
    """The answer of an advance; where a person looks on, the time that it has reached is shown meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        answer: Future[dict[str, Any]] = pool.submit(
            cloud.ask, "POST", "clock", {"advance_seconds": seconds}, timeout=_ADVANCE_TIMEOUT
        )
        if TALK.is_terminal:
            with TALK.status("the clock moves") as status:
                while not answer.done():
                    with suppress(TimeoutError):
                        answer.exception(timeout=_LOOK_SECONDS)
                        break
                    with suppress(SandboxError):
                        status.update(f"the clock moves: {cloud.ask('GET', 'clock', timeout=5)['now']}")
        return answer.result()
