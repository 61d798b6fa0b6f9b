"""The bootstrap version: one for each secret, labelled so that no refresh moves or remakes it over a live value.

After a rotation AWSCURRENT is on another version. A program that does not ignore this change moves it back, and a
version without any label is pruned, after which a refresh makes it anew, as current:
github.com/hashicorp/terraform-provider-aws/issues/37302
"""

from __future__ import annotations

from collections.abc import Iterator

from catalog.derive import BOOTSTRAP_LABEL
from policies import tokens
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, StackRule, Standard
from policies.tiers import wiring
from policies.view import UNKNOWN, Resource, Stack

_LABELS = "versionStages"
_FIRST = {"AWSCURRENT", BOOTSTRAP_LABEL}
_LATER = {"AWSCURRENT", "AWSPREVIOUS", BOOTSTRAP_LABEL}  # what a refresh can find on it after rotations
_CLAUSES = {
    Standard.HIPAA: ("164.312(c)(1)",),
    Standard.SOC_2: ("CC6.8",),
    Standard.ISO_27001: ("A.8.9",),
    Standard.NIST_800_53: ("IA-5",),
}
_FIX = f'version_stages=["AWSCURRENT", "{BOOTSTRAP_LABEL}"],'


def _kept(resource: Resource, _intent: Intent) -> Iterator[Finding]:
    labels = resource.items(_LABELS)
    required = f"AWSCURRENT and {BOOTSTRAP_LABEL}"
    if labels is UNKNOWN or UNKNOWN in (labels or ()):
        yield Finding(
            urn=resource.urn, property=_LABELS, seen="labels that are not known yet", required=required, undecided=True
        )
    elif BOOTSTRAP_LABEL not in (labels or ()):
        yield Finding(urn=resource.urn, property=_LABELS, seen=f"no {BOOTSTRAP_LABEL}", required=required)
    elif not set(labels or ()) <= _LATER:
        yield Finding(urn=resource.urn, property=_LABELS, seen="further labels", required=required)
    if _LABELS not in resource.ignore_changes:
        yield Finding(
            urn=resource.urn,
            property="ignoreChanges",
            seen=f"no {_LABELS}",
            required=f"{_LABELS}, or a refresh after a rotation moves AWSCURRENT back over the live credential",
            fix=f'opts=pulumi.ResourceOptions(parent=self, ignore_changes=["{_LABELS}"]),',
        )


def _one(stack: Stack, intent: Intent) -> Iterator[Finding]:
    versions = wiring.owned(stack, intent, tokens.VERSION)
    for placed in wiring.placed(stack, intent):
        own = versions.of(placed)
        if len(own) != 1 and placed.entry is not None:
            undecided = not own and bool(versions.loose)
            yield Finding(
                urn=placed.resource.urn,
                property="version",
                seen=f"{placed.label} with {len(own) or 'no'} versions"
                + (", while a version's secret is not known yet" if undecided else ""),
                required="exactly one version, the marker: a second would take AWSCURRENT from the live credential",
                fix="aws.secretsmanager.SecretVersion(name, secret_id=container.arn, …)  # once",
                tier=placed.tier,
                undecided=undecided,
            )
        for version in own:
            yield from _new(version, placed.tier)
    for version in (*versions.loose, *versions.foreign):
        loose = version in versions.loose
        yield Finding(
            urn=version.urn,
            property="secretId",
            seen="a secret that is not known yet" if loose else "a version of a secret that is not in this stack",
            required="a value that comes from one secret of this stack",
            fix="secret_id=container.arn,",
            undecided=loose,
        )


def _new(version: Resource, tier: int) -> Iterator[Finding]:
    labels = version.items(_LABELS)
    exists = isinstance(version.value("versionId"), str)  # then a rotation may have moved AWSCURRENT on
    if exists or not isinstance(labels, tuple) or UNKNOWN in labels or BOOTSTRAP_LABEL not in labels:
        return  # the rule on the resource decides by what is left
    if set(labels) <= _LATER and set(labels) != _FIRST:
        yield Finding(
            urn=version.urn,
            property=_LABELS,
            seen="the labels of an old version on one that does not exist yet",
            required=f"AWSCURRENT and {BOOTSTRAP_LABEL}",
            fix=_FIX,
            tier=tier,
        )


RULES = (
    ResourceRule(
        id="tiers/bootstrap-kept",
        title="The bootstrap version keeps its label, and its labels are left alone",
        severity=Severity.CRITICAL,
        clauses=_CLAUSES,
        remediation=_FIX,
        types=frozenset({tokens.VERSION}),
        check=_kept,
    ),
    StackRule(
        id="tiers/bootstrap-version",
        title="A secret begins with one bootstrap version",
        severity=Severity.HIGH,
        clauses=_CLAUSES,
        remediation=_FIX,
        check=_one,
    ),
)
