"""Intervals: the worst gap between two rotations is at most the tier's limit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from catalog.model import Secret
from policies import tokens
from policies.intent import Intent
from policies.rule import Finding, Severity, StackRule, Standard
from policies.tiers import expression, wiring
from policies.tiers.cron import ScheduleError
from policies.tiers.wiring import Placed
from policies.view import UNKNOWN, Resource, Stack, Unknown

_DAYS, _EXPRESSION = "rotationRules.automaticallyAfterDays", "rotationRules.scheduleExpression"


def _check(stack: Stack, intent: Intent) -> Iterator[Finding]:
    schedules = wiring.owned(stack, intent, tokens.ROTATION)
    for placed in wiring.placed(stack, intent):
        if placed.entry is None:
            continue  # the rule on the catalogue refuses it
        findings = [finding for each in schedules.of(placed) for finding in _of_schedule(each, placed, intent)]
        yield from findings or _of_entry(placed, intent)


def _of_schedule(schedule: Resource, placed: Placed, intent: Intent) -> Iterator[Finding]:
    entry = placed.entry
    limits = [intent.limit(entry)] if isinstance(entry, Secret) else [t.max_rotation_days for t in intent.catalog.tiers]
    required = f"at most {' or '.join(map(str, limits))} days, {_source(placed, intent)}"
    name = _EXPRESSION if schedule.value(_EXPRESSION) else _DAYS
    try:
        gap = _gap(schedule)
    except ScheduleError as exc:
        yield Finding(
            urn=schedule.urn,
            property=name,
            seen=f"no schedule of Secrets Manager for {placed.label}: {exc}",
            required=required,
            fix=_fix(placed, intent),
            tier=placed.tier,
        )
        return
    if gap is None:
        seen = f"no interval for {placed.label}"
    elif gap is UNKNOWN:
        seen = f"an interval for {placed.label} that is not known yet"
    elif gap <= timedelta(days=min(limits)):
        return
    else:
        seen = f"{_shown(gap)} between two rotations of {placed.label} in the worst case"
    undecided = gap is UNKNOWN or (isinstance(gap, timedelta) and gap <= timedelta(days=max(limits)))
    yield Finding(
        urn=schedule.urn,
        property=name,
        seen=seen,
        required=required,
        fix=_fix(placed, intent),
        tier=placed.tier,
        undecided=undecided,
    )


def _of_entry(placed: Placed, intent: Intent) -> Iterator[Finding]:
    """The catalogue itself promises too little; the stack may hide it for now."""
    entry = placed.entry
    if isinstance(entry, Secret) and entry.rotation.days and entry.rotation.days > intent.limit(entry):
        yield Finding(
            urn=placed.resource.urn,
            property="catalog/secrets.yaml: rotation.days",
            seen=f"{entry.rotation.days} days for {placed.label}",
            required=f"at most {intent.limit(entry)} days, {_source(placed, intent)}",
            fix=_fix(placed, intent),
            tier=placed.tier,
        )


def _gap(schedule: Resource) -> timedelta | Unknown | None:
    # With an expression set, AWS reports days that it computed from it, so the expression decides.
    text = schedule.text(_EXPRESSION)
    if isinstance(text, str):
        return expression.worst_gap(text)
    days = schedule.number(_DAYS)
    if text is UNKNOWN or days is UNKNOWN:
        return UNKNOWN
    return expression.days(days) if days else None


def _source(placed: Placed, intent: Intent) -> str:
    entry = placed.entry
    if not isinstance(entry, Secret):
        return "by its tier"
    tier = intent.catalog.tier_by_number[entry.tier]
    if intent.limit(entry) < tier.max_rotation_days:
        return "which the catalogue promises"
    return f"the limit of tier {tier.number} ({tier.title})"


def _fix(placed: Placed, intent: Intent) -> str | None:
    entry = placed.entry
    if not isinstance(entry, Secret):
        return None
    limit = intent.limit(entry)
    if entry.rotation.days and entry.rotation.days > limit:
        return f"rotation: {{days: {limit}}}  # under '{entry.name}' in catalog/secrets.yaml"
    return f"automatically_after_days={limit}  # derive.rotation_days(catalog, secret) for '{entry.name}'"


def _shown(gap: timedelta) -> str:
    days, hours = gap.days, gap.seconds // 3600
    return " ".join([f"{days} days"] * bool(days) + [f"{hours} hours"] * bool(hours))


RULES = (
    StackRule(
        id="tiers/rotation-interval",
        title="A secret rotates at least as often as its tier asks",
        severity=Severity.CRITICAL,
        clauses={
            Standard.PCI_DSS: ("8.6.3",),
            Standard.SOC_2: ("CC6.1",),
            Standard.HIPAA: ("164.308(a)(5)(ii)(D)",),
            Standard.ISO_27001: ("A.5.17",),
            Standard.NIST_800_53: ("IA-5",),
        },
        remediation="automatically_after_days=derive.rotation_days(catalog, secret),",
        check=_check,
    ),
)
