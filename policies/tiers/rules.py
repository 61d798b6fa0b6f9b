"""The rules of the pack, in the order in which a person reads them."""

from __future__ import annotations

from datetime import date
from functools import cache

from catalog import load
from policies import exemptions
from policies.intent import Intent
from policies.pack import Pack
from policies.rule import Rule
from policies.tiers import (
    bootstrap,
    drift,
    encryption,
    interval,
    inventory,
    keys,
    naming,
    plaintext,
    rotation,
    rotator,
    tags,
)

NAME = "tiers"
RULES: tuple[Rule, ...] = (
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
)


def pack(today: date) -> Pack:
    """The pack for the catalogue, environments and exemptions of this repository.

    Raises:
        CatalogError, ExemptionError: the catalogue or the file of exemptions is wrong.
    """
    catalog = load.catalog()

    @cache
    def intent_of(stack_name: str) -> Intent:
        return Intent(catalog=catalog, environment=load.environment(stack_name))

    return Pack(name=NAME, rules=RULES, intent_of=intent_of, exemptions=exemptions.load(), today=today)
