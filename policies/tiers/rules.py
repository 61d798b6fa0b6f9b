"""The rules of the pack, in the order in which a person reads them."""

from __future__ import annotations

from datetime import date

from policies.pack import Pack, of_repository
from policies.rule import Rule
from policies.tiers import (
    access,
    alerts,
    bootstrap,
    breakglass,
    custody,
    drift,
    encryption,
    events,
    evidence,
    functions,
    interval,
    inventory,
    keys,
    logs,
    naming,
    overlap,
    plaintext,
    public,
    recovery,
    rotation,
    rotator,
    subscribers,
    tags,
    trail,
    wildcard,
)

NAME = "tiers"
OF_SECRETS: tuple[Rule, ...] = (
    *inventory.RULES,
    *naming.RULES,
    *tags.RULES,
    *rotation.RULES,
    *interval.RULES,
    *rotator.RULES,
    *encryption.RULES,
    *keys.RULES,
    *plaintext.RULES,
    *bootstrap.RULES,
    *drift.RULES,
    *access.RULES,
)
"""What secrets, their schedules, keys and documents have to be."""
OF_SURROUNDINGS: tuple[Rule, ...] = (
    *overlap.RULES,
    *recovery.RULES,
    *public.RULES,
    *custody.RULES,
    *wildcard.RULES,
    *breakglass.RULES,
    *trail.RULES,
    *evidence.RULES,
    *logs.RULES,
    *alerts.RULES,
    *events.RULES,
    *subscribers.RULES,
    *functions.RULES,
)
"""What guards them and tells of them: a stack of secrets alone breaks these."""
RULES = (*OF_SECRETS, *OF_SURROUNDINGS)


def pack(today: date) -> Pack:
    """The pack for this repository; raises CatalogError, ExemptionError."""
    return of_repository(NAME, RULES, today)
