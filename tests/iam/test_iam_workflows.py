"""Pull requests look, main changes, and neither reads a value, makes an unbounded role or becomes somebody else."""

from __future__ import annotations

from typing import Any

import pytest

from catalog import derive, names
from catalog.access.deploy import deploy_boundary, workflow_policy
from catalog.access.github import Workflow, workflow_trust
from catalog.access.owned import owned
from catalog.access.secret import secret_policy
from iam.document import PolicyKind, parse
from iam.evaluate import Holder, Policies
from iam.principal import Principal
from tests.iam.asking import ask
from tests.iam.programme import CATALOG, KEY, READ, STAGING, VIA, WRITE, arn_of, key_policy_of, session_of

GITHUB = "token.actions.githubusercontent.com"
PULL_REQUEST = {f"{GITHUB}:aud": "sts.amazonaws.com", f"{GITHUB}:sub": f"repo:{STAGING.repository}:pull_request"}
MAIN = {
    f"{GITHUB}:aud": "sts.amazonaws.com",
    f"{GITHUB}:sub": f"repo:{STAGING.repository}:environment:staging",
    f"{GITHUB}:ref": "refs/heads/main",
}
TOKENS = {Workflow.PREVIEW: PULL_REQUEST, Workflow.DEPLOY: MAIN}
ROLE = f"arn:aws:iam::{STAGING.account}:role/llm-observatory-staging-"
BOUNDED = {"iam:PermissionsBoundary": names.policy_arn(STAGING, "boundary")}


def may(workflow: Workflow, action: str, arn: str, given: dict[str, Any] | None = None, **held: Any) -> bool:
    policies = Policies(
        identity=(parse(workflow_policy(STAGING, workflow), PolicyKind.IDENTITY, name=workflow),),
        boundary=parse(deploy_boundary(STAGING), PolicyKind.IDENTITY, name="boundary"),
        **held,
    )
    return ask(session_of(names.named(STAGING, workflow)), action, arn, policies, given or {}).allowed


@pytest.mark.parametrize("workflow", list(Workflow))
def test_a_workflow_is_let_in_with_exactly_its_own_claims(workflow: Workflow) -> None:
    trust = parse(workflow_trust(STAGING, workflow), PolicyKind.TRUST, name=workflow)
    policies = Policies(holder=Holder.ROLE, resource=trust)
    who = Principal.federated(f"arn:aws:iam::{STAGING.account}:oidc-provider/{GITHUB}")

    def let_in(claims: dict[str, str]) -> bool:
        action = "sts:AssumeRoleWithWebIdentity"
        return ask(who, action, names.role_arn(STAGING, workflow), policies, claims).allowed

    own = TOKENS[workflow]
    assert let_in(own)
    for key in own:
        assert not let_in({**own, key: "another"})
        assert not let_in({name: value for name, value in own.items() if name != key})
    (other,) = (claims for name, claims in TOKENS.items() if name is not workflow)
    assert not let_in(other)
    if workflow is Workflow.DEPLOY:
        assert not let_in({**own, f"{GITHUB}:ref": "refs/heads/feature"})
        assert not let_in({**own, f"{GITHUB}:sub": f"repo:{STAGING.repository}:environment:prod"})
        assert not let_in({**own, f"{GITHUB}:sub": f"repo:{STAGING.repository}:ref:refs/heads/main"})


def test_a_preview_sees_settings_and_changes_none() -> None:
    for one in owned(STAGING):
        changing = {action for action in one.changes if "*" not in action} - {"lambda:InvokeFunction"}
        for resource in one.resources:
            here = resource.replace("*", "x")
            given = dict.fromkeys(("aws:ResourceTag/Environment", "aws:RequestTag/Environment"), "staging")
            given |= dict.fromkeys(("aws:ResourceTag/Service", "aws:RequestTag/Service"), "llm-observatory")
            assert [action for action in changing if may(Workflow.PREVIEW, action, here, given)] == []
    for action, resource in (
        ("secretsmanager:DescribeSecret", arn_of(CATALOG.secrets[0])),
        ("iam:GetRolePolicy", f"{ROLE}api-server"),
        ("lambda:GetFunctionConfiguration", names.function_arn(STAGING, "rotate-redis")),
        ("s3:GetBucketPolicy", names.bucket_arn(STAGING, "audit-logs")),
        ("cloudtrail:GetTrailStatus", names.trail_arn(STAGING)),
    ):
        assert may(Workflow.PREVIEW, action, resource), action


@pytest.mark.parametrize("secret", CATALOG.secrets, ids=lambda secret: secret.name)
def test_no_workflow_reads_or_writes_a_value_that_is_in_use(secret: Any) -> None:
    held = {"resource": parse(secret_policy(STAGING, secret), PolicyKind.RESOURCE, name=secret.name)}
    for workflow in Workflow:
        given = {"aws:PrincipalArn": names.role_arn(STAGING, workflow)}
        for action in (READ, WRITE, "secretsmanager:UpdateSecretVersionStage", "secretsmanager:DeleteSecret"):
            assert not may(workflow, action, arn_of(secret), given, **held), (workflow, action)
        assert not may(workflow, "secretsmanager:BatchGetSecretValue", "*", given)


