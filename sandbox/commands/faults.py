"""`python -m sandbox faults`: the faults in force, one more, or none."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sandbox.aws.faults.kind import Kind
from sandbox.commands.target import Env, EnvironmentName, Json, running
from sandbox.steps import TALK
from secretsctl.talk import show, show_json, show_table

app = typer.Typer(help="Throttle, refuse, delay or cut off calls to the local AWS. A restart clears all faults.")

Operation = Annotated[str, typer.Argument(help="The operation, with * and ?; all if none.")]
Resource = Annotated[str, typer.Option(help="Only calls that name this resource, with * and ?.")]
Principal = Annotated[str, typer.Option(help="Only calls of this principal's ARN, with * and ?.")]
Nth = Annotated[int, typer.Option(min=1, help="The first matching call from now that is hit.")]
Times = Annotated[int, typer.Option(min=0, help="How many calls are hit; 0 for all until it is cleared.")]
Seconds = Annotated[float | None, typer.Option(help="Of a delay.", show_default=False)]
Code = Annotated[str | None, typer.Option(help="Of an error.", show_default=False)]
Message = Annotated[str | None, typer.Option(help="Of an error.", show_default=False)]
Status = Annotated[int | None, typer.Option(help="HTTP status of an error.", show_default=False)]


@app.callback(invoke_without_command=True)
def faults(context: typer.Context, env: Env = EnvironmentName.STAGING, as_json: Json = False) -> None:
    """List the faults in force, with how many calls each covered and hit."""
    if context.invoked_subcommand is not None:
        return
    listed = running(env).ask("GET", "faults")["faults"]
    if as_json:
        show_json(listed)
    elif not listed:
        TALK.print("no faults are in force")
    else:
        show_table(["id", "fault", "calls", "hits", "covered", "hit"], [_row(fault) for fault in listed])


@app.command()
def add(
    kind: Annotated[Kind, typer.Argument(help="What happens to the call.")],
    service: Annotated[str, typer.Argument(help="As in a signature: secretsmanager, kms, lambda, s3, …; * for all.")],
    operation: Operation = "*",
    resource: Resource = "*",
    principal: Principal = "*",
    nth: Nth = 1,
    times: Times = 1,
    seconds: Seconds = None,
    code: Code = None,
    message: Message = None,
    status: Status = None,
    env: Env = EnvironmentName.STAGING,
) -> None:
    """Add a fault, and print its id. Example: faults add throttle secretsmanager PutSecretValue --nth 2 --times 3."""
    given = {"kind": kind.value, "service": service, "operation": operation, "resource": resource}
    given |= {"principal": principal}
    chosen = {"nth": nth, "times": times, "seconds": seconds, "code": code, "message": message, "status": status}
    fault = given | {name: value for name, value in chosen.items() if value is not None}
    show(str(running(env).ask("POST", "faults", fault)["id"]))


@app.command()
def clear(
    number: Annotated[str | None, typer.Argument(metavar="[ID]", help="One fault; all if none.")] = None,
    env: Env = EnvironmentName.STAGING,
) -> None:
    """End one fault, or all, and say how often each hit."""
    cleared = running(env).ask("DELETE", "faults", {"id": number} if number is not None else {})["cleared"]
    for fault in cleared:
        TALK.print(f"fault {fault['id']} ({fault['kind']} {fault['service']}) cleared: hit {fault['hit']}")
    if not cleared:
        TALK.print("no faults were in force")


def _row(fault: dict[str, Any]) -> list[str]:
    first, times = fault["nth"], fault["times"]
    hits = f"{first} and on" if times == 0 else f"{first}" if times == 1 else f"{first} to {first + times - 1}"
    calls = f"{fault['service']} {fault['operation']}"
    for name in ("resource", "principal"):
        calls += f", {name} {fault[name]}" if fault[name] != "*" else ""
    return [fault["id"], fault["kind"], calls, hits, str(fault["covered"]), str(fault["hit"])]
