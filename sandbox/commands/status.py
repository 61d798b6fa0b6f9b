"""`python -m sandbox status`: what runs and where, its time, and what is out of the ordinary."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sandbox.aws import process as aws
from sandbox.aws.errors import SandboxError
from sandbox.commands.clock import offset
from sandbox.commands.target import EnvironmentName, Json
from sandbox.place import Place
from sandbox.servers import postgres, redis
from sandbox.steps import TALK
from secretsctl.talk import show_json, show_table


def status(as_json: Json = False) -> None:
    """Show what runs, and where; starts nothing."""
    places = [place for env in EnvironmentName if (place := Place(name=env.value)).root.exists()]
    found = {place.name: _of(place) for place in places}
    if as_json:
        show_json(found)
    elif not found:
        TALK.print("no sandbox is there; `make up` makes one")
    else:
        show_table(
            ["sandbox", "what", "where", "pid"],
            [[name, *row] for name, state in found.items() for row in _rows(state)],
        )


def _of(place: Place) -> dict[str, Any]:
    servers = {
        "PostgreSQL": postgres.running(place.servers / "postgres"),
        "Redis": redis.running(place.servers / "redis"),
        "AWS": (cloud := aws.find(place.root / "aws")),
    }
    running = {name: {"port": server.port, "pid": server.pid} if server else None for name, server in servers.items()}
    return {"folder": str(place.root), "servers": running, **(_of_aws(cloud) if cloud is not None else {})}


def _of_aws(cloud: aws.LocalAws) -> dict[str, Any]:
    state: dict[str, Any] = {
        "endpoint": cloud.endpoint,
        "account": cloud.account,
        "region": cloud.region,
        "undurable": cloud.ask("GET", "health", timeout=5)["undurable"],
        "faults": cloud.ask("GET", "faults", timeout=5)["faults"],
    }
    with suppress(SandboxError):  # an older process, which `make up` found running, has no clock
        state["clock"] = cloud.ask("GET", "clock", timeout=5)
    return state


def _rows(state: dict[str, Any]) -> list[list[str]]:
    rows = [
        [name, f"localhost:{server['port']}" if server else "stopped", str(server["pid"]) if server else ""]
        for name, server in state["servers"].items()
    ]
    if clock := state.get("clock"):
        rows.append(["clock", f"{clock['now']} ({offset(float(clock['offset_seconds']))})", ""])
    if faults := state.get("faults"):
        rows.append(["faults", f"{len(faults)} in force; `python -m sandbox faults` lists them", ""])
    if undurable := state.get("undurable"):
        rows.append(["not durable", ", ".join(undurable), ""])
    return rows
