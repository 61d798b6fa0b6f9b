"""Edits of who holds keys, what documents allow, and who becomes break-glass."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from policies.baseline.resource_types import (
    MANAGED_POLICY,
    REPLICA_KEY,
    ROLE,
    ROLE_ATTACHMENT,
    ROLE_POLICY,
    SECRET_POLICY,
)
from policies.tiers.wildcard import VALUE_ACTIONS
from policies.tokens import KEY
from tests.policies.program import Declared, Program
from tests.policies.surroundings import (
    ENVIRONMENT,
    SINGLE,
    Change,
    Edit,
    adding,
    document,
    setting,
)

ACCOUNT = "333344445555"
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/llm-observatory-prod-security-admin"
SECRETS = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:llm-observatory/prod/*"
VIA = {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}
EVERYONE = {"Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}


def _held(make: Callable[[list[dict[str, Any]]], object], *says: str, key: str = "tier-1", token: str = KEY) -> Edit:
    return Edit(make=document(token, key, "policy", make), rule="tiers/key-custody", token=token, name=key, says=says)


def _used(make: Callable[[list[dict[str, Any]]], object], key: str = "tier-1", token: str = KEY) -> Edit:
    rule = "tiers/key-use-through-secrets-manager"
    return Edit(make=document(token, key, "policy", make), rule=rule, token=token, name=key, says=("ViaService",))


def _role(name: str, **elements: object) -> Edit:
    make = document(ROLE_POLICY, name, "policy", adding(**elements))
    return Edit(make=make, rule="tiers/no-hidden-access", token=ROLE_POLICY, name=name, says=("statement Planted",))


def _decrypts(condition: dict[str, object], says: str) -> Edit:
    elements = {"Action": "kms:Decrypt", "Resource": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/*", "Condition": condition}
    make = document(ROLE_POLICY, "api-server", "policy", adding(**elements))
    return Edit(make=make, rule="tiers/decrypt-own-secrets", token=ROLE_POLICY, name="api-server", says=(says,))


def _trust(name: str, change: Callable[[dict[str, Any]], object], *says: str) -> Edit:
    make = document(ROLE, name, "assumeRolePolicy", lambda statements: change(statements[0]))
    return Edit(make=make, rule="tiers/people-second-factor", token=ROLE, name=name, says=says)


def _inline(stack: Program) -> Program:
    statement = {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": SECRETS}
    inline = {"name": "x", "policy": json.dumps({"Version": "2012-10-17", "Statement": statement})}
    return stack.set(stack.get(ROLE, "api-server"), "inlinePolicies", [inline])


def _managed(stack: Program) -> Program:
    boundary = stack.get(MANAGED_POLICY, "deploy-boundary")
    role = stack.get(ROLE, "api-server")
    handed = Declared(
        token=ROLE_ATTACHMENT,
        name="x",
        stack=ENVIRONMENT,
        inputs={"role": role.inputs["name"], "policyArn": boundary.outputs["arn"]},
        edges={"policyArn": (boundary.urn,)},
    )
    return stack.plus(handed)


def _session(value: object) -> Change:
    return setting(ROLE, "break-glass", "maxSessionDuration", value)


EDITS: dict[str, Edit] = {
    "key-for-everyone": _held(adding(**EVERYONE), "lets in everyone"),
    "key-for-everyone-by-a-service": _held(adding(**EVERYONE, Condition={"StringEquals": VIA}), "lets in everyone"),
    "key-for-everyone-by-tls": _held(
        adding(**EVERYONE, Condition={"Bool": {"aws:SecureTransport": "true"}}), "lets in everyone"
    ),
    "key-for-everyone-if-the-account-exists": _held(
        adding(**EVERYONE, Condition={"StringEqualsIfExists": {"kms:CallerAccount": ACCOUNT}}), "lets in everyone"
    ),
    "key-for-another-account": _held(
        adding(**EVERYONE | {"Principal": {"AWS": "444455556666"}}), "lets in another account"
    ),
    "key-for-everyone-but": _held(adding(NotPrincipal={"AWS": ADMIN}, Action="kms:Encrypt", Resource="*")),
    "key-admin-decrypts": _held(
        lambda statements: statements[0]["Action"].append("kms:Decrypt"), "lets who manages the key decrypt"
    ),
    "key-admin-does-all": _held(
        lambda statements: statements[0].update(Action="kms:*"), "lets who manages the key decrypt"
    ),
    "key-admin-grants": _held(
        lambda statements: statements[0]["Action"].append("kms:Create*"), "lets who manages the key decrypt"
    ),
    "key-admin-decrypts-elsewhere": _held(
        adding(Principal={"AWS": ADMIN}, Action="kms:Decrypt", Resource="*", Condition={"StringEquals": VIA}),
        "lets who manages the key decrypt",
    ),
    "key-used-without-a-service": _held(
        adding(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, Action="kms:Decrypt", Resource="*"),
        "lets somebody decrypt himself",
        key="backup",
    ),
    "key-without-a-policy": Edit(
        make=setting(KEY, "tier-2", "policy", None),
        rule="tiers/key-custody",
        token=KEY,
        name="tier-2",
        says=("no policy",),
    ),
    "key-with-what-is-no-policy": Edit(
        make=setting(KEY, "tier-2", "policy", "{}"),
        rule="tiers/key-custody",
        token=KEY,
        name="tier-2",
        says=("what AWS would not take",),
    ),
    "key-of-a-replica-for-everyone": _held(
        adding(**EVERYONE), "lets in everyone", key="tier-1-replica", token=REPLICA_KEY
    ),
    "tier-key-through-another-service": _used(
        lambda statements: statements[-1]["Condition"].update(
            StringEquals={"kms:ViaService": "s3.us-east-1.amazonaws.com"}
        )
    ),
    "tier-key-through-any-region": _used(
        lambda statements: statements[-1]["Condition"].update(
            StringEquals={"kms:ViaService": [VIA["kms:ViaService"], "secretsmanager.us-west-2.amazonaws.com"]}
        )
    ),
    "tier-key-through-a-pattern": _used(
        lambda statements: statements[-1].update(Condition={"StringLike": {"kms:ViaService": "secretsmanager.*"}})
    ),
    "replica-through-the-first-region": _used(
        lambda statements: statements[-1]["Condition"].update(StringEquals=VIA), "tier-1-replica", REPLICA_KEY
    ),
    **{
        f"wildcard-over-{action.replace(':', '-')}": _role("api-server", Action=f"{action[:-1]}?", Resource=SECRETS)
        for action in VALUE_ACTIONS
    },
    "wildcard-over-a-service": _role("api-server", Action="secretsmanager:*", Resource=SECRETS),
    "wildcard-in-another-case": _role("api-server", Action="SecretsManager:get*", Resource=SECRETS),
    "wildcard-over-everything": _role("api-server", Action="*", Resource="*"),
    "not-action": _role("api-server", NotAction="iam:*", Resource="*"),
    "not-resource": _role("api-server", Action="secretsmanager:DescribeSecret", NotResource=SECRETS),
    "not-principal": Edit(
        make=document(
            SECRET_POLICY,
            SINGLE,
            "policy",
            adding(NotPrincipal={"AWS": ADMIN}, Action="secretsmanager:DescribeSecret", Resource="*"),
        ),
        rule="tiers/no-hidden-access",
        token=SECRET_POLICY,
        name=SINGLE,
        says=("NotPrincipal",),
    ),
    "wildcard-in-a-role-itself": Edit(
        make=_inline,
        rule="tiers/no-hidden-access",
        token=ROLE,
        name="api-server",
        says=("property: inlinePolicies[0].policy", "by the wildcard secretsmanager:*"),
    ),
    "boundary-that-is-handed-out": Edit(
        make=_managed, rule="tiers/no-hidden-access-managed", token=MANAGED_POLICY, name="deploy-boundary"
    ),
    "decrypts-without-a-service": _decrypts({"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, "without a service"),
    "decrypts-through-any-service": _decrypts({"StringEquals": {"kms:ViaService": "*"}}, "without a service"),
    "decrypts-through-a-pattern": _decrypts({"StringLike": VIA}, "without a service"),
    "decrypts-if-there-is-a-service": _decrypts({"StringEqualsIfExists": VIA}, "without a service"),
    "decrypts-every-secret": _decrypts({"StringEquals": VIA}, "whatever the secret"),
    "decrypts-by-an-empty-name": _decrypts(
        {"StringEquals": VIA, "StringLike": {"kms:EncryptionContext:SecretARN": "arn:aws:secretsmanager:*"}},
        "whatever the secret",
    ),
    "decrypts-if-there-is-a-context": _decrypts(
        {"StringEquals": VIA, "StringLikeIfExists": {"kms:EncryptionContext:SecretARN": SECRETS}},
        "whatever the secret",
    ),
    "break-glass-without-a-factor": _trust(
        "break-glass", lambda each: each.pop("Condition"), "without a second factor"
    ),
    "break-glass-with-a-hole": _trust(
        "break-glass",
        lambda each: each.update(Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}),
        "without IfExists",
    ),
    "break-glass-without-a-factor-asked-for": _trust(
        "break-glass", lambda each: each.update(Condition={"Bool": {"aws:MultiFactorAuthPresent": ["true", "false"]}})
    ),
    "break-glass-for-a-service": _trust(
        "break-glass",
        lambda each: (each.pop("Condition"), each.update(Principal={"Service": "lambda.amazonaws.com"})),
    ),
    "operator-without-a-factor": _trust("operator", lambda each: each.pop("Condition"), "without a second factor"),
    "session-of-a-day": Edit(
        make=_session(43200), rule="tiers/break-glass-session", token=ROLE, name="break-glass", says=("seen: 43200",)
    ),
}

COMPLIANT: dict[str, Change] = {
    "everyone-is-denied": document(
        KEY, "tier-1", "policy", lambda statements: statements.append(EVERYONE | {"Effect": "Deny"})
    ),
    "everyone-of-the-account": document(
        KEY,
        "tier-1",
        "policy",
        adding(**EVERYONE, Condition={"StringEquals": {"kms:CallerAccount": ACCOUNT, **VIA}}),
    ),
    "statements-of-a-key-in-another-order": document(KEY, "tier-1", "policy", lambda statements: statements.reverse()),
    "a-text-for-a-list": document(
        KEY, "tier-1", "policy", lambda statements: statements[-1].update(Action="kms:Decrypt", Resource="*")
    ),
    "wildcard-over-metadata": document(
        ROLE_POLICY, "api-server", "policy", adding(Action="secretsmanager:Describe*", Resource=SECRETS)
    ),
    "wildcard-in-a-deny": document(
        ROLE_POLICY, "api-server", "policy", adding(Effect="Deny", NotAction="secretsmanager:*", Resource="*")
    ),
    "decrypts-through-two-services-with-a-context": document(
        ROLE_POLICY,
        "api-server",
        "policy",
        adding(
            Action="kms:Decrypt",
            Resource="*",
            Condition={
                "StringEquals": {"kms:ViaService": [VIA["kms:ViaService"], "s3.us-east-1.amazonaws.com"]},
                "StringLikeIfExists": {"kms:EncryptionContext:SecretARN": [SECRETS, "RequestToValidateKeyAccess"]},
            },
        ),
    ),
    "session-of-the-default": _session(None),
    "session-of-an-operator": setting(ROLE, "operator", "maxSessionDuration", 43200),
}