def test_what_deploys_reads_back_a_marker_before_the_secret_has_its_policy() -> None:
    assert may(Workflow.DEPLOY, READ, arn_of(CATALOG.secrets[0]))
    assert not may(Workflow.PREVIEW, READ, arn_of(CATALOG.secrets[0]))


def test_a_policy_that_lets_everybody_in_is_put_by_no_workflow() -> None:
    arn, asked = arn_of(CATALOG.secrets[0]), {"secretsmanager:BlockPublicPolicy": "true"}
    assert may(Workflow.DEPLOY, "secretsmanager:PutResourcePolicy", arn, asked)
    assert not may(Workflow.DEPLOY, "secretsmanager:PutResourcePolicy", arn)
    assert not may(Workflow.DEPLOY, "secretsmanager:PutResourcePolicy", arn, dict.fromkeys(asked, "false"))
    assert not may(Workflow.PREVIEW, "secretsmanager:PutResourcePolicy", arn, asked)


def test_a_key_opens_for_what_deploys_through_secrets_manager_alone_and_for_a_preview_never() -> None:
    secret = CATALOG.secrets[0]
    purpose = derive.key_purpose(secret)
    held = {"holder": Holder.KEY, "resource": key_policy_of(purpose)}
    aliased = {"kms:ResourceAliases": [derive.key_alias(STAGING, purpose)], "kms:CallerAccount": STAGING.account}
    through = {**aliased, "kms:ViaService": VIA}
    assert may(Workflow.DEPLOY, "kms:GenerateDataKey", KEY, through, **held)
    assert not may(Workflow.DEPLOY, "kms:Decrypt", KEY, aliased, **held)
    assert not may(Workflow.DEPLOY, "kms:CreateGrant", KEY, through, **held)
    for action in ("kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant"):
        assert not may(Workflow.PREVIEW, action, KEY, through, **held)


def test_what_deploys_makes_roles_with_the_boundary_and_our_prefix_only() -> None:
    for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"):
        assert may(Workflow.DEPLOY, action, f"{ROLE}new", BOUNDED), action
        assert not may(Workflow.DEPLOY, action, f"{ROLE}new")
        other = {"iam:PermissionsBoundary": names.policy_arn(STAGING, "deploy-boundary")}
        assert not may(Workflow.DEPLOY, action, f"{ROLE}new", other)
        assert not may(Workflow.DEPLOY, action, f"arn:aws:iam::{STAGING.account}:role/elsewhere", BOUNDED)
    assert not may(Workflow.DEPLOY, "iam:DeleteRolePermissionsBoundary", f"{ROLE}new", BOUNDED)
    for action in ("iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicy"):
        assert not may(Workflow.DEPLOY, action, names.policy_arn(STAGING, "boundary"))


@pytest.mark.parametrize("what", [*names.Duty, *Workflow])
def test_what_deploys_changes_nobodys_way_into_a_duty_and_becomes_nobody(what: str) -> None:
    for action in ("iam:UpdateAssumeRolePolicy", "iam:DeleteRole", "iam:UpdateRole", "sts:AssumeRole"):
        assert not may(Workflow.DEPLOY, action, f"{ROLE}{what}", BOUNDED)


def test_roles_are_handed_to_the_services_that_run_them_and_no_other_role_is() -> None:
    to = {"iam:PassedToService": "lambda.amazonaws.com"}
    assert may(Workflow.DEPLOY, "iam:PassRole", f"{ROLE}rotate-redis", to)
    assert not may(Workflow.DEPLOY, "iam:PassRole", f"arn:aws:iam::{STAGING.account}:role/administrator", to)
    assert not may(
        Workflow.DEPLOY, "iam:PassRole", f"{ROLE}rotate-redis", {"iam:PassedToService": "glue.amazonaws.com"}
    )
    assert not may(Workflow.PREVIEW, "iam:PassRole", f"{ROLE}rotate-redis", to)


def test_what_deploys_touches_keys_of_this_programme_only() -> None:
    own = {"aws:ResourceTag/Environment": "staging", "aws:ResourceTag/Service": "llm-observatory"}
    assert may(Workflow.DEPLOY, "kms:PutKeyPolicy", KEY, own, holder=Holder.KEY, resource=key_policy_of("tier-1"))
    other = {**own, "aws:ResourceTag/Service": "other"}
    for action in ("kms:PutKeyPolicy", "kms:UpdateAlias"):
        assert not may(Workflow.DEPLOY, action, KEY, other, holder=Holder.KEY, resource=key_policy_of("tier-1"))
    for action in ("kms:ScheduleKeyDeletion", "kms:DisableKey"):
        assert not may(Workflow.DEPLOY, action, KEY, own, holder=Holder.KEY, resource=key_policy_of("tier-1"))


def test_what_deploys_reads_no_evidence_and_destroys_none() -> None:
    for what in ("audit-logs", "audit-access", "audit-queries", "backups"):
        bucket = names.bucket_arn(STAGING, what)
        for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"):
            assert not may(Workflow.DEPLOY, action, f"{bucket}/some/object"), (action, what)
        assert not may(Workflow.DEPLOY, "s3:DeleteBucket", bucket)
        assert not may(Workflow.DEPLOY, "s3:DeleteBucketPolicy", bucket)
    for action in ("cloudtrail:StopLogging", "cloudtrail:DeleteTrail"):
        assert not may(Workflow.DEPLOY, action, names.trail_arn(STAGING))
