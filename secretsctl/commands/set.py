"""`secretsctl set`: give a secret its value by hand."""

from __future__ import annotations

import uuid
from typing import Annotated

import typer

from catalog import derive
from catalog.emergency.version import token
from catalog.kind import FirstValue
from catalog.model import Secret
from secretsctl import options, supplied, talk, workspace
from secretsctl.commands.retire import Name
from secretsctl.rotation import Rotations
from secretsctl.selection import secrets_named
from secretsctl.verdict import CommandError, ExitCode
from secretsctl.workspace import Workspace
from stores.aws import SERVERS
from stores.document import Document
from stores.store import SUPPLIED, Metadata

TIMEOUT_SECONDS = 300

Extra = Annotated[list[str] | None, typer.Argument(hidden=True, metavar="")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before the record of a server's password is changed.")]
Incident = Annotated[
    str | None,
    typer.Option("--incident", metavar="ID", help="An emergency: give up the overlap, and end the old value at once."),
]


def set_secret(
    ctx: typer.Context,
    name: Name,
    extra: Extra = None,
    yes: Yes = False,
    incident: Incident = None,
    env: options.Env = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Give a secret a new value, typed without echo or piped in: `printf %s "$KEY" | secretsctl set openai-api-key`.

    A secret with several names takes lines NAME=value. A key of an issuer takes the place of the one before by a
    rotation: it is verified, published, and the old one ends after the overlap. For passwords of PostgreSQL and Redis
    this changes the record only, not the server, and asks first. Secrets that rotation makes are refused: use
    `secretsctl rotate`.
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
    if incident is not None and secret.spec.target in SERVERS:
        raise CommandError(
            f"secret '{name}': a function rotates it: `secretsctl emergency {name}`; leave --incident out to correct "
            "the record",
            ExitCode.USAGE,
        )
    values = _values(secret)
    ready = workspace.opened(given)
    metadata = ready.store.describe(name)
    document = Document(
        derive.marker(ready.environment, secret) | {secret.names[key]: value for key, value in values.items()}
    )
    if secret.spec.target not in SERVERS and metadata.has_value:
        version = _rotated_to(ready, secret, document, metadata, incident)
    else:
        version = _recorded(ready, secret, document, metadata, yes=yes)
    old = metadata.current.id if metadata.current else None
    if given.json:
        talk.show_json({"secret": name, "old_version": old, "new_version": version})
    else:
        talk.show(f"{name}: version {version} is current (before: {old or 'none'})")


def _recorded(work: Workspace, secret: Secret, document: Document, metadata: Metadata, *, yes: bool) -> str:
    """Make the value the current one as it is."""
    name = secret.name
    if secret.spec.target in SERVERS and not yes:
        talk.say(
            f"This changes what is recorded as the password in '{name}', not the password of the server itself. "
            "Everything that reads it fails to log in unless the server has this password already."
        )
        if not supplied.confirmed(f"Record the new value of '{name}'?"):
            raise CommandError(f"secret '{name}': nothing was written; add --yes to do it without asking")
    if metadata.rotating_to is not None:
        talk.say(f"warning: a rotation of '{name}' is unfinished; it may replace this value when it is tried again")
    return work.store.put(name, document, str(uuid.uuid4()))


def _rotated_to(work: Workspace, secret: Secret, document: Document, metadata: Metadata, incident: str | None) -> str:
    """Hand the value to the rotation function, and wait until it is verified and the current one."""
    name = secret.name
    rotations = Rotations(work.store, work.log, work.catalog)
    version = token(incident, name) if incident is not None else str(uuid.uuid4())
    if any(found.id == version for found in work.store.versions(name)):
        raise CommandError(f"secret '{name}': was set for incident '{incident}' before; name another incident")
    if metadata.rotating_to is not None:
        # It may hold a value that never works, such as one that was mistyped at the last try.
        talk.say(f"the unfinished rotation to version {metadata.rotating_to.id} is given up")
        work.store.abandon(name, metadata.rotating_to.id)
    elif incident is None:
        rotations.require_quiet(name)
    work.store.supply(name, document, str(uuid.uuid4()))
    rotation = rotations.start(name, token=version)
    with talk.progress() as bar:
        bar.add_task(f"verify and publish {name}", total=None)
        (outcome,) = rotations.wait([rotation], timeout_seconds=TIMEOUT_SECONDS, done=lambda _: None)
    if outcome.error:
        raise CommandError(
            f"secret '{name}': the new value was not published: {outcome.error}; the old one is current. Give the "
            f"right value with `secretsctl set {name}`"
        )
    if work.store.describe(name).holder(SUPPLIED) is not None:
        raise CommandError(
            f"secret '{name}': version {rotation.new} is current with a value that its rotation made; the one that was "
            "given is not in use"
        )
    if incident is not None:
        retired = work.functions().retire(secret, rotation.new)
        talk.say(f"{name}: the old value: {retired.outcome}")
    return rotation.new


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
