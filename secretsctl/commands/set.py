"""`secretsctl set`: give a secret its value by hand."""

from __future__ import annotations

import uuid
from typing import Annotated

import typer

from catalog import derive
from catalog.kind import FirstValue
from catalog.model import Secret
from secretsctl import options, supplied, talk, workspace
from secretsctl.selection import secrets_named
from secretsctl.verdict import CommandError, ExitCode
from stores.document import Document

Name = Annotated[str, typer.Argument(metavar="NAME", help="The secret.", autocompletion=options.complete_secret)]
Extra = Annotated[list[str] | None, typer.Argument(hidden=True, metavar="")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before the record of a server's password is changed.")]


def set_secret(
    ctx: typer.Context,
    name: Name,
    extra: Extra = None,
    yes: Yes = False,
    env: options.Env = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Give a secret a new value, typed without echo or piped in: `printf %s "$KEY" | secretsctl set openai-api-key`.

    A secret with several names takes lines NAME=value. For passwords of PostgreSQL and Redis this changes the record
    only, not the server, and asks first. Secrets that rotation makes are refused: use `secretsctl rotate`.
    """
    given = ctx.ensure_object(options.Options).with_command(env=env, config=config, json=as_json)
    work = workspace.files(given)
    supplied.refuse(
        ["values are not taken from the command line, which others can read; pipe them in"] if extra else []
    )
    (secret,) = secrets_named(work.catalog, [name])
    if secret.spec.first_value is FirstValue.ROTATED:
        raise CommandError(
            f"secret '{name}': its value is made by rotation; run `secretsctl rotate {name}`", ExitCode.USAGE
        )
    values = _values(secret)
    ready = workspace.opened(given)
    metadata = ready.store.describe(name)
    if secret.spec.target != "assisted" and not yes:
        talk.say(
            f"This changes what is recorded as the password in '{name}', not the password of the server itself. "
            "Everything that reads it fails to log in unless the server has this password already."
        )
        if not supplied.confirmed(f"Record the new value of '{name}'?"):
            raise CommandError(f"secret '{name}': nothing was written; add --yes to do it without asking")
    if metadata.rotating_to is not None:
        talk.say(f"warning: a rotation of '{name}' is unfinished; it may replace this value when it is tried again")
    document = derive.marker(ready.environment, secret) | {secret.names[key]: value for key, value in values.items()}
    version = ready.store.put(name, Document(document), str(uuid.uuid4()))
    old = metadata.current.id if metadata.current else None
    if given.json:
        talk.show_json({"secret": name, "old_version": old, "new_version": version})
    else:
        talk.show(f"{name}: version {version} is current (before: {old or 'none'})")


def _values(secret: Secret) -> dict[str, str]:
    names = derive.supplied_names(secret)
    known: dict[str, Secret | str] = dict.fromkeys(names, secret)
    text = supplied.from_pipe()
    if text is None:
        values = supplied.asked(names)
        supplied.refuse(supplied.faults(values, known))
    elif len(names) == 1:
        values = {names[0]: text.removesuffix("\n")}  # the one that `echo` and editors add
        supplied.refuse(supplied.faults(values, known))
    else:
        values = supplied.lines(text, known)
        supplied.refuse([f"{name}: is missing; give it as a line {name}=value" for name in names if name not in values])
    return values
