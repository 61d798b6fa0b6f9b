"""Drift: `ignoreChanges` hides no property that protects a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from policies import tokens
from policies.baseline import resource_types
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, Standard
from policies.view import Resource

_PROTECTED = ("policy", "assumeRolePolicy", "rotationRules", "rotationLambdaArn", "kmsKeyId", "targetKeyId", "tags")
_OF_TYPE: Mapping[str, tuple[str, ...]] = {
    tokens.CONTAINER: ("recoveryWindowInDays", "forceOverwriteReplicaSecret", "replicas"),
    resource_types.SECRET_POLICY: ("blockPublicPolicy", "secretArn"),
    tokens.KEY: ("enableKeyRotation", "deletionWindowInDays"),
    resource_types.REPLICA_KEY: ("primaryKeyArn",),
    resource_types.ROLE: ("inlinePolicies", "managedPolicyArns", "maxSessionDuration", "permissionsBoundary"),
    resource_types.TRAIL: (
        "advancedEventSelectors",
        "cloudWatchLogsGroupArn",
        "enableLogFileValidation",
        "enableLogging",
        "eventSelectors",
        "includeGlobalServiceEvents",
        "isMultiRegionTrail",
        "s3BucketName",
    ),
    **dict.fromkeys(resource_types.BUCKET, ("forceDestroy", "objectLockEnabled")),
    **dict.fromkeys(resource_types.BUCKET_LOCK, ("bucket", "rule")),
    **dict.fromkeys(resource_types.BUCKET_VERSIONING, ("bucket", "versioningConfiguration")),
    resource_types.LOG_GROUP: ("retentionInDays",),
    resource_types.METRIC_FILTER: ("logGroupName", "metricTransformation", "pattern"),
    resource_types.METRIC_ALARM: (
        "actionsEnabled",
        "alarmActions",
        "comparisonOperator",
        "evaluationPeriods",
        "metricName",
        "namespace",
        "period",
        "statistic",
        "threshold",
        "treatMissingData",
    ),
    resource_types.SUBSCRIPTION: ("endpoint", "filterPolicy", "protocol", "topic"),
    tokens.EVENT_RULE: ("eventPattern", "state"),
    tokens.EVENT_TARGET: ("arn", "rule"),
    tokens.PERMISSION: ("action", "principal", "sourceAccount", "sourceArn"),
    tokens.FUNCTION: (
        "codeSigningConfigArn",
        "deadLetterConfig",
        "environment",
        "reservedConcurrentExecutions",
        "tracingConfig",
        "vpcConfig",
    ),
    resource_types.CODE_SIGNING: ("allowedPublishers", "policies"),
}
"""What else a rule reads, by type: other types have harmless properties of these names."""
_FIRST_PART = re.compile(r'^\[?"?([A-Za-z_*]+)')  # of a path such as tags.Tier, tags["Tier"] or ["tags"].Tier


def _check(resource: Resource, _intent: Intent) -> Iterator[Finding]:
    protected = (*_PROTECTED, *_OF_TYPE.get(resource.type, ()))
    by_spelling = {name.lower(): name for name in protected}
    for path in resource.ignore_changes:
        part = _FIRST_PART.match(path)
        first = part[1] if part else "*"
        hidden = "everything" if first == "*" else by_spelling.get(first.replace("_", "").lower())
        if hidden:
            yield Finding(
                urn=resource.urn,
                property="ignoreChanges",
                seen=hidden,
                required=f"none of {', '.join(protected)}: a weaker value would stay and no preview would show it",
            )


RULES = (
    ResourceRule(
        id="tiers/no-ignored-protection",
        title="Changes of what protects a secret are not ignored",
        severity=Severity.HIGH,
        clauses={
            Standard.SOC_2: ("CC6.8", "CC8.1"),
            Standard.ISO_27001: ("A.8.9", "A.8.32"),
            Standard.NIST_800_53: ("CM-3", "CM-6"),
        },
        remediation="opts=pulumi.ResourceOptions(parent=self),  # without that property in ignore_changes",
        check=_check,
    ),
)
