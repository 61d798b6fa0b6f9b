"""Roles: who may become one, what AWS hands it, and that there are no users."""

from __future__ import annotations

import re
from collections.abc import Iterator

from iam.document import Statement
from policies.baseline import audience, clauses, document, resource_types
from policies.baseline.attached import reached
from policies.baseline.rights import ATTACHMENTS
from policies.baseline.setting import NOT_KNOWN
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, StackRule
from policies.view import UNKNOWN, Resource, Stack

# Services of which AWS does not say that they send aws:SourceAccount when they assume a role (unverified). A role
# cannot be handed to a service of another account: docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
_BY_PASS_ROLE = frozenset({"lambda.amazonaws.com", "ec2.amazonaws.com"})
# EKS sends what the pod is as tags of the session: docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
_BY_TAGS = {
    "pods.eks.amazonaws.com": frozenset({"aws:requesttag/eks-cluster-name", "aws:sourceaccount", "aws:sourcearn"})
}
_MFA = "aws:multifactorauthpresent"
_FIX = "assume_role_policy=json.dumps(…),  # from catalog/access/trust.py"
_ADMINISTRATIVE = re.compile(
    r"^arn:aws[a-z-]*:iam::aws:policy/(?:.*/)?(?:AdministratorAccess.*|PowerUserAccess|IAM.*|.*FullAccess.*|ReadOnlyAccess|.*ReadWrite.*)$"
)
_USERS = frozenset(
    f"aws:iam/{name[0].lower()}{name[1:]}:{name}"
    for name in (
        "AccessKey",
        "Group",
        "GroupMembership",
        "GroupPolicy",
        "GroupPolicyAttachment",
        "ServiceSpecificCredential",
        "User",
        "UserGroupMembership",
        "UserLoginProfile",
        "UserPolicy",
        "UserPolicyAttachment",
        "UserPolicyAttachmentsExclusive",
    )
)


def _trusted(resource: Resource, intent: Intent) -> Iterator[Finding]:
    for name, statement in document.allowing(resource):
        if name != "assumeRolePolicy":
            continue
        for seen in (
            *audience.faults(statement, intent),
            *_services(statement, intent),
            *_root(statement, intent),
            *_tokens(statement),
        ):
            yield Finding(
                urn=resource.urn,
                property=name,
                seen=f"{document.called(statement)} lets in {seen}",
                required="callers by name, by a second factor, by the claims of a token, or a service for this account",
                fix=_FIX,
            )


def _services(statement: Statement, intent: Intent) -> Iterator[str]:
    services = set(statement.principals.services if statement.principals else ()) - _BY_PASS_ROLE
    keys = {each.key.lower() for each in statement.comparisons if not each.if_exists}
    bound = audience.names_source(statement, intent.environment.account)
    if any(not bound and not keys & _BY_TAGS.get(service, frozenset()) for service in services):
        yield "a service that may act for any account: no aws:SourceAccount or aws:SourceArn of this one"


def _root(statement: Statement, intent: Intent) -> Iterator[str]:
    """The whole account is everybody whose own policy says so; a second factor makes it a person.

    `Bool` alone counts: with BoolIfExists a long-term key passes, which has no such value in its requests.
    """
    account = intent.environment.account
    names = {account, f"arn:aws:iam::{account}:root"}
    if not names & set(statement.principals.aws if statement.principals else ()):
        return
    if not any(
        each.operator == "Bool" and not each.if_exists and each.key.lower() == _MFA and set(each.values) == {"true"}
        for each in statement.comparisons
    ):
        yield "the whole account without a second factor"


def _tokens(statement: Statement) -> Iterator[str]:
    if not statement.principals or not statement.principals.federated:
        return
    exact = {
        each.key.lower() for each in statement.comparisons if each.operator == "StringEquals" and not each.if_exists
    }
    if not (any(key.endswith(":aud") for key in exact) and any(key.endswith(":sub") for key in exact)):
        yield "whoever has a token of that issuer: no exact aud and sub"


def _no_administrative(stack: Stack, _intent: Intent) -> Iterator[Finding]:
    for token, path in ATTACHMENTS.items():
        for resource in stack.of(token):
            yield from _attached(resource, path)


def _attached(resource: Resource, path: str) -> Iterator[Finding]:
    value = resource.value(path)
    # What is not known yet comes from a resource, and a policy of AWS is none; what comes from nowhere is undecided.
    loose = not resource.edges.get(path) and resource.type != resource_types.ROLE
    for each in value if isinstance(value, tuple) else (value,):
        administrative = isinstance(each, str) and _ADMINISTRATIVE.match(each)
        if administrative or (each is UNKNOWN and loose):
            yield Finding(
                urn=resource.urn,
                property=path,
                seen="a policy of AWS that allows a whole service or more, and that AWS changes when it likes"
                if administrative
                else NOT_KNOWN,
                required="a policy of this stack with what is needed",
                undecided=not administrative,
            )


def _no_user(resource: Resource, _intent: Intent) -> Iterator[Finding]:
    yield Finding(
        urn=resource.urn,
        property="type",
        seen="a user, a group, or what belongs to one",
        required="roles: what signs in or lives for long is not this programme's to make",
        fix="delete the resource; add a consumer or a duty to the catalogue",
    )


def _bounded(stack: Stack, intent: Intent) -> Iterator[Finding]:
    for role in stack.of(resource_types.ROLE):
        value = role.value("permissionsBoundary")
        found = reached(stack, intent, role, "permissionsBoundary", [resource_types.MANAGED_POLICY])
        if not isinstance(found, tuple) or not found:
            undecided = not isinstance(found, tuple)
            yield Finding(
                urn=role.urn,
                property="permissionsBoundary",
                seen="a boundary that is not known yet"
                if undecided
                else "a boundary that is not in this stack"
                if value
                else "no boundary",
                required="a policy of this stack as boundary, so that a mistake in a document ends there",
                undecided=undecided,
            )


RULES = (
    ResourceRule(
        id="baseline/role-trust-scoped",
        title="A role can be taken on only by whom it is for",
        severity=Severity.CRITICAL,
        clauses=clauses.ACCESS,
        remediation=_FIX,
        parity=(
            "CKV_AWS_60",
            "CKV_AWS_61",
            "CKV_AWS_393",
            "PRW:iam_role_cross_service_confused_deputy_prevention",
            "PRW:iam_role_service_trust_restricts_source_to_account",
        ),
        types=frozenset({resource_types.ROLE}),
        check=_trusted,
    ),
    StackRule(
        id="baseline/role-no-aws-policy",
        title="No role has a policy of AWS that allows a whole service",
        severity=Severity.CRITICAL,
        clauses=clauses.ACCESS,
        remediation="policy=json.dumps(…),  # an inline policy from catalog/access",
        parity=("CKV_AWS_274", "CKV2_AWS_56", "PRW:iam_aws_attached_policy_no_administrative_privileges"),
        check=_no_administrative,
    ),
    ResourceRule(
        id="baseline/no-user",
        title="The programme declares no user of IAM",
        severity=Severity.HIGH,
        clauses=clauses.ACCESS,
        remediation="delete the resource; add a consumer or a duty to the catalogue",
        parity=("CKV_AWS_40", "CKV_AWS_273", "SH:IAM.2", "CIS-1.4:1.15", "CIS-3.0:1.15"),
        types=_USERS,
        check=_no_user,
    ),
    StackRule(
        id="baseline/role-bounded",
        title="A role has a boundary of the stack",
        severity=Severity.HIGH,
        clauses=clauses.ACCESS,
        remediation="permissions_boundary=boundary.arn,",
        check=_bounded,
    ),
)
