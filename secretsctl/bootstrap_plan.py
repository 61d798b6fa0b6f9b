"""What `secretsctl bootstrap` has to do, from the labels of the secrets and the names that were given. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catalog import derive
from catalog.kind import FirstValue, Kind
from catalog.model import Catalog, Secret
from secretsctl.verdict import CommandError, ExitCode
from stores.aws import SERVERS
from stores.store import Metadata


@dataclass(frozen=True, kw_only=True)
class Plan:
    """In order: secrets to write, secrets to rotate for the first time; and those whose given value is not used."""

    write: tuple[Secret, ...]
    rotate: tuple[Secret, ...]
    unused: tuple[Secret, ...]


def required(catalog: Catalog, metadata: Mapping[str, Metadata]) -> tuple[str, ...]:
    """The names that must be given: those of servers' passwords that are not recorded yet."""
    return tuple(
        name
        for secret in in_order(catalog)
        if secret.spec.first_value is FirstValue.SUPPLIED
        and secret.spec.target in SERVERS
        and not metadata[secret.name].has_value
        for name in derive.supplied_names(secret)
    )


def left(catalog: Catalog, metadata: Mapping[str, Metadata], written: frozenset[str]) -> tuple[Secret, ...]:
    """The secrets without a value that a person has to give with `secretsctl set`, now that `written` have one."""
    return tuple(
        secret
        for secret in catalog.secrets
        if secret.spec.first_value is FirstValue.SUPPLIED
        and secret.spec.target not in SERVERS
        and not metadata[secret.name].has_value
        and secret.name not in written
    )


def plan(catalog: Catalog, metadata: Mapping[str, Metadata], given: frozenset[str], *, replace: bool) -> Plan:
    """What to do with the names `given`. What has a value is left alone, so it is safe to run again at any point.

    With `replace` a given value takes the place of one supplied before, as long as nothing was rotated with it.

    Raises:
        CommandError: a name is missing, or a value can no longer be replaced; then nothing must be written.
    """
    refused = [
        f"{name}: is missing; give it as a line {name}=value"
        for name in required(catalog, metadata)
        if name not in given
    ]
    write, unused = [], []
    for secret in in_order(catalog):
        names = frozenset(derive.supplied_names(secret))
        if secret.spec.first_value is FirstValue.ROTATED or not names & given:
            continue
        refused += [f"{name}: is missing; it goes with the others of '{secret.name}'" for name in sorted(names - given)]
        if not metadata[secret.name].has_value:
            write.append(secret)
        elif not replace:
            unused.append(secret)
        elif _was_used(catalog, metadata, secret):
            refused.append(
                f"secret '{secret.name}': something was rotated with its value already; "
                f"if it is wrong all the same, run `secretsctl set {secret.name}`"
            )
        else:
            write.append(secret)
    if refused:
        refused = sorted(set(refused), key=refused.index)
        raise CommandError("\n  ".join(["nothing was written, because of", *refused]), ExitCode.USAGE)
    rotate = [
        secret
        for secret in in_order(catalog)
        if secret.spec.first_value is FirstValue.ROTATED and not metadata[secret.name].has_value
    ]
    return Plan(write=tuple(write), rotate=tuple(rotate), unused=tuple(unused))


def in_order(catalog: Catalog) -> list[Secret]:
    """The secrets by tier, the database's superuser before all: the other roles are made with it."""
    return sorted(catalog.secrets, key=lambda secret: (secret.kind is not Kind.POSTGRES_SUPERUSER, secret.tier))


def _was_used(catalog: Catalog, metadata: Mapping[str, Metadata], secret: Secret) -> bool:
    """Whether the secret, or one that its rotation function made with it, was rotated."""
    return metadata[secret.name].last_rotation is not None or any(
        other.spec.first_value is FirstValue.ROTATED and metadata[other.name].has_value
        for other in catalog.targeting(secret.spec.target)
    )
