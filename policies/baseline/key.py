"""Keys: renewed every year, closed to outsiders, in use, and hard to lose."""

from __future__ import annotations

from collections.abc import Iterator

from policies import tokens
from policies.baseline import audience, clauses, resource_types, setting
from policies.baseline.attached import attached, reached
from policies.baseline.setting import NOT_KNOWN, Setting
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, StackRule
from policies.view import UNKNOWN, Resource, Stack

_OURS = (tokens.KEY, resource_types.REPLICA_KEY, resource_types.EXTERNAL_KEY, resource_types.EXTERNAL_REPLICA)
_SYMMETRIC = (None, "SYMMETRIC_DEFAULT")
_DAYS = "rotationPeriodInDays"
_MOST_DAYS = 365
_WINDOW = "deletionWindowInDays"
# docs.aws.amazon.com/sns/latest/dg/sns-key-management.html: no aws:SourceAccount or aws:SourceArn from EventBridge.
_SOURCELESS = frozenset({"events.amazonaws.com"})


def _rotated(resource: Resource, _intent: Intent) -> Iterator[Finding]:
    spec = resource.value("customerMasterKeySpec")
    if spec is not UNKNOWN and spec not in _SYMMETRIC:
        return  # AWS rotates symmetric keys only: docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
    enabled = Setting(
        property="enableKeyRotation", holds=setting.is_true, required="true", fix="enable_key_rotation=True,"
    )
    days = Setting(
        property=_DAYS,
        holds=lambda value: value is None or (isinstance(value, (int, float)) and value <= _MOST_DAYS),
        required=f"at most {_MOST_DAYS} days, which is what AWS does if it is not set",
        fix=f"rotation_period_in_days={_MOST_DAYS},",
    )
    yield from setting.findings(resource, [enabled, days])


def _recoverable(resource: Resource, intent: Intent) -> Iterator[Finding]:
    least = intent.environment.recovery_window_days
    yield from setting.findings(
        resource,
        [
            Setting(
                property=_WINDOW,
                holds=lambda value: value is None or (isinstance(value, (int, float)) and value >= least),
                required=f"at least {least} days in this environment",
                fix="deletion_window_in_days=environment.recovery_window_days,",
            ),
            Setting(
                property="bypassPolicyLockoutSafetyCheck",
                holds=setting.is_not_true,
                required="false: else a policy can be saved that nobody can change again",
                fix="bypass_policy_lockout_safety_check=False,",
            ),
        ],
    )


def _closed(resource: Resource, intent: Intent) -> Iterator[Finding]:
    required = "callers of this account by a condition or by name, and services for this account"
    fix = "policy=json.dumps(key_policy(environment, purpose)),"
    return audience.opened(resource, intent, required, fix, _SOURCELESS)


def _has_policy(stack: Stack, intent: Intent) -> Iterator[Finding]:
    policies = attached(stack, intent, _OURS, [resource_types.KEY_POLICY], "keyId")
    for token in _OURS:
        for key in stack.of(token):
            value = key.value("policy")
            own = isinstance(value, str) or (value is UNKNOWN and bool(key.edges.get("policy")))
            if not own and not policies.to(key):
                # At preview it is also what AWS will fill in, which is its default.
                undecided = bool(policies.loose) or value is UNKNOWN
                yield Finding(
                    urn=key.urn,
                    property="policy",
                    seen="a policy that is not known yet, or is AWS's default" if undecided else "no policy",
                    required="a policy of its own: AWS's default lets every principal with kms:* use the key",
                    undecided=undecided,
                )


def _copies(stack: Stack, intent: Intent) -> Iterator[Finding]:
    region = intent.environment.replica_region
    copied: set[str] = set()
    loose = False
    for replica in stack.of(resource_types.REPLICA_KEY):
        keys = reached(stack, intent, replica, "primaryKeyArn", [tokens.KEY])
        where = replica.value("region")
        if keys is UNKNOWN or where is UNKNOWN:
            loose = True
        elif where == region:
            copied |= {key.urn for key in keys}
        yield from _place(replica, region)
    for key in stack.of(tokens.KEY):
        several = key.value("multiRegion")
        if several is UNKNOWN and not key.edges.get("multiRegion"):
            continue  # without a dependency it is the provider's own output, which is false
        if several and key.urn not in copied:
            undecided = several is UNKNOWN or loose
            yield Finding(
                urn=key.urn,
                property="multiRegion",
                seen=NOT_KNOWN if undecided else "a key for more regions without a copy in the stack",
                required=f"a key of one region, or a copy in {region or 'a second region'}: anybody with"
                " kms:ReplicateKey can make more of it",
                undecided=undecided,
            )


