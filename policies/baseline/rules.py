"""The rules of the pack, in the order in which a person reads them."""

from __future__ import annotations

from datetime import date

from policies.baseline import (
    alarm,
    bucket,
    bucket_encryption,
    bucket_lock,
    bucket_logging,
    bucket_policy,
    cis,
    dead_letter,
    document,
    encryption,
    function,
    function_call,
    function_code,
    identity,
    key,
    log,
    role,
    secret,
    topic,
    trail,
    trail_events,
)
from policies.pack import Pack, of_repository
from policies.rule import Rule

NAME = "baseline"
RULES: tuple[Rule, ...] = (
    *secret.RULES,
    *key.RULES,
    *encryption.RULES,
    *document.RULES,
    *identity.RULES,
    *role.RULES,
    *trail.RULES,
    *trail_events.RULES,
    *bucket.RULES,
    *bucket_encryption.RULES,
    *bucket_logging.RULES,
    *bucket_policy.RULES,
    *bucket_lock.RULES,
    *log.RULES,
    *alarm.RULES,
    *cis.RULES,
    *topic.RULES,
    *dead_letter.RULES,
    *function.RULES,
    *function_code.RULES,
    *function_call.RULES,
)


def pack(today: date) -> Pack:
    """The pack for this repository; raises CatalogError, ExemptionError."""
    return of_repository(NAME, RULES, today)
