"""Recovery: what is deleted can come back for as long as the environment says, and in prod is not deleted at all."""

from __future__ import annotations

from collections.abc import Iterator

from iam.document import Effect, Statement
from iam.pattern import action_matches
from policies import tokens
from policies.baseline import document, resource_types, setting
from policies.baseline.attached import Attached, attached
from policies.baseline.setting import Setting
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, StackRule, Standard
from policies.tiers import wiring
from policies.tiers.wiring import Placed
from policies.view import UNKNOWN, Resource, Stack, Value

_LONGEST = 30
"""What Secrets Manager takes at most, and takes if nothing is set: API_DeleteSecret (RecoveryWindowInDays)."""
_DELETE = "secretsmanager:DeleteSecret"
_GUARDED = frozenset({tokens.CONTAINER, tokens.KEY, resource_types.REPLICA_KEY, resource_types.TRAIL})
_CLAUSES = {
    Standard.GDPR: ("Art.32(1)(b)", "Art.32(1)(c)"),
    Standard.HIPAA: ("164.312(c)(1)",),
    Standard.SOC_2: ("CC6.8",),
    Standard.ISO_27001: ("A.8.9",),
    Standard.NIST_800_53: ("CM-6",),
}


def _window(resource: Resource, intent: Intent) -> Iterator[Finding]:
    least = intent.environment.recovery_window_days
    days = str(least) if least == _LONGEST else f"{least} to {_LONGEST}"

    def holds(value: Value) -> bool:
        return value is None or (isinstance(value, (int, float)) and least <= value <= _LONGEST)

    yield from setting.findings(
        resource,
        [
            Setting(
                property="recoveryWindowInDays",
                holds=holds,
                required=f"{days} days in {intent.environment.name}; 0 deletes at once, for ever",
                fix="recovery_window_in_days=environment.recovery_window_days,",
            ),
            Setting(
                property="forceOverwriteReplicaSecret",
                holds=setting.is_not_true,
                required="false: else a secret of this name in the second region is lost",
                fix="force_overwrite_replica_secret=False,",
            ),
        ],
    )


def _protected(resource: Resource, intent: Intent) -> Iterator[Finding]:
    if intent.environment.protect and not resource.protect:
        yield Finding(
            urn=resource.urn,
            property="protect",
            seen="a resource that an update may delete",
            required=f"protect in {intent.environment.name}",
        )


def _undeletable(stack: Stack, intent: Intent) -> Iterator[Finding]:
    if not intent.environment.protect:
        return
    policies = attached(stack, intent, [tokens.CONTAINER], [resource_types.SECRET_POLICY], "secretArn")
    for placed in wiring.placed(stack, intent):
        if placed.entry is not None:
            yield from _of_secret(placed, policies)


def _of_secret(placed: Placed, policies: Attached) -> Iterator[Finding]:
    own = policies.to(placed.resource)
    if any(_denies_deletion(each) for policy in own for _, each in document.statements(policy)):
        return
    unknown = any(policy.value("policy") is UNKNOWN for policy in own)
    undecided = unknown or (not own and bool(policies.loose))
    seen = "a policy without such a Deny" if own else "no policy in the stack"
    if undecided:
        seen = "a policy that is not known yet" if unknown else "a policy whose secret is not known yet"
    yield Finding(
        urn=own[0].urn if own else placed.resource.urn,
        property="policy",
        seen=f"{seen} for {placed.label}",
        required=f"a Deny of {_DELETE} for everyone, without a condition",
        tier=placed.tier,
        undecided=undecided,
    )


def _denies_deletion(statement: Statement) -> bool:
    everyone = statement.principals is not None and "*" in statement.principals.aws and not statement.except_principals
    # Of a secret's own policy `*` is the secret itself; anything narrower might miss its random suffix.
    itself = "*" in statement.resources and not statement.except_resources
    named = any(action_matches(each, _DELETE) for each in statement.actions) is not statement.except_actions
    return statement.effect is Effect.DENY and everyone and itself and named and not statement.comparisons


RULES = (
    ResourceRule(
        id="tiers/secret-recoverable",
        title="A deleted secret can come back for as long as the environment says",
        severity=Severity.HIGH,
        clauses=_CLAUSES,
        remediation="recovery_window_in_days=environment.recovery_window_days,",
        types=frozenset({tokens.CONTAINER}),
        check=_window,
    ),
    ResourceRule(
        id="tiers/protected",
        title="In prod Pulumi deletes no secret, no key and no trail",
        severity=Severity.HIGH,
        clauses=_CLAUSES,
        remediation="opts=pulumi.ResourceOptions(parent=self, protect=environment.protect),",
        types=_GUARDED,
        check=_protected,
    ),
    StackRule(
        id="tiers/deletion-denied",
        title="In prod nobody deletes a secret, whatever he may",
        severity=Severity.HIGH,
        clauses=_CLAUSES,
        remediation="policy=json.dumps(secret_policy(environment, secret)),",
        check=_undeletable,
    ),
)
