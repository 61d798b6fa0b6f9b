"""Evidence: what the trail writes lies in a bucket where nobody changes or deletes it for a year, read over TLS only.

Only the settings in resources of their own count. What a bucket says of itself is, at the preview of a stack that
exists, what the last update left there: it would hide that such a resource is about to go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from iam.document import Effect, Statement
from policies import tokens
from policies.baseline import document, resource_types, setting
from policies.baseline.attached import attached, reached
from policies.baseline.bucket_setting import dig
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, StackRule, Standard
from policies.tiers import paper
from policies.view import UNKNOWN, Resource, Stack, Unknown, Value

_YEAR = 365
_TLS = "a Deny of s3:* for everyone, on bucket and objects, where aws:SecureTransport is false"
_TLS_FIX = "policy=json.dumps(bucket_policy(environment, what, …)),"
_IDS_ARE_RANDOM = frozenset({tokens.KEY, resource_types.REPLICA_KEY})
_CLAUSES = {
    Standard.PCI_DSS: ("10.3.2", "10.5.1"),
    Standard.HIPAA: ("164.312(b)", "164.312(c)(1)"),
    Standard.ISO_27001: ("A.5.28", "A.5.33"),
    Standard.NIST_800_53: ("AU-9", "AU-11"),
}


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A setting that the bucket must have; `holds` is True, False, or UNKNOWN."""

    types: tuple[str, ...]
    property: str
    holds: Callable[[Resource], bool | Unknown]
    required: str
    fix: str


def buckets(stack: Stack, intent: Intent, trail: Resource) -> tuple[Resource, ...] | Unknown:
    """The buckets that a trail writes into; its name may be taken from the bucket's policy, to come after it."""
    direct = reached(stack, intent, trail, "s3BucketName", resource_types.BUCKET)
    if direct is not UNKNOWN and direct:
        return direct
    through = reached(stack, intent, trail, "s3BucketName", resource_types.BUCKET_POLICY)
    found = (
        [reached(stack, intent, each, "bucket", resource_types.BUCKET) for each in through or ()]
        if (through is not UNKNOWN)
        else []
    )
    known = tuple(end for ends in found if ends is not UNKNOWN for end in ends)
    return known or direct


def _kept(stack: Stack, intent: Intent) -> Iterator[Finding]:
    for trail in stack.of(resource_types.TRAIL):
        found = buckets(stack, intent, trail)
        if found is UNKNOWN or not found:
            yield Finding(
                urn=trail.urn,
                property="s3BucketName",
                seen=setting.NOT_KNOWN if found is UNKNOWN else "a bucket that is not in this stack",
                required="a bucket of this stack",
                fix="s3_bucket_name=logs.name,",
                undecided=found is UNKNOWN,
            )
        for bucket in found if found is not UNKNOWN else ():
            yield from _itself(bucket)
            for part in _PARTS:
                yield from _of_part(stack, intent, bucket, part)


def _itself(bucket: Resource) -> Iterator[Finding]:
    for name, holds, required, fix in (
        ("objectLockEnabled", setting.is_true, "true", "lock_days=environment.audit.lock_days,"),
        ("forceDestroy", setting.is_not_true, "false: else its deletion empties it", "force_destroy=False,"),
    ):
        value = bucket.value(name)
        if not holds(value):
            yield Finding(
                urn=bucket.urn,
                property=name,
                seen=setting.shown(value),
                required=required,
                fix=fix,
                undecided=value is UNKNOWN,
            )


def _of_part(stack: Stack, intent: Intent, bucket: Resource, part: _Part) -> Iterator[Finding]:
    found = attached(stack, intent, resource_types.BUCKET, part.types, "bucket")
    own = found.to(bucket)
    answers = [(each, part.holds(each)) for each in own]
    if not own:
        yield Finding(
            urn=bucket.urn,
            property=part.property,
            seen="one of a bucket that is not known yet" if found.loose else "none in a resource of its own",
            required=part.required,
            fix=part.fix,
            undecided=bool(found.loose),
        )
    for each, answer in answers:
        if answer is not True:
            yield Finding(
                urn=each.urn,
                property=part.property,
                seen=setting.NOT_KNOWN if answer is UNKNOWN else "less than that",
                required=part.required,
                fix=part.fix,
                undecided=answer is UNKNOWN,
            )


