"""Edits of who reaches what: secrets, keys, functions, and documents that nobody can read."""

from __future__ import annotations

from policies.baseline import resource_types as types
from policies.tokens import CONTAINER, KEY, PERMISSION
from tests.policies.baseline_stack import SECRET, Edit, adding, document, plus, then, without
from tests.policies.edit import setting

ACCOUNT = "333344445555"
FOREIGN = "arn:aws:iam::999988887777:root"
READ = {"Action": "secretsmanager:GetSecretValue"}


def _secret(**statement: object) -> Edit:
    return Edit(
        make=document(types.SECRET_POLICY, SECRET, "policy", adding(**{**READ, "Resource": "*", **statement})),
        rule="baseline/secret-not-public",
        token=types.SECRET_POLICY,
        name=SECRET,
        says=("statement Planted lets in",),
    )


def _key(says: str, **statement: object) -> Edit:
    return Edit(
        make=document(KEY, "tier-1", "policy", adding(Action="kms:Decrypt", Resource="*", **statement)),
        rule="baseline/key-not-public",
        token=KEY,
        name="tier-1",
        says=(says,),
    )


def _condition(operator: str, key: str, value: object) -> dict[str, object]:
    return {"Condition": {operator: {key: value}}}


EDITS: dict[str, Edit] = {
    "secret-for-everyone": _secret(Principal="*"),
    "secret-for-everyone-as-aws": _secret(Principal={"AWS": "*"}),
    "secret-for-all-but-one": _secret(NotPrincipal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
    "secret-for-another-account": _secret(Principal={"AWS": FOREIGN}),
    "secret-for-another-account-by-number": _secret(Principal={"AWS": "999988887777"}),
    "secret-for-everyone-with-any-condition": _secret(
        Principal="*", **_condition("Bool", "aws:SecureTransport", "true")
    ),
    "secret-for-everyone-if-the-account-is-known": _secret(
        Principal="*", **_condition("StringEqualsIfExists", "aws:PrincipalAccount", ACCOUNT)
    ),
    "secret-for-everyone-of-all-accounts": _secret(
        Principal="*", **_condition("StringLike", "aws:PrincipalAccount", "*")
    ),
    "secret-for-everyone-but-ours": _secret(
        Principal="*", **_condition("StringNotEquals", "aws:PrincipalAccount", ACCOUNT)
    ),
    "secret-for-everyone-by-all-values": _secret(
        Principal="*", **_condition("ForAllValues:StringEquals", "aws:PrincipalAccount", ACCOUNT)
    ),
    "secret-public-inside": Edit(
        make=setting(
            CONTAINER,
            SECRET,
            "policy",
            '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}',
        ),
        rule="baseline/secret-not-public",
        token=CONTAINER,
        name=SECRET,
    ),
    "secret-public-policy-not-blocked": Edit(
        make=setting(types.SECRET_POLICY, SECRET, "blockPublicPolicy", None),
        rule="baseline/secret-public-policy-blocked",
        token=types.SECRET_POLICY,
        name=SECRET,
        says=("seen: not set", "fix: block_public_policy=True,"),
    ),
    "secret-without-policy": Edit(
        make=without(types.SECRET_POLICY, SECRET),
        rule="baseline/secret-has-policy",
        token=CONTAINER,
        name=SECRET,
        says=("no policy of its own",),
    ),
    "secret-not-described": Edit(
        make=setting(CONTAINER, SECRET, "description", ""),
        rule="baseline/secret-described",
        token=CONTAINER,
        name=SECRET,
    ),
    "key-for-everyone-over-tls": _key(
        "everyone, without a condition", Principal="*", **_condition("Bool", "aws:SecureTransport", "true")
    ),
    "key-for-everyone-through-a-service": _key(
        "everyone, without a condition",
        Principal="*",
        **_condition("StringEquals", "kms:ViaService", "secretsmanager.us-east-1.amazonaws.com"),
    ),
    "key-for-another-account": _key("another account", Principal={"AWS": FOREIGN}),
    "key-for-a-service-of-anybody": _key("may act for any account", Principal={"Service": "s3.amazonaws.com"}),
    "key-public-beside": Edit(
        make=plus(
            types.KEY_POLICY,
            "beside",
            keyId="x",
            policy='{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}}',
        ),
        rule="baseline/key-not-public",
        token=types.KEY_POLICY,
        name="beside",
    ),
    "replica-for-another-account": Edit(
        make=document(
            types.REPLICA_KEY,
            "tier-1-replica",
            "policy",
            adding(Action="kms:Decrypt", Resource="*", Principal={"AWS": FOREIGN}),
        ),
        rule="baseline/key-not-public",
        token=types.REPLICA_KEY,
        name="tier-1-replica",
    ),
    "key-granted": Edit(
        make=plus(types.GRANT, "grant", operations=["Decrypt"]),
        rule="baseline/key-no-grant",
        token=types.GRANT,
        name="grant",
    ),
    "document-that-is-none": Edit(
        make=setting(types.ROLE_POLICY, "operator", "policy", '{"Statement": [{"Effect": "Allow", "Actions": "*"}]}'),
        rule="baseline/document-valid",
        token=types.ROLE_POLICY,
        name="operator",
        says=("identity-based policy",),
    ),
    "function-for-everyone": Edit(
        make=setting(PERMISSION, "alerts", "principal", "*"),
        rule="baseline/function-invoked-for-us",
        token=PERMISSION,
        name="alerts",
        says=("everyone or another account",),
    ),
    "function-for-a-service-of-anybody": Edit(
        make=then(
            setting(PERMISSION, "alerts", "sourceAccount", None), setting(PERMISSION, "alerts", "sourceArn", None)
        ),
        rule="baseline/function-invoked-for-us",
        token=PERMISSION,
        name="alerts",
        says=("a service for any account",),
    ),
    "function-for-a-service-of-another": Edit(
        make=then(
            setting(PERMISSION, "alerts", "sourceAccount", "999988887777"),
            setting(PERMISSION, "alerts", "sourceArn", "arn:aws:events:us-east-1:999988887777:rule/x"),
        ),
        rule="baseline/function-invoked-for-us",
        token=PERMISSION,
        name="alerts",
    ),
    "function-with-an-open-url": Edit(
        make=plus(types.FUNCTION_URL, "url", authorizationType="NONE"),
        rule="baseline/function-url-signed",
        token=types.FUNCTION_URL,
        name="url",
    ),
}
