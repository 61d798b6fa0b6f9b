"""`secretsctl retire`: end the credential before the current one, and its sessions, now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from catalog.emergency.retirement import GOOD
from catalog.emergency.version import TOKEN_PREFIX
from secretsctl import options, talk, workspace
from secretsctl.functions import Retirement
from secretsctl.selection import secrets_named
from secretsctl.state import overlap_end
from secretsctl.verdict import CommandError, ExitCode

Name = Annotated[str, typer.Argument(metavar="NAME", help="The secret.", autocompletion=options.complete_secret)]
Force = Annotated[
    bool, typer.Option("--force", help="Ask the function although the overlap seems to run; its own clock decides.")
]

_NEXT = {
    "too early": "its overlap runs until {until}; then it is retired by itself. If it has leaked: "
    "`secretsctl emergency {name}`",
    "straggling": "nothing was changed, as it is in use; have those read the secret again. It is tried again by "
    "itself; if this may be a thief: `secretsctl emergency {name}`",
    "superseded": "a rotation is under way or another version became current; see `secretsctl rotate {name} --resume`",
}


def retire(
    ctx: typer.Context,
    name: Name,
    force: Force = False,
    env: options.Env = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """End the credential before the current one now: nobody logs in with it any more, and its sessions are ended.

    That happens by itself after the overlap; this is for one that was held up, and for an emergency that could not
    finish. Refused within the overlap, unless the current version is an emergency's. Who uses the old credential still
    is named, and then nothing is changed.
    """
    given = ctx.ensure_object(options.Options).with_command(env=env, config=config, json=as_json)
    (secret,) = secrets_named(workspace.files(given).catalog, [name])
    work = workspace.opened(given)
    metadata = work.store.describe(name)
    if metadata.current is None or not metadata.has_value:
        raise CommandError(f"secret '{name}': has no value yet, so there is nothing to retire")
    if not force and not metadata.current.id.startswith(TOKEN_PREFIX):
        end = overlap_end(metadata, work.store.versions(name), secret.rotation.overlap_seconds, datetime.now(UTC))
        if end is not None:
            until = end.astimezone(UTC).isoformat(timespec="seconds")
            raise CommandError(f"secret '{name}': not retired: {_NEXT['too early'].format(name=name, until=until)}")
    done = work.functions().retire(secret, metadata.current.id)
    _show(name, metadata.current.id, done, as_json=given.json)
    if done.outcome not in GOOD:
        raise typer.Exit(int(ExitCode.FAILED))


def _show(name: str, version: str, done: Retirement, *, as_json: bool) -> None:
    if as_json:
        talk.show_json(
            {
                "secret": name,
                "version": version,
                "outcome": done.outcome,
                "stragglers": list(done.stragglers),
                "until": done.until,
            }
        )
    elif done.outcome in GOOD:
        talk.show(f"{name}: {done.outcome}")
    for straggler in done.stragglers if not as_json else ():
        talk.show(f"{name}: in use by {straggler}")
    if done.outcome not in GOOD:
        advice = _NEXT.get(done.outcome, "see the function's log").format(name=name, until=done.until)
        talk.say(f"error: secret '{name}': {done.outcome}: {advice}")
