"""Alerts on events: each of the catalogue is a rule of EventBridge that gives the event to the function that tells."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache

from catalog import names
from catalog.alerts import alerts as catalogue
from catalog.alerts.alert import Alert, OnEvent
from policies import tokens
from policies.baseline import setting
from policies.baseline.attached import attached, reached
from policies.intent import Intent
from policies.rule import Finding, Severity, StackRule
from policies.tiers.alerts import CLAUSES
from policies.view import UNKNOWN, Resource, Stack, Value

_PATTERN = "eventPattern"


def _rules(stack: Stack, intent: Intent) -> Iterator[Finding]:
    targets = attached(stack, intent, [tokens.EVENT_RULE], [tokens.EVENT_TARGET], "rule")
    rules = stack.of(tokens.EVENT_RULE)
    for alert in catalogue.alerts(intent.environment, intent.catalog):
        if not isinstance(alert.detection, OnEvent):
            continue
        name = names.named(intent.environment, alert.name)
        own = [rule for rule in rules if rule.value("name") == name]
        if not own:
            hidden = any(rule.value("name") is UNKNOWN for rule in rules)
            yield _absent(stack, alert, hidden)
        for rule in own:
            yield from _of_rule(rule, alert.detection)
            yield from _of_target(stack, intent, rule, targets.to(rule), bool(targets.loose))


def _absent(stack: Stack, alert: Alert, hidden: bool) -> Finding:
    return Finding(
        urn=stack.urn,
        property=f"alert '{alert.name}'",
        seen="a rule that is not known yet" if hidden else "no rule for it in the stack",
        required="a rule with the pattern of the catalogue",
        undecided=hidden,
    )


def _of_rule(rule: Resource, detection: OnEvent) -> Iterator[Finding]:
    pattern = rule.value(_PATTERN)
    if not isinstance(pattern, str) or _read(pattern) != json.loads(json.dumps(detection.pattern)):
        yield _wrong(rule, _PATTERN, pattern, "the pattern of the catalogue, which its tests match with events")
    state = rule.value("state")
    if state != detection.state and not (state is None and detection.state == "ENABLED"):
        yield _wrong(rule, "state", state, detection.state)
    bus = rule.value("eventBusName")
    if bus not in (None, "", "default"):
        yield _wrong(rule, "eventBusName", bus, "the default bus, which AWS's own events come on")


def _of_target(
    stack: Stack, intent: Intent, rule: Resource, targets: tuple[Resource, ...], loose: bool
) -> Iterator[Finding]:
    ends = [reached(stack, intent, target, "arn", [tokens.FUNCTION]) for target in targets]
    wanted = names.named(intent.environment, catalogue.FUNCTION)
    if any(function.value("name") == wanted for end in ends if end is not UNKNOWN for function in end):
        return
    hidden = UNKNOWN in ends or (not targets and loose)
    seen: Value = UNKNOWN if hidden else "another" if targets else None
    yield _wrong(targets[0] if targets else rule, "arn", seen, f"the function '{wanted}' of this stack as its target")


def _invoked(stack: Stack, intent: Intent) -> Iterator[Finding]:
    """Without the permission EventBridge drops every event."""
    wanted = names.named(intent.environment, catalogue.FUNCTION)
    permissions = attached(stack, intent, [tokens.FUNCTION], [tokens.PERMISSION], "function")
    for function in stack.of(tokens.FUNCTION):
        if function.value("name") != wanted:
            continue
        given = [each.value("principal") for each in permissions.to(function)]
        if "events.amazonaws.com" not in given:
            hidden = UNKNOWN in given or bool(permissions.loose)
            yield _wrong(function, "permission", UNKNOWN if hidden else None, "a permission for events.amazonaws.com")


@lru_cache(maxsize=256)
def _read(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _wrong(resource: Resource, path: str, value: Value, required: str) -> Finding:
    return Finding(
        urn=resource.urn,
        property=path,
        seen=setting.NOT_KNOWN if value is UNKNOWN else "another one" if value else "none",
        required=required,
        undecided=value is UNKNOWN,
    )


RULES = (
    StackRule(
        id="tiers/alert-on-event",
        title="An alert of the catalogue is a rule that gives the event to the function that tells",
        severity=Severity.HIGH,
        clauses=CLAUSES,
        remediation="AlertRule(alert.name, AlertRuleArgs(environment=environment, alert=alert, …))",
        check=_rules,
    ),
    StackRule(
        id="tiers/alert-function-invoked",
        title="EventBridge may invoke the function that tells",
        severity=Severity.HIGH,
        clauses=CLAUSES,
        remediation='aws.lambda_.Permission(name, function=function.name, principal="events.amazonaws.com", …)',
        check=_invoked,
    ),
)
