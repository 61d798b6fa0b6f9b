"""`python -m sandbox logs`: what happened in the account, what a function said, and which notifications went out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer

from sandbox import up as steps
from sandbox.aws.process import LocalAws
from sandbox.commands.records import Activity, FunctionLog, Outbox, Record, Records
from sandbox.commands.target import Env, EnvironmentName, Json, running
from sandbox.steps import TALK
from secretsctl.talk import show, show_json, show_table

_POLL_SECONDS = 1.0
_LOOK_BACK = 1000  # more than happens in a second

Function = Annotated[
    str | None, typer.Argument(metavar="[FUNCTION]", help="A function's log instead; the end of its name is enough.")
]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on until interrupted.")]
Mail = Annotated[bool, typer.Option("--mail", help="The notifications that went out instead.")]
Last = Annotated[int, typer.Option("--last", "-n", min=1, max=1000, help="How many.")]


def logs(
    function: Function = None,
    follow: Follow = False,
    mail: Mail = False,
    last: Last = 30,
    env: Env = EnvironmentName.STAGING,
    as_json: Json = False,
) -> None:
    """Show the account's last calls as CloudTrail has them, a function's log, or the notifications; oldest first."""
    if function is not None and mail:
        raise steps.UpError(f"give a function ('{function}') or --mail, not both")
    records = _chosen(running(env), function, mail=mail)
    if follow:
        for record in _followed(records, last):
            line = json.dumps(record.as_json()) if as_json else "  ".join([_time(record.at), *record.columns.values()])
            show(line)
        return
    latest = records.latest(last)
    if as_json:
        show_json([record.as_json() for record in latest])
    elif latest:
        rows = [[_time(record.at), *record.columns.values()] for record in latest]
        show_table(["time (UTC)", *latest[0].columns], rows)
    else:
        TALK.print("nothing yet")


def _chosen(cloud: LocalAws, function: str | None, *, mail: bool) -> Records:
    if mail:
        return Outbox(cloud)
    return Activity(cloud) if function is None else FunctionLog(cloud, function)


def _followed(records: Records, count: int) -> Iterator[Record]:
    latest = records.latest(_LOOK_BACK)
    yield from latest[-count:]
    while True:
        seen = {record.id for record in latest}
        time.sleep(_POLL_SECONDS)
        latest = records.latest(_LOOK_BACK)
        yield from (record for record in latest if record.id not in seen)


def _time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"
