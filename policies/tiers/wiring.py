"""What belongs to what in a stack: secrets to entries of the catalogue, schedules and versions to secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catalog.model import Secret
from policies import edge, tokens
from policies.intent import Intent
from policies.rule import STRICTEST_TIER
from policies.view import UNKNOWN, Resource, Stack, Unknown


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A secret of the stack and its entry: None if the catalogue has none, UNKNOWN if the name is not known yet."""

    resource: Resource
    entry: Secret | Unknown | None

    @property
    def tier(self) -> int:
        """The tier of the entry; the strictest if it is not known."""
        return tier_of(self.entry)

    @property
    def label(self) -> str:
        """What a person calls it."""
        return f"secret '{self.entry.name if isinstance(self.entry, Secret) else self.resource.name}'"


@dataclass(frozen=True, kw_only=True)
class Owned:
    """Resources that belong to a secret, such as schedules.

    `by_secret` has the secret's URN; `loose` ones cannot be joined yet, `foreign` ones belong to none.
    """

    by_secret: Mapping[str, tuple[Resource, ...]]
    loose: tuple[Resource, ...]
    foreign: tuple[Resource, ...]

    def of(self, placed: Placed) -> tuple[Resource, ...]:
        """Those of one secret."""
        return self.by_secret.get(placed.resource.urn, ())


def entry_of(resource: Resource, intent: Intent) -> Secret | Unknown | None:
    """The catalogue's entry for a secret of the stack, by its name in AWS."""
    name = resource.text("name")
    return intent.entry(name) if isinstance(name, str) else name


def tier_of(entry: Secret | Unknown | None) -> int:
    """The tier of an entry; the strictest if it is not known."""
    return entry.tier if isinstance(entry, Secret) else STRICTEST_TIER


def placed(stack: Stack, intent: Intent) -> tuple[Placed, ...]:
    """Every secret of the stack."""
    return tuple(Placed(resource=resource, entry=entry_of(resource, intent)) for resource in stack.of(tokens.CONTAINER))


def owned(stack: Stack, intent: Intent, token: str) -> Owned:
    """Every resource of type `token`, by the secret that its `secretId` leads to."""
    by_secret: dict[str, tuple[Resource, ...]] = {}
    loose: list[Resource] = []
    foreign: list[Resource] = []
    for resource in stack.of(token):
        secrets = edge.reached(stack, intent, resource, "secretId", tokens.CONTAINER)
        if secrets is UNKNOWN or len(secrets) > 1:
            loose.append(resource)
        elif secrets:
            by_secret[secrets[0].urn] = (*by_secret.get(secrets[0].urn, ()), resource)
        else:
            foreign.append(resource)
    return Owned(by_secret=by_secret, loose=tuple(loose), foreign=tuple(foreign))
