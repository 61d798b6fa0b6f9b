"""Values that look like credentials, in a stack's exported state: `python -m policies.plaintext STATE.json`.

Policies see values decrypted and unmarked, so none of them can prove that a state holds no plaintext. This reads the
state itself, as `pulumi stack export` writes it, without `--show-secrets`. A finding names a resource, a property and
why; never the value. The exit code is the verdict: 0 nothing found, 1 something found, 2 no state to read.

A credential that is a word of a person's choice looks like any other text: what is certain is that no property that is
meant for a value holds one, and that nothing in the state has the shape of what this programme or a provider generates.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# How the engine marks a value that it has encrypted. Assets and archives bear the same key with another signature.
# Source: github.com/pulumi/pulumi, sdk/go/common/resource/sig/sig.go
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker, not a value

# The one encrypted value that a state may hold: the marker of a first version, which is no secret (ADR 1).
_MARKER = ("aws:secretsmanager/secretVersion:SecretVersion", "secretStringWo")
# Digests and generated ids, which look as random as a value and are public.
_PUBLIC = frozenset({"codeSha256", "sourceCodeHash", "sourceHash", "statementId", "etag", "versionId", "fingerprint"})
# A name with a hyphen or a slash is a secret's own, such as a key of a table of kinds or readers.
_FOR_VALUES = re.compile(
    r"(?i)^(secretString(Wo)?|secretBinary|plaintext|[^-/]*(passwo?r?d|token|_secret)"
    r"|[^-/]*(private|secret|secret_?access|api)_?key(_?pem)?)$"
)
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----")
_SHAPES: Mapping[str, re.Pattern[str]] = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "an AWS access key's id": re.compile(r"\b(AKIA|ASIA)[A-Z2-7]{16}\b"),
    "a URL with a password": re.compile(r"\b[a-z][a-z0-9+.-]*://[^/\s:@\"]*:[^/\s@\"]+@"),
    "a key of a provider": re.compile(r"\b(sk|rk|sntrys|sntryu|xox[abp]|gh[pousr]|glsa|hvs)[-_][A-Za-z0-9_-]{16,}"),
    "hexadecimal digits of a key": re.compile(r"\b([0-9a-f]{32,}|[0-9A-F]{48,})\b"),  # EKS issuers have 32 capitals
}
_RUN = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
_KINDS = re.compile(r"[a-z]+|[A-Z]+|[0-9]+|[+/=_-]+")


@dataclass(frozen=True, kw_only=True)
class Suspicion:
    """A property whose value must not be there. `why` says what it looks like and how long it is."""

    urn: str
    property: str
    why: str


class StateError(ValueError):
    """The file is not a stack's exported state."""


def suspicions(state: Mapping[str, object]) -> Iterator[Suspicion]:
    """What looks like a credential in the inputs and outputs of each resource of an exported state.

    An update that was killed leaves the resources that it was at under `pending_operations`: they count too.

    Raises:
        StateError: there is no deployment with resources in it, or it was exported with `--show-secrets`.
    """
    deployment = state.get("deployment")
    if not isinstance(deployment, Mapping) or not deployment.get("resources"):
        raise StateError("no resources in it; give what `pulumi stack export --file STATE.json` writes")
    try:
        pending = [operation["resource"] for operation in deployment.get("pending_operations") or ()]
        for resource in (*deployment["resources"], *pending):
            for side in ("inputs", "outputs"):
                for path, why in _within(resource.get(side), side, side, resource["type"]):
                    yield Suspicion(urn=resource["urn"], property=path, why=why)
    except (AttributeError, KeyError, TypeError) as exc:
        raise StateError("a resource without type or URN; give what `pulumi stack export` writes") from exc


def _within(value: object, path: str, name: str, token: str) -> Iterator[tuple[str, str]]:
    """What is suspicious at `path` and below. `name` is the property's: an item of a list goes by its list's."""
    if isinstance(value, Mapping):
        signature = value.get(_SIGNATURE)
        if signature == _SECRET:
            yield from _sealed(value, path, name, token)
        elif signature is None:
            for key, inner in value.items():
                yield from _within(inner, f"{path}.{key}", key, token)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _within(inner, f"{path}.{index}", name, token)
    elif isinstance(value, str):
        if why := _looks_like(value, name):
            yield path, f"{why} ({len(value)} characters)"
        elif value.startswith("{"):
            yield from _within(_document(value), path, name, token)


def _document(text: str) -> object:
    """The JSON object in a text, such as a policy's; nothing if it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def _sealed(value: Mapping[str, object], path: str, name: str, token: str) -> Iterator[tuple[str, str]]:
    if "ciphertext" not in value:
        raise StateError("exported with --show-secrets; export it without, and delete this file")
    if (token, name) != _MARKER:
        yield path, "an encrypted value, where the state is to hold none"


def _looks_like(value: str, name: str) -> str | None:
    if value and _FOR_VALUES.match(name) and not value.startswith("arn:"):
        return "a value in a property that is meant for secrets"
    if name in _PUBLIC:
        return None
    rest = _CERTIFICATE.sub("", value)
    found = next((why for why, shape in _SHAPES.items() if shape.search(rest)), None)
    return found or ("a random password" if any(_random(run) for run in _RUN.findall(rest)) else None)


def _random(run: str) -> bool:
    """Whether letters of both cases and digits change places as often as in base64: about two times in three.

    Names, paths and ARNs are of words, in which they seldom do.
    """
    mixed = all(re.search(kind, run) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    return mixed and len(_KINDS.findall(run)) > 0.42 * len(run)


def _read(path: Path) -> Mapping[str, object]:
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise StateError(f"cannot be read as JSON: {type(exc).__name__}") from exc
    if not isinstance(state, dict):
        raise StateError("holds no JSON object; give what `pulumi stack export` writes")
    return state


def main(arguments: Sequence[str]) -> int:
    """Scan one state and say what was found."""
    parser = argparse.ArgumentParser(prog="python -m policies.plaintext", description=__doc__.partition("\n")[0])
    parser.add_argument("state", type=Path, help="what `pulumi stack export --file STATE.json` wrote")
    parser.add_argument("--json", action="store_true", help="the findings as a JSON list")
    given = parser.parse_args(arguments)
    try:
        found = list(suspicions(_read(given.state)))
    except StateError as exc:
        sys.stderr.write(f"{given.state}: {exc}\n")
        return 2
    if given.json:
        sys.stdout.write(json.dumps([vars(each) for each in found], indent=2) + "\n")
    else:
        sys.stdout.writelines(f"{each.urn}\n  {each.property}: {each.why}\n" for each in found)
    sys.stderr.write(f"{len(found)} values that look like credentials in {given.state}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
