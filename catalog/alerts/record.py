"""What is told from the record of all regions: metric filters on the trail's log, with alarms. Pure.

Syntax: docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html.
"""

from __future__ import annotations

from catalog import names
from catalog.alerts.alert import Alert, OnRecord, Severity
from catalog.environment import Environment
from catalog.names import SERVICE, Duty

_SECRETS = '($.eventSource = "secretsmanager.amazonaws.com")'
_COUNTED = "a filter: one alone means little, so it is counted"
_EVERYWHERE = "a filter: rules see the region that they are in, the trail sees all"


def record_alerts(environment: Environment) -> tuple[Alert, ...]:
    """About reads that are refused or come from the wrong place, and about what happens in other regions."""
    return (
        Alert(
            name="denied-reads",
            title="Reads of secrets were denied five times within five minutes",
            severity=Severity.HIGH,
            detection=OnRecord(
                pattern=f'{{ {_SECRETS} && ($.eventName = "*GetSecretValue") && ($.errorCode = "AccessDenied*") }}',
                threshold=5,
            ),
            to_do="See who it was with the saved query `failed-reads`: a consumer without its role, or a search.",
            why_so=_COUNTED,
        ),
        Alert(
            name="read-outside-network",
            title="A value was read from outside the network",
            severity=Severity.HIGH,
            detection=OnRecord(pattern=_outside(environment), seconds=60),
            to_do="Find the reader with the saved query `who-read-what`; rotate the secret if the address is not ours.",
            why_so=_EVERYWHERE,
        ),
        Alert(
            name="used-in-another-region",
            title="A secret was read or changed in another region",
            severity=Severity.HIGH,
            detection=OnRecord(pattern=_elsewhere(environment), seconds=60),
            to_do="Expected while the replica region serves, and only then; else treat it as a read by a stranger.",
            why_so=_EVERYWHERE,
        ),
        Alert(
            name="break-glass-elsewhere",
            title="Somebody became break-glass through another region, or tried to",
            severity=Severity.CRITICAL,
            detection=OnRecord(pattern=_break_glass_elsewhere(environment), seconds=60),
            to_do="Find its incident, and its acts by saved query `break-glass-sessions`; else rotate everything.",
            why_so=_EVERYWHERE,
        ),
    )


def _outside(environment: Environment) -> str:
    # A service that reads for somebody has its own name for an address.
    addresses = ("*.amazonaws.com", "AWS Internal", *environment.network.prefixes)
    return _all(
        _SECRETS,
        '($.eventName = "GetSecretValue")',
        "($.errorCode NOT EXISTS)",
        f'($.requestParameters.secretId = "*{SERVICE}/{environment.name}/*")',
        *(f'($.sourceIPAddress != "{address}")' for address in addresses),
    )


def _elsewhere(environment: Environment) -> str:
    calls = ("DeleteResourcePolicy", "GetSecretValue", "PutResourcePolicy", "StopReplicationToReplica")
    any_of = " || ".join(f'($.eventName = "{call}")' for call in calls)
    return _all(
        _SECRETS,
        f'($.awsRegion != "{environment.region}")',
        f"({any_of})",
        f'($.requestParameters.secretId = "*{SERVICE}/{environment.name}/*")',
    )


def _break_glass_elsewhere(environment: Environment) -> str:
    return _all(
        '($.eventSource = "sts.amazonaws.com")',
        '($.eventName = "AssumeRole")',
        f'($.awsRegion != "{environment.region}")',
        f'($.requestParameters.roleArn = "{names.role_arn(environment, Duty.BREAK_GLASS)}")',
    )


def _all(*conditions: str) -> str:
    return f"{{ {' && '.join(conditions)} }}"
