"""Values that a person gives: where they come from, and which are refused. No text here ever shows a value."""

from __future__ import annotations

import difflib
import getpass
import re
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from catalog import derive
from catalog.kind import FirstValue, Kind
from catalog.model import Catalog, Secret
from secretsctl.verdict import CommandError, ExitCode

_NAME = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
_ACCESS_KEY_ID = re.compile(r"[A-Z0-9]{16,128}")  # docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKey.html
_KEY_LENGTH = 20
_PASSWORD_LENGTH = 32  # the guide, "Strength Requirements"


def from_pipe() -> str | None:
    """All of stdin when it is a pipe or a file; None when a person sits at it.

    Raises:
        CommandError: it is not UTF-8.
    """
    if sys.stdin is None:
        return ""
    if sys.stdin.isatty():
        return None
    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError:
        pass  # raised below: this exception carries the bytes
    raise CommandError("stdin is not UTF-8 text; nothing was written", ExitCode.USAGE)


def asked(names: tuple[str, ...]) -> dict[str, str]:
    """The values that the person at the terminal types, without echo."""
    return {name: getpass.getpass(f"{name}: ") for name in names}


def confirmed(question: str) -> bool:
    """Whether the person at the terminal agrees; no when nobody sits there."""
    if sys.stdin is None or not sys.stdin.isatty():
        return False
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def typed(question: str) -> str:
    """What the person at the terminal answers, on a line of its own; nothing when nobody sits there."""
    if sys.stdin is None or not sys.stdin.isatty():
        return ""
    sys.stderr.write(f"{question} ")
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def lines(text: str, known: Mapping[str, Secret | str]) -> dict[str, str]:
    """The values in lines `NAME=value`; empty lines and lines that begin with # are passed over.

    `known` maps each name that may occur to its secret, or to the reason why it may not be given.

    Raises:
        CommandError: names every line and name that is refused; then nothing must be written.
    """
    given: dict[str, str] = {}
    refused: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        secret = known.get(name)
        if not equals or (secret is None and not _NAME.fullmatch(name)):
            refused.append(f"line {number}: is not NAME=value")  # and not shown: it may be a value
        elif secret is None:
            meant = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {meant[0]}?" if meant else "see `secretsctl list`"
            refused.append(f"line {number}: there is no name {name}; {hint}")
        elif isinstance(secret, str):
            refused.append(f"line {number}: {name} {secret}")
        elif name in given:
            refused.append(f"line {number}: {name} is given twice; keep one")
        else:
            given[name] = value
    refuse(refused + faults(given, known))
    return given


def faults(given: Mapping[str, str], known: Mapping[str, Secret | str]) -> list[str]:
    """What is wrong with the values, one text each; `known` as in `lines`."""
    found = []
    for name, value in given.items():
        secret = known[name]
        fault = _fault(value)
        if fault is None and isinstance(secret, Secret):
            format_fault = _FORMATS.get((secret.kind, secret.names[name]))
            fault = format_fault(value) if format_fault else None
        if fault:
            found.append(f"{name}: {fault}")
    return found


def refuse(texts: list[str]) -> None:
    """Stop if there is anything to refuse."""
    if texts:
        raise CommandError("\n  ".join(["nothing was written, because of", *texts]), ExitCode.USAGE)


def suppliable(catalog: Catalog) -> Mapping[str, Secret | str]:
    """Every name: its secret if a person may supply its value, else why not."""
    names: dict[str, Secret | str] = {}
    for secret in catalog.secrets:
        for name in secret.names:
            if secret.spec.first_value is FirstValue.ROTATED:
                names[name] = f"is made by the rotation of '{secret.name}'; leave it out"
            elif name not in derive.supplied_names(secret):
                names[name] = "is no secret and comes from catalog/secrets.yaml; leave it out"
            else:
                names[name] = secret
    for entry in catalog.derived:
        names[entry.name] = f"is derived from '{entry.secret}' when it is read; leave it out"
    return MappingProxyType(names)


def shown(name: str) -> str:
    """A name that the catalogue does not know, if it looks like a name at all: what was typed may be a value."""
    return f"'{name}'" if len(name) <= 40 and re.fullmatch(r"[a-z]+(-[a-z]+)*|[A-Z]+(_[A-Z]+)*", name) else "that name"


def _fault(value: str) -> str | None:
    if not value:
        return "is empty"
    if value != value.strip():
        return "begins or ends with whitespace; a password that was cut from a terminal often does"
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in value):
        return "holds a line break or another control character"
    return None


def _key(value: str) -> str | None:
    if len(value) < _KEY_LENGTH or any(character.isspace() for character in value):
        return f"is no API key: those have at least {_KEY_LENGTH} characters and no spaces"
    return None


def _password(value: str) -> str | None:
    if len(value) < _PASSWORD_LENGTH:
        return f"is under {_PASSWORD_LENGTH} characters; make one with `openssl rand -base64 32`"
    return None


def _access_key_id(value: str) -> str | None:
    return None if _ACCESS_KEY_ID.fullmatch(value) else "is no access key id: 16 to 128 capitals and digits, as AKIA…"


def _dsn(value: str) -> str | None:
    try:
        url = urlsplit(value)
        complete = url.scheme == "https" and url.hostname and url.username and url.path.strip("/")
    except ValueError:
        complete = False
    return None if complete else "is no DSN: https://<key>@<host>/<project>"


_FORMATS: Mapping[tuple[Kind, str], Callable[[str], str | None]] = MappingProxyType(
    {
        (Kind.GRAFANA_ADMIN, "password"): _password,
        (Kind.IAM_ACCESS_KEY, "access_key_id"): _access_key_id,
        (Kind.IAM_ACCESS_KEY, "secret_access_key"): _key,
        (Kind.OPENAI, "key"): _key,
        (Kind.ANTHROPIC, "key"): _key,
        (Kind.SENTRY, "dsn"): _dsn,
    }
)
