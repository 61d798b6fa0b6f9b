"""Break-glass: people take on a role with a second factor, and the one that reads everything for an hour."""

from __future__ import annotations

from collections.abc import Iterator

from catalog import names
from catalog.names import Duty
from iam.condition import Comparison, SetOperator
from iam.document import Statement
from policies.baseline import document, resource_types, setting
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, Standard
from policies.tiers import paper
from policies.view import UNKNOWN, Resource

_TRUST = "assumeRolePolicy"
_FACTOR = "aws:multifactorauthpresent"
_SECONDS = 3600
_CLAUSES = {
    Standard.PCI_DSS: ("8.4.2", "8.6.1"),
    Standard.SOC_2: ("CC6.1",),
    Standard.HIPAA: ("164.312(a)(2)(ii)", "164.312(d)"),
    Standard.ISO_27001: ("A.8.2", "A.8.5"),
    Standard.NIST_800_53: ("AC-3", "AC-6"),
}
_FIX = "assume_role_policy=json.dumps(duty_trust(environment, duty)),"


def _factor(resource: Resource, intent: Intent) -> Iterator[Finding]:
    """IfExists is a hole: requests with long-term keys have no such key, and would pass.

    docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent
    """
    for each in paper.unjudged(resource, "a trust policy that is known at preview", _FIX):
        if each.property == _TRUST:
            yield each
    is_break_glass = resource.text("name") == _name(intent)
    for name, statement in document.allowing(resource):
        if name != _TRUST or any(_asks(each) for each in statement.comparisons):
            continue
        if is_break_glass or _lets_people(statement):
            yield Finding(
                urn=resource.urn,
                property=name,
                seen=f"{document.called(statement)} lets somebody in without a second factor",
                required='"Bool": {"aws:MultiFactorAuthPresent": "true"}, without IfExists',
                fix=_FIX,
            )


def _lets_people(statement: Statement) -> bool:
    return statement.except_principals or bool(statement.principals and statement.principals.aws)


def _asks(comparison: Comparison) -> bool:
    return (
        comparison.operator == "Bool"
        and not comparison.if_exists
        and comparison.set_operator is not SetOperator.ALL  # which holds where there is none
        and comparison.key.lower() == _FACTOR
        and set(comparison.values) == {"true"}
    )


def _session(resource: Resource, intent: Intent) -> Iterator[Finding]:
    name, seconds = resource.text("name"), resource.value("maxSessionDuration")
    if name not in (_name(intent), UNKNOWN) or seconds in (None, _SECONDS):
        return  # AWS takes an hour if it is not set: docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
    yield Finding(
        urn=resource.urn,
        property="maxSessionDuration",
        seen=setting.shown(seconds) + (" on a role whose name is not known yet" if name is UNKNOWN else ""),
        required=f"{_SECONDS} seconds for {Duty.BREAK_GLASS}, which reads every secret",
        undecided=UNKNOWN in (name, seconds),
    )


def _name(intent: Intent) -> str:
    return names.named(intent.environment, Duty.BREAK_GLASS)


RULES = (
    ResourceRule(
        id="tiers/people-second-factor",
        title="People take on a role with a second factor, and break-glass is for people alone",
        severity=Severity.CRITICAL,
        clauses=_CLAUSES,
        remediation=_FIX,
        types=frozenset({resource_types.ROLE}),
        check=_factor,
    ),
    ResourceRule(
        id="tiers/break-glass-session",
        title="A session of break-glass ends after an hour",
        severity=Severity.HIGH,
        clauses=_CLAUSES,
        remediation="session_seconds=3600,",
        types=frozenset({resource_types.ROLE}),
        check=_session,
    ),
)
