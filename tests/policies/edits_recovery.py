"""Edits of recovery, of public policies, of the overlap, and of what is ignored."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from policies.baseline.resource_types import LOG_GROUP, METRIC_FILTER, REPLICA_KEY, ROLE, SECRET_POLICY, TRAIL
from policies.tokens import CONTAINER, FUNCTION, KEY
from tests.policies.program import Program
from tests.policies.surroundings import (
    OVERLAPPING,
    ROTATOR,
    SINGLE,
    Change,
    Edit,
    document,
    ignoring,
    setting,
    then,
    without,
)


def _window(value: object) -> Edit:
    make = setting(CONTAINER, SINGLE, "recoveryWindowInDays", value)
    return Edit(make=make, rule="tiers/secret-recoverable", token=CONTAINER, name=SINGLE, says=("30 days in prod",))


def _unprotected(token: str, name: str) -> Edit:
    def make(stack: Program) -> Program:
        return stack.put(replace(stack.get(token, name), protect=False))

    return Edit(make=make, rule="tiers/protected", token=token, name=name, says=("protect in prod",))


def _never_deleted(change: Callable[[dict[str, Any]], object]) -> Edit:
    def found(statements: list[dict[str, Any]]) -> None:
        change(next(each for each in statements if each["Sid"] == "NeverDeleted"))

    make = document(SECRET_POLICY, SINGLE, "policy", found)
    return Edit(
        make=make, rule="tiers/deletion-denied", token=SECRET_POLICY, name=SINGLE, says=("without such a Deny",)
    )


def _twin(stack: Program) -> Program:
    return stack.plus(replace(stack.get(SECRET_POLICY, SINGLE), name="twin"))


def _overlap(value: object) -> Edit:
    make = setting(CONTAINER, OVERLAPPING, "tags.OverlapSeconds", value)
    return Edit(make=make, rule="tiers/overlap-outlives-caches", token=CONTAINER, name=OVERLAPPING, says=("at least",))


def _ignored(token: str, name: str, path: str, says: str) -> Edit:
    rule = "tiers/no-ignored-protection"
    return Edit(make=ignoring(token, name, path), rule=rule, token=token, name=name, says=(f"seen: {says}",))


EDITS: dict[str, Edit] = {
    "deleted-at-once": _window(0),
    "deleted-after-a-week": _window(7),
    "replica-overwritten": Edit(
        make=setting(CONTAINER, SINGLE, "forceOverwriteReplicaSecret", True),
        rule="tiers/secret-recoverable",
        token=CONTAINER,
        name=SINGLE,
        says=("forceOverwriteReplicaSecret",),
    ),
    "secret-unprotected": _unprotected(CONTAINER, SINGLE),
    "key-unprotected": _unprotected(KEY, "tier-1"),
    "replica-unprotected": _unprotected(REPLICA_KEY, "tier-1-replica"),
    "trail-unprotected": _unprotected(TRAIL, "audit"),
    "deletion-allowed": _never_deleted(lambda each: each.update(Effect="Allow")),
    "deletion-denied-to-one": _never_deleted(
        lambda each: each.update(Principal={"AWS": "arn:aws:iam::333344445555:root"})
    ),
    "deletion-denied-by-a-condition": _never_deleted(
        lambda each: each.update(Condition={"StringNotEquals": {"aws:PrincipalTag/x": "y"}})
    ),
    "deletion-of-something-else-denied": _never_deleted(lambda each: each.update(Action="secretsmanager:TagResource")),
    "deletion-of-another-secret-denied": _never_deleted(
        lambda each: each.update(Resource="arn:aws:secretsmanager:us-east-1:333344445555:secret:else")
    ),
    "secret-without-a-policy": Edit(
        make=without(SECRET_POLICY, SINGLE),
        rule="tiers/secret-policy",
        token=CONTAINER,
        name=SINGLE,
        says=("with no policies",),
    ),
    "secret-with-two-policies": Edit(
        make=_twin, rule="tiers/secret-policy", token=CONTAINER, name=SINGLE, says=("with 2 policies",)
    ),
    "public-policy-not-blocked": Edit(
        make=setting(SECRET_POLICY, SINGLE, "blockPublicPolicy", False),
        rule="tiers/secret-not-public",
        token=SECRET_POLICY,
        name=SINGLE,
        says=("seen: false",),
    ),
    "public-policy-left-to-aws": Edit(
        make=setting(SECRET_POLICY, SINGLE, "blockPublicPolicy", None),
        rule="tiers/secret-not-public",
        token=SECRET_POLICY,
        name=SINGLE,
        says=("seen: not set",),
    ),
    "policy-inside-of-the-secret": Edit(
        make=setting(CONTAINER, SINGLE, "policy", json.dumps({"Version": "2012-10-17", "Statement": []})),
        rule="tiers/secret-not-public",
        token=CONTAINER,
        name=SINGLE,
        says=("inside of the secret",),
    ),
    "overlap-of-one-cache": _overlap("599"),
    "overlap-missing": _overlap(None),
    "overlap-that-is-no-number": _overlap("long"),
    "ignored-window": _ignored(CONTAINER, SINGLE, "recoveryWindowInDays", "recoveryWindowInDays"),
    "ignored-block": _ignored(SECRET_POLICY, SINGLE, "blockPublicPolicy", "blockPublicPolicy"),
    "ignored-session": _ignored(ROLE, "break-glass", "max_session_duration", "maxSessionDuration"),
    "ignored-trail": _ignored(TRAIL, "audit", "advancedEventSelectors[0]", "advancedEventSelectors"),
    "ignored-retention": _ignored(LOG_GROUP, "audit", "retentionInDays", "retentionInDays"),
    "ignored-pattern": _ignored(METRIC_FILTER, "denied-reads", "pattern", "pattern"),
    "ignored-tracing": _ignored(FUNCTION, ROTATOR, "tracingConfig.mode", "tracingConfig"),
}

COMPLIANT: dict[str, Change] = {
    "window-of-the-default": setting(CONTAINER, SINGLE, "recoveryWindowInDays", None),
    "longer-overlap": setting(CONTAINER, OVERLAPPING, "tags.OverlapSeconds", "86400"),
    "no-overlap-where-nothing-overlaps": setting(CONTAINER, SINGLE, "tags.OverlapSeconds", None),
    "deletion-denied-among-others": then(
        document(
            SECRET_POLICY,
            SINGLE,
            "policy",
            lambda statements: statements[3].update(Action=["secretsmanager:Delete*", "secretsmanager:TagResource"]),
        )
    ),
    "other-changes-of-a-role-ignored": ignoring(ROLE, "break-glass", "description"),
    "state-of-another-type-ignored": ignoring(CONTAINER, SINGLE, "state"),
}
