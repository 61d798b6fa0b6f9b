"""`secretsctl heal`: make a server accept the current version of a secret again."""

from __future__ import annotations

import typer

from secretsctl import options, talk, workspace
from secretsctl.commands.retire import Name
from secretsctl.selection import secrets_named
from secretsctl.verdict import CommandError


def heal(
    ctx: typer.Context,
    name: Name,
    env: options.Env = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Make the server accept the current version of a secret again, as after its database was restored from a backup.

    The function tries every version that exists and the admin's credential, and changes the server, never the secret.
    Says what to do when none of them works.
    """
    given = ctx.ensure_object(options.Options).with_command(env=env, config=config, json=as_json)
    (secret,) = secrets_named(workspace.files(given).catalog, [name])
    work = workspace.opened(given)
    metadata = work.store.describe(name)
    if metadata.current is None or not metadata.has_value:
        raise CommandError(f"secret '{name}': has no value yet that could be healed")
    work.functions().heal(secret)
    if given.json:
        talk.show_json({"secret": name, "version": metadata.current.id, "outcome": "healed"})
    else:
        talk.show(f"{name}: healed: version {metadata.current.id} works")
