"""Schedules: every secret rotates by exactly one."""

from __future__ import annotations

from collections.abc import Iterator

from policies import tokens
from policies.intent import Intent
from policies.rule import Finding, Severity, StackRule, Standard
from policies.tiers import wiring
from policies.tiers.wiring import Owned, Placed
from policies.view import UNKNOWN, Stack

_REQUIRED = "exactly one rotation schedule, switched on"


def _check(stack: Stack, intent: Intent) -> Iterator[Finding]:
    schedules = wiring.owned(stack, intent, tokens.ROTATION)
    for placed in wiring.placed(stack, intent):
        if placed.entry is not None:  # else the rule on the catalogue refuses it
            yield from _of_secret(placed, schedules)
    for schedule in schedules.foreign:
        yield Finding(
            urn=schedule.urn,
            property="secretId",
            seen="a schedule for a secret that is not in this stack",
            required="a secret of this stack",
            fix="secret_id=container.arn,",
        )
    for schedule in schedules.loose:
        yield Finding(
            urn=schedule.urn,
            property="secretId",
            seen="a secret that is not known yet",
            required="a value that comes from one secret of this stack",
            fix="secret_id=container.arn,",
            undecided=True,
        )


def _of_secret(placed: Placed, schedules: Owned) -> Iterator[Finding]:
    own = schedules.of(placed)
    if len(own) != 1:
        undecided = not own and bool(schedules.loose)
        yield Finding(
            urn=placed.resource.urn,
            property="rotation",
            seen=f"{placed.label} with {len(own) or 'no'} schedules"
            + (", while a schedule's secret is not known yet" if undecided else ""),
            required=_REQUIRED,
            tier=placed.tier,
            undecided=undecided,
        )
        return
    enabled = own[0].value("rotationEnabled")
    if enabled is False:
        yield Finding(
            urn=own[0].urn,
            property="rotationEnabled",
            seen=f"the schedule of {placed.label} switched off",
            required=_REQUIRED,
            fix="rotation_enabled=True,",
            tier=placed.tier,
        )
    elif enabled is UNKNOWN and own[0].edges.get("rotationEnabled"):
        # Without a dependency it is the provider's own output, which is true whenever there is a schedule.
        yield Finding(
            urn=own[0].urn,
            property="rotationEnabled",
            seen="a value that is not known yet",
            required=_REQUIRED,
            fix="rotation_enabled=True,",
            tier=placed.tier,
            undecided=True,
        )


RULES = (
    StackRule(
        id="tiers/rotation-schedule",
        title="A secret rotates by one schedule",
        severity=Severity.CRITICAL,
        clauses={
            Standard.PCI_DSS: ("8.6.3",),
            Standard.SOC_2: ("CC6.1",),
            Standard.HIPAA: ("164.308(a)(5)(ii)(D)",),
            Standard.ISO_27001: ("A.5.17",),
            Standard.NIST_800_53: ("IA-5",),
        },
        remediation="aws.secretsmanager.SecretRotation(name, secret_id=…, rotation_lambda_arn=…, rotation_rules=…)",
        check=_check,
    ),
)
