"""The environment of a program that runs with secrets, and the start of it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from secretsctl.verdict import CommandError

NOT_FOUND, NOT_EXECUTABLE = 127, 126
"""Exit codes by the shell's convention: POSIX, Shell Command Language, 2.8.2."""

_LIBPQ = {
    "PGHOST": "host",
    "PGPORT": "port",
    "PGDATABASE": "dbname",
    "PGUSER": "username",
    "PGPASSWORD": "password",
    "PGSSLMODE": "sslmode",
    "PGSSLROOTCERT": "sslrootcert",
}
# These would send libpq elsewhere whatever the others say: postgresql.org/docs/current/libpq-envars.html
_LIBPQ_REDIRECTIONS = ("PGHOSTADDR", "PGSERVICE", "PGSERVICEFILE", "PGPASSFILE")
# A session token belongs to the caller's own key; with another key it makes every call of AWS fail.
_SESSION_TOKENS = ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")


def libpq(document: Mapping[str, object]) -> dict[str, str]:
    """The variables with which psql and every other client of libpq logs in, from the document of a database secret."""
    return {variable: str(document[field]) for variable, field in _LIBPQ.items() if field in document}


def environment(own: Mapping[str, str], values: Mapping[str, str], database: Mapping[str, str]) -> dict[str, str]:
    """The caller's own variables under the values and the variables of libpq, without what contradicts those."""
    contradicting = (
        *(_LIBPQ_REDIRECTIONS if database else ()),
        *(_SESSION_TOKENS if "AWS_ACCESS_KEY_ID" in values else ()),
    )
    kept = {name: value for name, value in own.items() if name not in contradicting}
    return {**kept, **database, **values}


def start(command: Sequence[str], variables: Mapping[str, str]) -> NoReturn:
    """Become `command`: from here on its signals, its output and its exit code are its own.

    Raises:
        CommandError: there is no such program, or it cannot be executed.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    # Python ignores it, and an ignored signal stays ignored in the program: `yes | head` would never end.
    before = signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvpe(command[0], list(command), dict(variables))  # noqa: S606 - running what was asked is the purpose
    except FileNotFoundError as exc:
        raise CommandError(f"command {command[0]}: not found; check its name and PATH", NOT_FOUND) from exc
    except OSError as exc:
        raise CommandError(f"command {command[0]}: cannot be executed: {exc.strerror}", NOT_EXECUTABLE) from exc
    finally:
        signal.signal(signal.SIGPIPE, before)
