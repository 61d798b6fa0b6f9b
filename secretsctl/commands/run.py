"""`secretsctl run`: run a program with secrets in its environment and nowhere else."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from catalog.model import Catalog
from secretsctl import child, options, talk, workspace
from secretsctl.selection import NOT_YOURS, Selection, Values, read, secrets_named, select
from secretsctl.verdict import CommandError, ExitCode
from stores.document import Document
from stores.store import DeniedError, Reading, Store

DATABASE_URL = "DATABASE_URL"

Command = Annotated[
    list[str], typer.Argument(metavar="-- CMD...", help="The program and its arguments.", show_default=False)
]
Psql = Annotated[
    str | None,
    typer.Option(
        "--psql",
        metavar="SECRET",
        help="Set libpq's variables (PGHOST, PGPASSWORD, …) from this secret instead of the one behind DATABASE_URL.",
        autocompletion=options.complete_secret,
    ),
]


def run(
    ctx: typer.Context,
    command: Command,
    consumer: options.ConsumerName = None,
    psql: Psql = None,
    env: options.Env = None,
    config: options.Config = None,
) -> None:
    """Run a program with the secrets in its environment; nothing is written to disk.

    Besides the names of the catalogue it gets libpq's variables, so `secretsctl run -- psql -c 'select 1'` logs in. To
    use a name on the command line, let the program's own shell expand it, not yours:
    `secretsctl run -- sh -c 'psql "$DATABASE_URL"'`.
    With the role of a consumer it gets what that consumer reads.
    Secrets without a value yet are left out with a warning. The program takes the place of secretsctl: signals reach it
    and its exit code is kept.
    """
    given = ctx.ensure_object(options.Options).with_command(env=env, config=config)
    catalog = workspace.files(given).catalog
    selection = select(catalog, consumer, None)
    if psql is not None:
        secrets_named(catalog, [psql])
    work = workspace.opened(given)
    store = work.store
    if consumer is None and work.consumer is not None:
        selection = select(catalog, work.consumer, None)
    values = read(store, catalog, selection)
    if values.failed:
        lines = [str(error) for error in values.failed]
        denied = [NOT_YOURS] if any(isinstance(error, DeniedError) for error in values.failed) else []
        raise CommandError("\n  ".join([*lines, "take only what one consumer reads with --consumer", *denied]))
    for error in values.missing:
        talk.say(f"warning: left out: {error}")
    database = child.libpq(_database(store, catalog, selection, values, psql))
    child.start(command, child.environment(os.environ, values.by_name, database))


def _database(store: Store, catalog: Catalog, selection: Selection, values: Values, psql: str | None) -> Document:
    """The document that libpq's variables come from; an empty one when there is none to choose."""
    behind = next((entry.secret for entry in catalog.derived if entry.name == DATABASE_URL), None)
    name = psql or behind
    if name is None or (psql is None and name not in selection.names):
        return Document({})
    document = values.documents.get(name)
    if document is None and psql is not None:
        answer = store.get(name)
        document = answer.document if isinstance(answer, Reading) else None
    if document is not None and document.get("engine") != "postgres":
        raise CommandError(
            f"secret '{name}': is not of a PostgreSQL database; give another one to --psql", ExitCode.USAGE
        )
    return document or Document({})
