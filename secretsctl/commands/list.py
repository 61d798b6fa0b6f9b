"""`secretsctl list`: every secret and how it is, without reading a value."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import typer

from catalog import derive
from catalog.model import Secret
from secretsctl import options, talk, workspace
from secretsctl.state import State, state
from secretsctl.verdict import ExitCode
from secretsctl.workspace import Workspace
from stores.store import Metadata, NotFoundError, StoreError

THREADS = 8


@dataclass(frozen=True, kw_only=True)
class _Line:
    """One secret; `error` says why its state is not known."""

    secret: Secret
    state: str
    metadata: Metadata | None = None
    error: StoreError | None = None


def list_secrets(
    ctx: typer.Context, env: options.Env = None, config: options.Config = None, as_json: options.Json = False
) -> None:
    """Show every secret with its tier, kind, dates, state and consumers. Reads no value.

    States: missing (run pulumi up), bootstrap (no value yet), rotating, overdue, ok, unknown (may not be looked at).
    """
    given = ctx.ensure_object(options.Options).with_command(env=env, config=config, json=as_json)
    work = workspace.opened(given)
    secrets = work.catalog.secrets
    with talk.progress() as bar, ThreadPoolExecutor(THREADS) as pool:
        lines = list(
            bar.track(pool.map(lambda secret: _looked_at(work, secret), secrets), len(secrets), description="list")
        )
    if given.json:
        talk.show_json({"environment": work.environment.name, "secrets": [_as_json(work, line) for line in lines]})
    else:
        talk.show_table(
            ("SECRET", "TIER", "KIND", "LAST ROTATION", "NEXT ROTATION", "STATE", "CONSUMERS"),
            [_as_row(line) for line in lines],
        )
    unknown = [line for line in lines if line.error is not None]
    for line in unknown:
        talk.say(f"warning: {line.error}")
    if unknown:
        raise typer.Exit(int(ExitCode.FAILED if len(unknown) == len(lines) else ExitCode.PARTLY))


def _looked_at(work: Workspace, secret: Secret) -> _Line:
    try:
        metadata = work.store.describe(secret.name)
    except NotFoundError:
        return _Line(secret=secret, state=State.MISSING)
    except StoreError as exc:
        return _Line(secret=secret, state="unknown", error=exc)
    days = derive.rotation_days(work.catalog, secret)
    return _Line(secret=secret, state=state(metadata, days, datetime.now(UTC)), metadata=metadata)


def _as_row(line: _Line) -> tuple[str, ...]:
    last = line.metadata.last_rotation if line.metadata else None
    following = line.metadata.next_rotation if line.metadata else None
    secret = line.secret
    return (
        secret.name,
        str(secret.tier),
        secret.kind.value,
        _day(last),
        _day(following),
        line.state,
        ", ".join(secret.consumers) or "–",
    )


def _as_json(work: Workspace, line: _Line) -> dict[str, object]:
    metadata, secret = line.metadata, line.secret
    return {
        "name": secret.name,
        "id": derive.secret_name(work.environment, secret),
        "tier": secret.tier,
        "kind": secret.kind.value,
        "state": str(line.state),
        "last_rotation": _iso(metadata.last_rotation if metadata else None),
        "next_rotation": _iso(metadata.next_rotation if metadata else None),
        "rotation_enabled": metadata.rotation_enabled if metadata else None,
        "consumers": list(secret.consumers),
        "error": str(line.error) if line.error else None,
    }


def _day(date: datetime | None) -> str:
    return date.astimezone(UTC).strftime("%Y-%m-%d") if date else "–"


def _iso(date: datetime | None) -> str | None:
    return date.astimezone(UTC).isoformat(timespec="seconds") if date else None
