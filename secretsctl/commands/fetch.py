"""`secretsctl fetch`: write values where a program that reads files, or an env file, finds them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from catalog import derive
from secretsctl import options, talk, workspace, worktree
from secretsctl.selection import NOT_YOURS, Selection, Values, read, select
from secretsctl.verdict import CommandError, ExitCode
from stores.folder import PrivateFolder
from stores.store import DeniedError

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+=,-]+")


class Format(StrEnum):
    """How values are written."""

    FILES = "files"
    DOTENV = "dotenv"
    JSON = "json"


To = Annotated[
    Path | None, typer.Option("--to", metavar="DIR", help="Folder for one file a name; made with mode 700 if missing.")
]
Output = Annotated[Path | None, typer.Option("--output", metavar="FILE", help="File, mode 600, for dotenv or json.")]
AsFormat = Annotated[Format, typer.Option("--format", help="One file a name, or one file for all.")]
Reveal = Annotated[bool, typer.Option("--reveal", help="Print the values of dotenv or json to stdout.")]
AllowMissing = Annotated[
    bool, typer.Option("--allow-missing", help="Names without a value yet do not change the exit code.")
]


def fetch(
    ctx: typer.Context,
    names: options.Names = None,
    to: To = None,
    consumer: options.ConsumerName = None,
    format_: AsFormat = Format.FILES,
    output: Output = None,
    reveal: Reveal = False,
    allow_missing: AllowMissing = False,
    env: options.Env = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Write values: one file a name in a folder, as `db_password.txt`, or all of them as dotenv or JSON.

    Folder 700, files 600, no newline at the end, each whole or not there at all. A folder that others may enter, a
    symbolic link, and a place in a git work tree that git does not ignore are refused. Names without a value yet are
    left out with a warning, and then the exit code is 3. With the role of a consumer it is what that consumer reads.
    """
    given = ctx.ensure_object(options.Options).with_command(env=env, config=config, json=as_json)
    _require_place(format_, to=to, output=output, reveal=reveal)
    catalog = workspace.files(given).catalog
    selection = select(catalog, consumer, names)
    if to is not None:
        worktree.require_ignored(to, _file_names(selection))
    if output is not None:
        worktree.require_ignored(output.parent, [output.name])
    work = workspace.opened(given)
    if consumer is None and work.consumer is not None:
        selection = select(catalog, work.consumer, names)
    values = read(work.store, catalog, selection)
    written = _write(values, format_, to=to, output=output) if values.by_name else []
    for error in [*values.missing, *values.failed]:
        talk.say(f"warning: left out: {error}")
    if any(isinstance(error, DeniedError) for error in values.failed):
        talk.say(NOT_YOURS)
    if reveal:
        talk.show(_text(values.by_name, format_).removesuffix("\n"))
    elif given.json:
        left_out = [error.secret for error in [*values.missing, *values.failed]]
        talk.show_json({"files": [str(path) for path in written], "left_out": left_out})
    else:
        for path in written:
            talk.show(str(path))
    if values.failed and not values.by_name:
        raise typer.Exit(int(ExitCode.FAILED))
    if values.failed or (values.missing and not allow_missing):
        raise typer.Exit(int(ExitCode.PARTLY))


def _require_place(format_: Format, *, to: Path | None, output: Path | None, reveal: bool) -> None:
    if format_ is Format.FILES and (to is None or output is not None or reveal):
        raise CommandError("--format files needs --to DIR, and neither --output nor --reveal", ExitCode.USAGE)
    if format_ is not Format.FILES and (to is not None or (output is None) is not reveal):
        raise CommandError(f"--format {format_} needs either --output FILE or --reveal, and no --to", ExitCode.USAGE)


def _file_names(selection: Selection) -> list[str]:
    return sorted(derive.file_name(name) for names in selection.names.values() for name in names)


def _write(values: Values, format_: Format, *, to: Path | None, output: Path | None) -> list[Path]:
    if to is not None:
        with PrivateFolder(to) as folder:
            for name, value in sorted(values.by_name.items()):
                folder.write(derive.file_name(name), value)
        return [to / derive.file_name(name) for name in sorted(values.by_name)]
    if output is not None:
        with PrivateFolder(output.parent, others_may_read=True) as folder:
            folder.write(output.name, _text(values.by_name, format_))
        return [output]
    return []


def _text(by_name: Mapping[str, str], format_: Format) -> str:
    if format_ is Format.JSON:
        return json.dumps(dict(sorted(by_name.items())), indent=2) + "\n"
    return "".join(f"{name}={_quoted(name, value)}\n" for name, value in sorted(by_name.items()))


def _quoted(name: str, value: str) -> str:
    """The value so that a POSIX shell and Docker Compose read the same: both take single quotes literally."""
    if _PLAIN.fullmatch(value):
        return value
    if "'" in value or "\n" in value:
        raise CommandError(f"{name}: holds a quote or a line break, which env files have no common form for; use json")
    return f"'{value}'"
