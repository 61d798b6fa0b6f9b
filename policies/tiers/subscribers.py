"""Subscribers: whoever the environment names hears every alert."""

from __future__ import annotations

from collections.abc import Iterator

from policies.baseline import resource_types, setting
from policies.baseline.attached import attached, reached
from policies.intent import Intent
from policies.rule import Finding, Severity, StackRule
from policies.tiers.alerts import CLAUSES
from policies.view import UNKNOWN, Resource, Stack


def _heard(stack: Stack, intent: Intent) -> Iterator[Finding]:
    subscriptions = attached(stack, intent, [resource_types.TOPIC], [resource_types.SUBSCRIPTION], "topic")
    wanted = _wanted(intent)
    for topic in _told(stack, intent):
        own = subscriptions.to(topic)
        for what, protocol, address in wanted:
            matching = [each for each in own if (each.value("protocol"), each.value("endpoint")) == (protocol, address)]
            if not matching:
                hidden = bool(subscriptions.loose) or any(
                    UNKNOWN in (each.value("protocol"), each.value("endpoint")) for each in own
                )
                yield Finding(
                    urn=topic.urn,
                    property="subscription",
                    seen="a subscription that is not known yet" if hidden else f"no subscription of the {what}",
                    required=f"a subscription of the {what} by {protocol}, as the environment declares it",
                    undecided=hidden,
                )
        for each in own:
            value = each.value("filterPolicy")
            if value:
                yield Finding(
                    urn=each.urn,
                    property="filterPolicy",
                    seen=setting.NOT_KNOWN if value is UNKNOWN else "a filter, which drops alerts",
                    required="no filter",
                    fix="delete filter_policy",
                    undecided=value is UNKNOWN,
                )


def _wanted(intent: Intent) -> tuple[tuple[str, str, str], ...]:
    """What a message calls it, the protocol, and the address, which no message shows."""
    alerts = intent.environment.alerts
    mails = tuple((f"mail address {index + 1}", "email", each) for index, each in enumerate(alerts.emails))
    return (*mails, ("pager", "https", alerts.webhook)) if alerts.webhook is not None else mails


def _told(stack: Stack, intent: Intent) -> tuple[Resource, ...]:
    """The topics that alarms tell, and every topic if there is no alarm: that there are alarms is another rule."""
    found: dict[str, Resource] = {}
    for alarm in stack.of(resource_types.METRIC_ALARM):
        ends = reached(stack, intent, alarm, "alarmActions", [resource_types.TOPIC])
        found |= {end.urn: end for end in (() if ends is UNKNOWN else ends)}
    return tuple(found.values()) or stack.of(resource_types.TOPIC)


RULES = (
    StackRule(
        id="tiers/alert-heard",
        title="Whoever the environment names hears every alert",
        severity=Severity.HIGH,
        clauses=CLAUSES,
        remediation="AlertTopic(name, AlertTopicArgs(environment=environment, log_key_arn=logs))",
        check=_heard,
    ),
)
