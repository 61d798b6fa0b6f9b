"""Which secrets and names an operator means, and their values."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from catalog import derive
from catalog.model import Catalog, Secret
from secretsctl.supplied import shown
from secretsctl.verdict import CommandError, ExitCode
from stores.document import Document
from stores.store import NotBootstrappedError, Reading, Store, StoreError

NOT_YOURS = "only its consumers' roles and break-glass read a value: take one on; `secretsctl list` says who reads what"
"""What to do when AWS denies a read."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Secrets, each with the names that are wanted of it."""

    names: Mapping[str, frozenset[str]]


@dataclass(frozen=True, kw_only=True)
class Values:
    """What was read: values by name (hidden in `repr`), documents by secret, and what could not be read."""

    by_name: Mapping[str, str] = field(repr=False)
    documents: Mapping[str, Document]
    missing: Sequence[NotBootstrappedError]
    failed: Sequence[StoreError]


def select(catalog: Catalog, consumer: str | None, wanted: Sequence[str] | None) -> Selection:
    """What `consumer` reads, everything if None, cut down to the secrets and names `wanted`, if any.

    Decoys are never among it: no program has a use for one, and to read one raises an alert.

    Raises:
        CommandError: a consumer or a name does not exist, is a decoy, or the consumer does not read it.
    """
    if consumer is not None and consumer not in (known := [entry.name for entry in catalog.consumers]):
        raise CommandError(f"there is no consumer {shown(consumer)}; choose one of {', '.join(known)}", ExitCode.USAGE)
    secrets = catalog.secrets if consumer is None else catalog.read_by(consumer)
    names = {secret.name: names_of(catalog, secret) for secret in secrets if not secret.decoy}
    if not wanted:
        return Selection(names=names)
    owner = {name: secret for secret, some in names.items() for name in some}
    chosen: dict[str, frozenset[str]] = {}
    for want in wanted:
        if want not in names and want not in owner:
            raise CommandError(_unknown(catalog, consumer, want), ExitCode.USAGE)
        secret, some = (want, names[want]) if want in names else (owner[want], frozenset({want}))
        chosen[secret] = chosen.get(secret, frozenset()) | some
    return Selection(names=chosen)


def names_of(catalog: Catalog, secret: Secret) -> frozenset[str]:
    """Every name of a secret, and every name derived from it."""
    return frozenset(secret.names) | {entry.name for entry in catalog.derived if entry.secret == secret.name}


def secrets_named(catalog: Catalog, names: Sequence[str]) -> list[Secret]:
    """The secrets of these names, in the order given, each once.

    Raises:
        CommandError: there is none of a name.
    """
    for name in names:
        if name not in catalog.by_name:
            raise CommandError(_unknown(catalog, None, name), ExitCode.USAGE)
    return [catalog.by_name[name] for name in dict.fromkeys(names)]


def read(store: Store, catalog: Catalog, selection: Selection) -> Values:
    """The values of a selection; a secret that cannot be read is told apart and hides no other."""
    answers = store.get_many(selection.names)
    documents = {name: answer.document for name, answer in answers.items() if isinstance(answer, Reading)}
    by_name: dict[str, str] = {}
    for name, document in documents.items():
        every = derive.values(catalog, catalog.by_name[name], document)
        by_name |= {key: value for key, value in every.items() if key in selection.names[name]}
    errors = [answer for answer in answers.values() if isinstance(answer, StoreError)]
    return Values(
        by_name=by_name,
        documents=documents,
        missing=[error for error in errors if isinstance(error, NotBootstrappedError)],
        failed=[error for error in errors if not isinstance(error, NotBootstrappedError)],
    )


def _unknown(catalog: Catalog, consumer: str | None, want: str) -> str:
    if want in catalog.by_name and catalog.by_name[want].decoy:
        return f"'{want}' is a decoy: it has nothing that a program uses, and to read it raises an alert"
    owner = next((secret for secret in catalog.secrets if want in names_of(catalog, secret)), None)
    if owner is not None and consumer is None:
        return f"{want} is a name of secret '{owner.name}'; say `{owner.name}`"
    if consumer is not None and (owner is not None or want in catalog.by_name):
        return f"consumer '{consumer}' does not read {want}; the catalogue lists its consumers"
    meant = difflib.get_close_matches(want, catalog.by_name, n=1)
    hint = f"did you mean '{meant[0]}'?" if meant else "see `secretsctl list`"
    return f"there is no secret {shown(want)}; {hint}"