def _place(replica: Resource, region: str | None) -> Iterator[Finding]:
    where = replica.value("region")
    if where != region or region is None:
        yield Finding(
            urn=replica.urn,
            property="region",
            seen=setting.shown(where),
            required=f"the second region of the environment, {region or 'which has none'}",
            undecided=where is UNKNOWN and region is not None,
        )


def _no_grant(resource: Resource, _intent: Intent) -> Iterator[Finding]:
    yield Finding(
        urn=resource.urn,
        property="grant",
        seen="a grant, which adds to the key's policy without being in it",
        required="a statement in the key's policy",
    )


RULES = (
    ResourceRule(
        id="baseline/key-rotated",
        title="AWS renews a key at least every year",
        severity=Severity.HIGH,
        clauses=clauses.KEY_LIFE,
        remediation="enable_key_rotation=True,",
        parity=(
            "CKV_AWS_7",
            "PRW:kms_cmk_rotation_enabled",
            "SH:KMS.4",
            "CIS-1.4:3.8",
            "CIS-3.0:3.6",
            "AG:cmk-backing-key-rotation-enabled",
            "CP:aws-kms-key-enable-key-rotation",
            "PB:kms-key-rotation-enabled",
        ),
        types=frozenset({tokens.KEY}),
        check=_rotated,
    ),
    StackRule(
        id="baseline/key-has-policy",
        title="A key has a policy of its own",
        severity=Severity.HIGH,
        clauses=clauses.ACCESS,
        remediation="policy=json.dumps(key_policy(environment, purpose)),",
        parity=("CKV2_AWS_64",),
        check=_has_policy,
    ),
    ResourceRule(
        id="baseline/key-not-public",
        title="The policy of a key lets in nobody outside of the account",
        severity=Severity.CRITICAL,
        clauses=clauses.ACCESS,
        remediation="policy=json.dumps(key_policy(environment, purpose)),",
        parity=(
            "CKV_AWS_33",
            "SH:KMS.5",
            "PRW:kms_key_not_publicly_accessible",
            "PB:kms-key-policy-access-control",
            "CIS-7.0:2.21",
        ),
        types=frozenset({*_OURS, resource_types.KEY_POLICY}),
        check=_closed,
    ),
    setting.rule(
        "key-enabled",
        "A key of the programme can be used",
        Severity.MEDIUM,
        clauses.KEY_LIFE,
        ("CKV_AWS_227",),
        (tokens.KEY, resource_types.REPLICA_KEY, resource_types.EXTERNAL_KEY, resource_types.EXTERNAL_REPLICA),
        Setting(property="isEnabled", holds=setting.is_not_false, required="true", fix="is_enabled=True,"),
        Setting(property="enabled", holds=setting.is_not_false, required="true", fix="enabled=True,"),
    ),
    ResourceRule(
        id="baseline/key-recoverable",
        title="A key that is deleted can come back for as long as a secret, and nobody locks everyone out of it",
        severity=Severity.HIGH,
        clauses=clauses.KEY_LIFE,
        remediation="deletion_window_in_days=environment.recovery_window_days,",
        parity=("CP:aws-kms-key-disallow-bypass-policy-lockout-safety-check", "PB:kms-key-deletion-protection"),
        types=frozenset(_OURS),
        check=_recoverable,
    ),
    StackRule(
        id="baseline/key-region",
        title="A key is of one region, unless the second region of the environment has its copy",
        severity=Severity.MEDIUM,
        clauses=clauses.KEY_LIFE,
        remediation="multi_region=None,",
        check=_copies,
    ),
    ResourceRule(
        id="baseline/key-no-grant",
        title="Who may use a key is written in its policy",
        severity=Severity.HIGH,
        clauses=clauses.ACCESS,
        remediation="delete the aws.kms.Grant; add the statement to catalog/access/key.py",
        parity=("PB:kms-grant-access-control",),
        types=frozenset({resource_types.GRANT}),
        check=_no_grant,
    ),
)
