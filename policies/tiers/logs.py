"""Logs: every function has one, kept for a year or more, and encrypted with the key for logs."""

from __future__ import annotations

from collections.abc import Iterator

from policies import tokens
from policies.baseline import resource_types, setting
from policies.baseline.attached import reached
from policies.baseline.setting import Setting
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, StackRule, Standard
from policies.tiers import keys
from policies.view import UNKNOWN, Resource, Stack, Value

_YEAR = 365
_CLAUSES = {
    Standard.PCI_DSS: ("10.5.1",),
    Standard.HIPAA: ("164.312(b)",),
    Standard.ISO_27001: ("A.8.15",),
    Standard.NIST_800_53: ("AU-11",),
}


def _is_a_year(value: Value) -> bool:
    """0 keeps for ever, and is what AWS does if nothing is set; then somebody has to answer for GDPR Art.5(1)(e),
    as logs name people. That a program says nothing is no answer."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and (value == 0 or value >= _YEAR)


_RETENTION = Setting(
    property="retentionInDays",
    holds=_is_a_year,
    required=f"at least {_YEAR} days, or 0 in words for ever",
    fix="retention_in_days=environment.log_retention_days,",
)


def _retained(resource: Resource, _intent: Intent) -> Iterator[Finding]:
    yield from setting.findings(resource, [_RETENTION])


def _encrypted(stack: Stack, intent: Intent) -> Iterator[Finding]:
    key = keys.by_purpose(stack, intent)["logs"]
    for token in (resource_types.LOG_GROUP, resource_types.TRAIL):
        for each in stack.of(token):
            found = reached(stack, intent, each, "kmsKeyId", [tokens.KEY])
            if found is not UNKNOWN and isinstance(key, Resource) and [end.urn for end in found] == [key.urn]:
                continue
            undecided = found is UNKNOWN or (bool(found) and key is UNKNOWN)
            yield Finding(
                urn=each.urn,
                property="kmsKeyId",
                seen=setting.NOT_KNOWN if undecided else "another key" if each.value("kmsKeyId") else "no key",
                required="the key for logs of this stack",
                fix="kms_key_id=keys['logs'].arn,",
                undecided=undecided,
            )


def _declared(stack: Stack, _intent: Intent) -> Iterator[Finding]:
    """Lambda makes a missing log itself, without a key and for ever: lambda/latest/dg/monitoring-cloudwatchlogs.html"""
    groups = [each.value("name") for each in stack.of(resource_types.LOG_GROUP)]
    for function in stack.of(tokens.FUNCTION):
        chosen, name = function.text("loggingConfig.logGroup"), function.text("name")
        wanted = chosen if isinstance(chosen, str) else f"/aws/lambda/{name}"
        if wanted in groups:
            continue
        undecided = UNKNOWN in (name, *groups)
        yield Finding(
            urn=function.urn,
            property="name",
            seen="a log or a name that is not known yet" if undecided else "no log group of the stack for it",
            required="a log group named /aws/lambda/ and the function's name",
            undecided=undecided,
        )


RULES = (
    ResourceRule(
        id="tiers/log-retention",
        title="A log is kept for a year or more",
        severity=Severity.HIGH,
        clauses=_CLAUSES,
        remediation=_RETENTION.fix,
        types=frozenset({resource_types.LOG_GROUP}),
        check=_retained,
    ),
    StackRule(
        id="tiers/record-own-key",
        title="What is on record is encrypted with the key for logs",
        severity=Severity.HIGH,
        clauses={Standard.PCI_DSS: ("3.6.1",), Standard.ISO_27001: ("A.8.24",), Standard.NIST_800_53: ("SC-28(1)",)},
        remediation="kms_key_id=keys['logs'].arn,",
        check=_encrypted,
    ),
    StackRule(
        id="tiers/function-log",
        title="The log of a function is a resource of the stack",
        severity=Severity.MEDIUM,
        clauses=_CLAUSES,
        remediation="aws.cloudwatch.LogGroup(name, name=names.function_log(environment, what), retention_in_days=…)",
        check=_declared,
    ),
)
