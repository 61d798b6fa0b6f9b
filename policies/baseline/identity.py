"""What roles may do: nothing that amounts to everything, and nothing everywhere that AWS lets be narrowed."""

from __future__ import annotations

from collections.abc import Iterator

from iam.document import Statement
from iam.pattern import action_matches
from policies.baseline import clauses, document
from policies.baseline.rights import rights
from policies.baseline.unscoped import UNSCOPED
from policies.intent import Intent
from policies.rule import Finding, Severity, StackRule
from policies.view import Resource, Stack

_DECRYPT = ("kms:Decrypt", "kms:ReEncryptFrom", "kms:CreateGrant")
# What makes a holder more than it was: it changes what roles may do, or hands a role to something that it controls.
# Source: docs.aws.amazon.com/securityhub and rhinosecuritylabs.com/aws/aws-privilege-escalation-methods-mitigation
_ESCALATES = (
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:DeleteRolePermissionsBoundary",
    "iam:PassRole",
    "iam:PutGroupPolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
    "sts:AssumeRole",
)
_ARN_PARTS = 6
_FIX = "narrow the statement in catalog/access"


def _finding(resource: Resource, name: str, statement: Statement, seen: str, required: str) -> Finding:
    return Finding(
        urn=resource.urn,
        property=name,
        seen=f"{document.called(statement)} allows {seen}",
        required=required,
        fix=_FIX,
    )


def _no_admin(stack: Stack, intent: Intent) -> Iterator[Finding]:
    for resource, name, statement in rights(stack, intent):
        if statement.except_actions or statement.except_resources:
            what = "NotAction" if statement.except_actions else "NotResource"
            yield _finding(
                resource, name, statement, f"all but what {what} names", "Action and Resource: what AWS adds is denied"
            )
        whole = [each for each in statement.actions if each == "*" or each.endswith(":*")]
        if whole and not statement.except_actions and not _all_owned(statement, intent):
            yield _finding(
                resource,
                name,
                statement,
                "every action, or every action of a service, on more than what the programme owns",
                "the actions by name, or on resources with the name of the environment alone",
            )


def _scoped(stack: Stack, intent: Intent) -> Iterator[Finding]:
    for resource, name, statement in rights(stack, intent):
        if "*" not in statement.resources or statement.except_actions:
            continue
        wide = [action for action in statement.actions if not any(_within(action, each) for each in UNSCOPED)]
        if wide:
            yield _finding(
                resource,
                name,
                statement,
                f"{len(wide)} of its actions on every resource, though AWS lets them be narrowed",
                "ARNs; what AWS has no resource for is in policies/baseline/unscoped.py with its page",
            )


def _within(pattern: str, unscoped: str) -> bool:
    """Whether `unscoped` covers all that `pattern` does: a wildcard in it is a letter like any other here."""
    return action_matches(unscoped, pattern)


def _decrypt(stack: Stack, intent: Intent) -> Iterator[Finding]:
    for resource, name, statement in rights(stack, intent):
        covers = any(action_matches(each, action) for each in statement.actions for action in _DECRYPT)
        if (covers or statement.except_actions) and any(_every_key(each) for each in statement.resources):
            yield _finding(
                resource,
                name,
                statement,
                "decryption with every key, of another account too",
                "keys by account and region, and kms:ViaService: a condition alone opens what is not ours",
            )


def _escalation(stack: Stack, intent: Intent) -> Iterator[Finding]:
    for resource, name, statement in rights(stack, intent):
        covers = any(action_matches(each, action) for each in statement.actions for action in _ESCALATES)
        if (covers or statement.except_actions) and not _all_owned(statement, intent, services=("iam", "sts")):
            yield _finding(
                resource,
                name,
                statement,
                "a change of what others may do, or taking on a role, beyond the programme's own roles",
                f"roles and policies named llm-observatory-{intent.environment.name}-… only",
            )


def _every_key(resource: str) -> bool:
    parts = resource.split(":", _ARN_PARTS - 1)
    return resource == "*" or (len(parts) == _ARN_PARTS and parts[2] == "kms" and "*" in parts[3] + parts[4])


def _all_owned(statement: Statement, intent: Intent, services: tuple[str, ...] = ()) -> bool:
    """Whether every resource (of `services`, if some are given) is one of the environment by its name."""
    if statement.except_resources:
        return False
    return all(_owned(each, intent) for each in statement.resources if _of_service(each, services))


def _of_service(resource: str, services: tuple[str, ...]) -> bool:
    parts = resource.split(":")
    return not services or resource == "*" or parts[2] in services


def _owned(resource: str, intent: Intent) -> bool:
    environment = intent.environment
    last = resource.split(":", _ARN_PARTS - 1)[-1]
    marks = (
        f"llm-observatory-{environment.name}",
        f"llm-observatory/{environment.name}",
        f"llm_observatory_{environment.name}",
    )
    before = last.split("*")[0]
    return any(mark in before for mark in marks) or environment.account in before


RULES = (
    StackRule(
        id="baseline/identity-no-admin",
        title="No policy allows everything, a whole service, or all but something",
        severity=Severity.CRITICAL,
        clauses=clauses.ACCESS,
        remediation=_FIX,
        parity=(
            "CKV_AWS_1",
            "CKV_AWS_49",
            "CKV_AWS_62",
            "CKV_AWS_63",
            "CKV2_AWS_40",
            "SH:IAM.1",
            "SH:IAM.21",
            "CIS-1.4:1.16",
            "CIS-3.0:1.16",
            "PRW:iam_customer_attached_policy_no_administrative_privileges",
            "PRW:iam_customer_unattached_policy_no_administrative_privileges",
            "PRW:iam_inline_policy_no_administrative_privileges",
            "PRW:iam_policy_no_full_access_to_kms",
            "PRW:iam_policy_no_full_access_to_cloudtrail",
            "PRW:iam_inline_policy_no_full_access_to_kms",
            "PRW:iam_inline_policy_no_full_access_to_cloudtrail",
        ),
        check=_no_admin,
    ),
    StackRule(
        id="baseline/identity-scoped",
        title="An action on every resource is one that AWS does not let be narrowed",
        severity=Severity.HIGH,
        clauses=clauses.ACCESS,
        remediation=_FIX,
        parity=(
            "CKV_AWS_355",
            "CKV_AWS_356",
            "CKV_AWS_287",
            "CKV_AWS_107",
            "CKV_AWS_288",
            "CKV_AWS_108",
            "CKV_AWS_289",
            "CKV_AWS_109",
            "CKV_AWS_290",
            "CKV_AWS_111",
        ),
        check=_scoped,
    ),
    StackRule(
        id="baseline/identity-decrypt-scoped",
        title="Nobody may decrypt with every key there is",
        severity=Severity.CRITICAL,
        clauses=clauses.ACCESS,
        remediation=_FIX,
        parity=("SH:KMS.1", "SH:KMS.2"),
        check=_decrypt,
    ),
    StackRule(
        id="baseline/identity-no-escalation",
        title="Nobody can give itself more than it has",
        severity=Severity.CRITICAL,
        clauses=clauses.ACCESS,
        remediation=_FIX,
        parity=(
            "CKV_AWS_286",
            "CKV_AWS_110",
            "PRW:iam_policy_allows_privilege_escalation",
            "PRW:iam_inline_policy_allows_privilege_escalation",
        ),
        check=_escalation,
    ),
)
