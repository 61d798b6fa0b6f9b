"""Edits of schedules."""

from __future__ import annotations

from policies.tokens import CONTAINER, ROTATION
from tests.policies.edit import DB, Edit, at, foreign, setting, twin


def _schedule(name: str, rules: dict[str, object], *says: str, rule: str = "tiers/rotation-interval") -> Edit:
    return Edit(make=setting(ROTATION, name, "rotationRules", rules), rule=rule, urn=at(ROTATION, name), says=says)


def _cron(text: str, *says: str, name: str = DB) -> Edit:
    return _schedule(name, {"scheduleExpression": text}, "rotationRules.scheduleExpression", *says)


EDITS: dict[str, Edit] = {
    "days-over-tier-1": _schedule(
        DB,
        {"automaticallyAfterDays": 91},
        "91 days",
        "'db-password'",
        "at most 90 days, the limit of tier 1",
    ),
    "days-over-tier-2": _schedule("smtp-password", {"automaticallyAfterDays": 181}, "at most 180 days", "tier 2"),
    "days-over-tier-3": _schedule("sentry-dsn", {"automaticallyAfterDays": 366}, "at most 365 days", "tier 3"),
    "days-that-aws-does-not-take": _schedule(DB, {"automaticallyAfterDays": 1e15}, "its days are not within 1 to 1000"),
    "days-missing": _schedule(DB, {}, "no interval for secret 'db-password'"),
    "rate-over": _cron("rate(91 days)", "91 days"),
    "rate-in-hours-over": _cron("rate(2161 hours)", "90 days 1 hours"),
    "yearly-cron": _cron("cron(0 0 1 1 ? *)", "366 days between two rotations"),
    "yearly-cron-in-tier-3": _cron("cron(0 0 1 1 ? *)", "366 days", name="sentry-dsn"),
    "quarterly-cron": _cron("cron(0 8 1 1/3 ? *)", "92 days between two rotations", "at most 90 days"),
    "quarterly-cron-by-names": _cron("cron(0 8 1 JAN,APR,JUL,OCT ? *)", "92 days"),
    "quarterly-cron-on-sundays": _cron("cron(0 1 ? 1/3 SUN#1 *)", "98 days"),
    "cron-on-leap-days": _cron("cron(0 0 29 2 ? *)", "2921 days"),
    "cron-that-never-runs": _cron("cron(0 0 30 2 ? *)", "it never runs"),
    "cron-with-a-year": _cron("cron(0 0 1 * ? 2030)", "its year must be *"),
    "cron-of-five-fields": _cron("cron(0 0 1 * ?)", "six fields"),
    "cron-with-two-days": _cron("cron(0 0 1 * SUN *)", "exactly one of day-of-month and day-of-week"),
    "no-expression-at-all": _cron("monthly", "neither rate(N days), rate(N hours) nor cron(...)"),
    "schedule-missing": Edit(
        make=lambda s: s.without(s.get(ROTATION, DB)),
        rule="tiers/rotation-schedule",
        urn=at(CONTAINER, DB),
        says=("secret 'db-password' with no schedules", "exactly one rotation schedule"),
    ),
    "schedule-twice": Edit(
        make=twin(ROTATION, DB), rule="tiers/rotation-schedule", urn=at(CONTAINER, DB), says=("with 2 schedules",)
    ),
    "schedule-switched-off": Edit(
        make=lambda s: s.set_computed(s.get(ROTATION, DB), rotationEnabled=False),
        rule="tiers/rotation-schedule",
        urn=at(ROTATION, DB),
        says=("property: rotationEnabled", "switched off"),
    ),
    "schedule-of-a-foreign-secret": Edit(
        make=foreign(ROTATION, DB),
        rule="tiers/rotation-schedule",
        urn=at(ROTATION, DB),
        says=("a secret that is not in this stack",),
    ),
}
