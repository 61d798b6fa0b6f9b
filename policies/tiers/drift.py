"""Drift: `ignoreChanges` hides no property that protects a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, Standard
from policies.view import Resource

_PROTECTED = ("policy", "assumeRolePolicy", "rotationRules", "rotationLambdaArn", "kmsKeyId", "targetKeyId", "tags")
_BY_SPELLING = {name.lower(): name for name in _PROTECTED}
_FIRST_PART = re.compile(r'^\[?"?([A-Za-z_*]+)')  # of a path such as tags.Tier, tags["Tier"] or ["tags"].Tier


def _check(resource: Resource, _intent: Intent) -> Iterator[Finding]:
    for path in resource.ignore_changes:
        part = _FIRST_PART.match(path)
        first = part[1] if part else "*"
        hidden = "everything" if first == "*" else _BY_SPELLING.get(first.replace("_", "").lower())
        if hidden:
            yield Finding(
                urn=resource.urn,
                property="ignoreChanges",
                seen=hidden,
                required=f"none of {', '.join(_PROTECTED)}: a weaker value would stay and no preview would show it",
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