def _is_locked(lock: Resource) -> bool | Unknown:
    retention = dig(lock.properties, "rule", "defaultRetention")
    mode, days, years = (dig(retention, name) for name in ("mode", "days", "years"))
    if mode not in ("COMPLIANCE", UNKNOWN):
        return False
    least = (_number(days) or 0) + (_number(years) or 0) * _YEAR
    return least >= _YEAR if UNKNOWN not in (mode, days, years) else UNKNOWN


def _number(value: Value) -> float | None:
    return value if isinstance(value, (int, float)) else None


def _is_versioned(versioning: Resource) -> bool | Unknown:
    status = dig(versioning.properties, "versioningConfiguration", "status")
    return UNKNOWN if status is UNKNOWN else status == "Enabled"


def _asks_for_tls(policy: Resource) -> bool | Unknown:
    if policy.value("policy") is not UNKNOWN:
        return _is_tls_only(policy)
    ends = policy.edges.get("policy", ())
    if ends and all(urn.split("::")[2].split("$")[-1] in _IDS_ARE_RANDOM for urn in ends):
        return True  # it lacks a key's ARN alone: the rule on the resource judges it before it is made
    return UNKNOWN


def _is_tls_only(policy: Resource) -> bool:
    covered = {part for _, each in document.statements(policy) for part in _refused(each)}
    return covered == {"bucket", "objects"}


def _refused(statement: Statement) -> Iterator[str]:
    """Of what a statement refuses all that comes without TLS; a second condition would let something through."""
    everyone = statement.principals is not None and "*" in statement.principals.aws and not statement.except_principals
    everything = bool({"*", "s3:*"} & set(statement.actions)) and not statement.except_actions
    if statement.effect is not Effect.DENY or not everyone or not everything or statement.except_resources:
        return
    if len(statement.comparisons) != 1:
        return
    only = statement.comparisons[0]
    if (only.operator, only.key.lower(), set(only.values)) != ("Bool", "aws:securetransport", {"false"}):
        return
    for resource in statement.resources:
        if resource == "*" or "/" not in resource:
            yield "bucket"
        if resource == "*" or resource.endswith("/*"):
            yield "objects"


def _over_tls(resource: Resource, _intent: Intent) -> Iterator[Finding]:
    for each in paper.unjudged(resource, _TLS, _TLS_FIX):
        if not each.undecided:  # one that is not known yet is for the rule on the stack, which sees why
            yield each
    value = resource.value("policy")
    if isinstance(value, str) and value and any(document.statements(resource)) and not _is_tls_only(resource):
        yield Finding(urn=resource.urn, property="policy", seen="no such Deny", required=_TLS, fix=_TLS_FIX)


_PARTS = (
    _Part(
        types=resource_types.BUCKET_LOCK,
        property="rule.defaultRetention",
        holds=_is_locked,
        required=f"COMPLIANCE for at least {_YEAR} days: the account's root cannot shorten it",
        fix="lock_days=environment.audit.lock_days,",
    ),
    _Part(
        types=resource_types.BUCKET_VERSIONING,
        property="versioningConfiguration.status",
        holds=_is_versioned,
        required="Enabled",
        fix='versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),',
    ),
    _Part(types=resource_types.BUCKET_POLICY, property="policy", holds=_asks_for_tls, required=_TLS, fix=_TLS_FIX),
)

RULES = (
    StackRule(
        id="tiers/record-kept",
        title="Nobody changes or deletes the record for a year",
        severity=Severity.CRITICAL,
        clauses=_CLAUSES,
        remediation="lock_days=environment.audit.lock_days,",
        check=_kept,
    ),
    ResourceRule(
        id="tiers/record-over-tls",
        title="A bucket of the programme answers over TLS only",
        severity=Severity.HIGH,
        clauses={Standard.SOC_2: ("CC6.7",), Standard.NIST_800_53: ("SC-13",)},
        remediation=_TLS_FIX,
        types=frozenset(resource_types.BUCKET_POLICY),
        check=_over_tls,
    ),
)
