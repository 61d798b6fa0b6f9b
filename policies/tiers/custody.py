"""Custody of keys: who manages one cannot decrypt with it, and nobody decrypts but through the service it is for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog.access.secrets import via_secrets_manager
from iam.condition import Comparison
from iam.document import Effect, Statement
from iam.pattern import action_matches
from policies import tokens
from policies.baseline import audience, document, resource_types
from policies.baseline.attached import attached
from policies.baseline.rights import rights
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, StackRule, Standard
from policies.tiers import keys, paper
from policies.view import Resource, Stack

_USES = ("kms:CreateGrant", "kms:Decrypt", "kms:ReEncryptFrom")
"""What gives somebody the plaintext: a grant too, since its maker may name himself and Decrypt in it."""
_MANAGES = ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:CreateAlias", "kms:UpdateAlias")
_VIA, _OF_SECRET = "kms:viaservice", "kms:encryptioncontext:secretarn"
_SERVICE = re.compile(r"([a-z0-9-]+)\.[a-z0-9-]+\.amazonaws\.com")
_MANAGER = "secretsmanager"
_NAME_PART = 6
_VALIDATION = "RequestToValidateKeyAccess"
"""What Secrets Manager has as the ARN when it tries a key for a secret that is yet to come, from the same page."""
_KEYS = frozenset({tokens.KEY, resource_types.REPLICA_KEY, resource_types.KEY_POLICY})
_CLAUSES = {
    Standard.PCI_DSS: ("3.6.1", "7.2.2"),
    Standard.SOC_2: ("CC6.1", "CC6.3"),
    Standard.HIPAA: ("164.312(a)(2)(iv)",),
    Standard.ISO_27001: ("A.5.3", "A.8.24"),
    Standard.NIST_800_53: ("AC-5", "SC-12"),
}
_FIX = "policy=json.dumps(key_policy(environment, purpose)),"


def _held(resource: Resource, intent: Intent) -> Iterator[Finding]:
    required = "a policy that is known at preview: AWS's default lets every administrator decrypt"
    yield from paper.unjudged(resource, required, _FIX)
    if resource.value("policy") in (None, ""):
        # A policy in a resource of its own comes after the key, which has AWS's default until then.
        yield Finding(urn=resource.urn, property="policy", seen="no policy", required=required, fix=_FIX)
    allowing = [*document.allowing(resource)]
    administrators = {who for _, each in allowing if _covers(each, _MANAGES) for who in _people(each)}
    for name, statement in allowing:
        for seen, needed in _faults(statement, administrators, intent):
            seen = f"{document.called(statement)} {seen}"
            yield Finding(urn=resource.urn, property=name, seen=seen, required=needed, fix=_FIX)


def _faults(statement: Statement, administrators: set[str], intent: Intent) -> Iterator[tuple[str, str]]:
    for who in audience.faults(statement, intent):
        yield f"lets in {who}", "principals of this account; `*` only with a condition that names the account"
    if statement.principals is None or not (statement.principals.aws or statement.except_principals):
        return  # a service of AWS, which uses a key for what it encrypts with it
    if not _covers(statement, _USES):
        return
    if _covers(statement, _MANAGES) or administrators & _people(statement):
        yield "lets who manages the key decrypt with it", "either what manages a key or what uses it"
    elif not _services(statement):
        yield "lets somebody decrypt himself", "StringEquals kms:ViaService, so that only a service of AWS decrypts"


def _people(statement: Statement) -> set[str]:
    """Whom a statement names, but the account as a whole: that leaves the decision to the policies of roles."""
    named = statement.principals.aws if statement.principals else ()
    return {who for who in named if not who.endswith(":root") and not who.isdecimal()}


def _of_tiers(stack: Stack, intent: Intent) -> Iterator[Finding]:
    replicas = attached(stack, intent, [tokens.KEY], [resource_types.REPLICA_KEY], "primaryKeyArn")
    for purpose, key in keys.by_purpose(stack, intent).items():
        if not purpose.startswith("tier-") or not isinstance(key, Resource):
            continue  # a tier without a key, or with one that is not known yet, is for the rule on keys
        tier = int(purpose.removeprefix("tier-"))
        for each, region in (
            (key, intent.environment.region),
            *((replica, intent.environment.replica_region or "") for replica in replicas.to(key)),
        ):
            for name, statement in document.allowing(each):
                via = _services(statement)
                if _covers(statement, _USES) and set(via) != {via_secrets_manager(region)}:
                    yield Finding(
                        urn=each.urn,
                        property=name,
                        seen=f"{document.called(statement)} lets the key of {purpose} decrypt by another way than "
                        "Secrets Manager",
                        required=f"StringEquals kms:ViaService {via_secrets_manager(region)}",
                        fix=_FIX,
                        tier=tier,
                    )

    for replica in replicas.loose:
        yield Finding(
            urn=replica.urn,
            property="primaryKeyArn",
            seen="a replica of a key that is not known yet",
            required="a key of this stack",
            fix="primary_key_arn=key.arn,",
            undecided=True,
        )


def _by_context(stack: Stack, intent: Intent) -> Iterator[Finding]:
    for resource, name, statement in rights(stack, intent):
        if not _covers(statement, _USES):
            continue
        via = _services(statement)
        services = {found[1] if (found := _SERVICE.fullmatch(value)) else "" for value in via}
        if not via or "" in services:
            seen, required = "decrypts without a service", "StringEquals kms:ViaService, with the services by name"
        elif _MANAGER in services and not _is_about_secrets(statement, alone=len(services) == 1):
            seen = "decrypts through Secrets Manager whatever the secret"
            required = "StringEquals or StringLike kms:EncryptionContext:SecretARN, with ARNs of secrets"
        else:
            continue
        yield Finding(
            urn=resource.urn,
            property=name,
            seen=f"{document.called(statement)} {seen}",
            required=required,
            fix="through_secrets_manager(environment, sid, actions, secrets),",
        )


def _is_about_secrets(statement: Statement, *, alone: bool) -> bool:
    """Secrets Manager always gives the context, so IfExists is as strict where other services have none to give.

    docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html, "Encryption context".
    """
    found = next(
        (
            each.values
            for each in statement.comparisons
            if each.key.lower() == _OF_SECRET
            and each.set_operator is None
            and each.operator in ("StringEquals", "StringLike")
            and (not each.if_exists or not alone)
        ),
        (),
    )
    return bool(found) and all(each == _VALIDATION or _names_secrets(each) for each in found)


def _names_secrets(arn: str) -> bool:
    """Whether it has some of the name, which is the seventh part; a pattern that ends before is about every secret."""
    parts = arn.split(":", _NAME_PART)
    return len(parts) > _NAME_PART and parts[_NAME_PART][:1] not in ("", "*", "?")


def _services(statement: Statement) -> tuple[str, ...]:
    """The services through one of which a request has to come; empty if it may come by itself."""
    return next((each.values for each in statement.comparisons if _is_strict(each)), ())


def _is_strict(comparison: Comparison) -> bool:
    plain = comparison.operator == "StringEquals" and comparison.set_operator is None and not comparison.if_exists
    return plain and comparison.key.lower() == _VIA


def _covers(statement: Statement, actions: tuple[str, ...]) -> bool:
    if statement.effect is not Effect.ALLOW:
        return False
    named = (any(action_matches(each, action) for each in statement.actions) for action in actions)
    return not all(named) if statement.except_actions else any(named)


RULES = (
    ResourceRule(
        id="tiers/key-custody",
        title="Who manages a key cannot decrypt with it, and nobody decrypts but through a service",
        severity=Severity.CRITICAL,
        clauses=_CLAUSES,
        remediation=_FIX,
        types=_KEYS,
        check=_held,
    ),
    StackRule(
        id="tiers/key-use-through-secrets-manager",
        title="The key of a tier decrypts through Secrets Manager only",
        severity=Severity.HIGH,
        clauses=_CLAUSES,
        remediation=_FIX,
        check=_of_tiers,
    ),
    StackRule(
        id="tiers/decrypt-own-secrets",
        title="A role decrypts through a service, and through Secrets Manager for named secrets only",
        severity=Severity.HIGH,
        clauses=_CLAUSES,
        remediation="through_secrets_manager(environment, sid, actions, secrets),",
        check=_by_context,
    ),
)
