"""Edits of what roles may do, who may become one, and that there is nobody else."""

from __future__ import annotations

from policies.baseline import resource_types as types
from tests.policies.baseline_stack import Edit, adding, document, plus
from tests.policies.edit import literal, setting
from tests.policies.program import Program

ACCOUNT = "333344445555"
FOREIGN = "arn:aws:iam::999988887777:root"
READ = {"Action": "secretsmanager:GetSecretValue"}


def _right(rule: str, says: str, **statement: object) -> Edit:
    return Edit(
        make=document(types.ROLE_POLICY, "operator", "policy", adding(**statement)),
        rule=f"baseline/{rule}",
        token=types.ROLE_POLICY,
        name="operator",
        says=(says,),
    )


def _trust(role: str, says: str, **statement: object) -> Edit:
    return Edit(
        make=document(types.ROLE, role, "assumeRolePolicy", adding(Action="sts:AssumeRole", **statement)),
        rule="baseline/role-trust-scoped",
        token=types.ROLE,
        name=role,
        says=(says,),
    )


def _attach_boundary(stack: Program) -> Program:
    changed = plus(types.ROLE_ATTACHMENT, "it")(stack)
    attachment = changed.get(types.ROLE_ATTACHMENT, "it")
    return changed.lead(attachment, "policyArn", changed.get(types.MANAGED_POLICY, "deploy-boundary"))


def _condition(operator: str, key: str, value: object) -> dict[str, object]:
    return {"Condition": {operator: {key: value}}}


EDITS: dict[str, Edit] = {
    "right-to-everything": _right("identity-no-admin", "every action", Action="*", Resource="*"),
    "right-to-a-service": _right("identity-no-admin", "every action of a service", Action=["kms:*"], Resource="*"),
    "right-to-a-service-with-a-condition": _right(
        "identity-no-admin",
        "every action of a service",
        Action="cloudtrail:*",
        Resource="*",
        **_condition("StringEquals", "aws:RequestedRegion", "us-east-1"),
    ),
    "right-to-all-but": _right("identity-no-admin", "NotAction", NotAction="iam:*", Resource="*"),
    "right-on-all-but": _right(
        "identity-no-admin", "NotResource", Action="s3:GetObject", NotResource="arn:aws:s3:::x/*"
    ),
    "right-everywhere": _right("identity-scoped", "on every resource", Action="s3:GetObject", Resource="*"),
    "right-everywhere-with-a-condition": _right(
        "identity-scoped",
        "on every resource",
        Action=["ssm:GetParameter*"],
        Resource=["arn:aws:ssm:us-east-1:333344445555:parameter/x", "*"],
        **_condition("Bool", "aws:SecureTransport", "true"),
    ),
    "right-to-decrypt-everywhere": _right(
        "identity-decrypt-scoped",
        "decryption with every key",
        Action="kms:Decrypt",
        Resource="*",
        **_condition("StringEquals", "kms:ViaService", "secretsmanager.us-east-1.amazonaws.com"),
    ),
    "right-to-decrypt-in-all-accounts": _right(
        "identity-decrypt-scoped", "decryption", Action="kms:De*", Resource="arn:aws:kms:us-east-1:*:key/*"
    ),
    "right-to-pass-every-role": _right(
        "identity-no-escalation",
        "beyond the programme",
        Action="iam:PassRole",
        Resource="arn:aws:iam::333344445555:role/*",
    ),
    "right-to-rewrite-policies": _right(
        "identity-no-escalation",
        "beyond the programme",
        Action="iam:Create*",
        Resource="arn:aws:iam::333344445555:policy/*",
    ),
    "right-inside-a-role": Edit(
        make=setting(
            types.ROLE,
            "operator",
            "inlinePolicies",
            [{"name": "x", "policy": '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'}],
        ),
        rule="baseline/identity-no-admin",
        token=types.ROLE,
        name="operator",
        says=("property: inlinePolicies[0].policy",),
    ),
    "right-in-a-policy-that-is-no-boundary": Edit(
        make=plus(
            types.MANAGED_POLICY,
            "loose",
            policy='{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}',
        ),
        rule="baseline/identity-no-admin",
        token=types.MANAGED_POLICY,
        name="loose",
    ),
    "right-in-a-boundary-that-is-attached": Edit(
        make=_attach_boundary,
        rule="baseline/identity-no-admin",
        token=types.MANAGED_POLICY,
        name="deploy-boundary",
    ),
    "trust-in-everyone": _trust("operator", "everyone, without a condition", Principal={"AWS": "*"}),
    "trust-in-another-account": _trust(
        "operator", "another account", Principal={"AWS": FOREIGN}, **_condition("StringEquals", "sts:ExternalId", "x")
    ),
    "trust-in-the-whole-account": _trust(
        "api-server", "the whole account without a second factor", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    ),
    "trust-with-a-second-factor-if-there-is-one": _trust(
        "break-glass",
        "the whole account without a second factor",
        Principal={"AWS": ACCOUNT},
        **_condition("BoolIfExists", "aws:MultiFactorAuthPresent", "true"),
    ),
    "trust-in-a-service-for-anybody": _trust(
        "trail", "a service that may act for any account", Principal={"Service": "cloudtrail.amazonaws.com"}
    ),
    "trust-in-any-token": _trust(
        "ci",
        "no exact aud and sub",
        Principal={"Federated": "arn:aws:iam::333344445555:oidc-provider/token.actions.githubusercontent.com"},
        **_condition("StringLike", "token.actions.githubusercontent.com:sub", "repo:llm-observatory/*"),
    ),
    "policy-of-aws-inside": Edit(
        make=setting(types.ROLE, "operator", "managedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"]),
        rule="baseline/role-no-aws-policy",
        token=types.ROLE,
        name="operator",
    ),
    "policy-of-aws-beside": Edit(
        make=plus(types.ROLE_ATTACHMENT, "it", role="x", policyArn="arn:aws:iam::aws:policy/SecretsManagerReadWrite"),
        rule="baseline/role-no-aws-policy",
        token=types.ROLE_ATTACHMENT,
        name="it",
    ),
    "user": Edit(
        make=plus("aws:iam/user:User", "jo"),
        rule="baseline/no-user",
        token="aws:iam/user:User",
        name="jo",
    ),
    "access-key": Edit(
        make=plus("aws:iam/accessKey:AccessKey", "jo", user="jo"),
        rule="baseline/no-user",
        token="aws:iam/accessKey:AccessKey",
        name="jo",
    ),
    "role-without-boundary": Edit(
        make=literal(types.ROLE, "operator", "permissionsBoundary", None),
        rule="baseline/role-bounded",
        token=types.ROLE,
        name="operator",
        says=("seen: no boundary",),
    ),
    "role-with-another-boundary": Edit(
        make=literal(types.ROLE, "operator", "permissionsBoundary", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
        rule="baseline/role-bounded",
        token=types.ROLE,
        name="operator",
        says=("not in this stack",),
    ),
}
