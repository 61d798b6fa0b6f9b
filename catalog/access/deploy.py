"""What the workflows may do: a pull request looks at settings, main changes them, and neither reads a value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from catalog import names
from catalog.access.duty import PUT_POLICY, READ_VALUE_ACTIONS
from catalog.access.github import Workflow
from catalog.access.owned import owned, secrets_of
from catalog.access.owning import EVERYTHING, Owned, arn
from catalog.access.secrets import ENCRYPT_AND_DECRYPT, regions
from catalog.access.statement import Policy, Statement, allow, deny, policy
from catalog.environment import Environment
from catalog.names import Duty

BOUNDARY = "deploy-boundary"
# Every service whose functions, machines and rules run with a role of ours.
PASSED_TO = (
    "cloudtrail.amazonaws.com",
    "ec2.amazonaws.com",
    "eks.amazonaws.com",
    "events.amazonaws.com",
    "lambda.amazonaws.com",
    "pods.eks.amazonaws.com",
    "scheduler.amazonaws.com",
    "states.amazonaws.com",
)
# The keys of these actions' condition are those of the role that they are about:
# docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
BOUNDED_ACTIONS = (
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
)
# What all other limits rest on. A person changes it, and nobody from a workflow.
BASIS_ACTIONS = (
    "iam:CreateOpenIDConnectProvider",
    "iam:CreatePolicy*",
    "iam:DeleteOpenIDConnectProvider",
    "iam:DeletePolicy*",
    "iam:DeleteRolePermissionsBoundary",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateOpenIDConnectProviderThumbprint",
)
TRUST_ACTIONS = ("iam:DeleteRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole")
USE_ACTIONS = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")
DESTROY_ACTIONS = (
    "cloudtrail:DeleteTrail",
    "cloudtrail:StopLogging",
    "kms:DisableKey",
    "kms:ScheduleKeyDeletion",
    "s3:BypassGovernanceRetention",
    "s3:DeleteBucket*",
    "secretsmanager:DeleteSecret",
)


def workflow_policy(environment: Environment, workflow: Workflow) -> Policy:
    """What `workflow` may do. Inline policies of a role have 10,240 characters together (IAM's quotas)."""
    match workflow:
        case Workflow.PREVIEW:
            return policy(
                *(_allow(one, one.reads) for one in owned(environment) if one.reads),
                deny("ReadNoValue", READ_VALUE_ACTIONS, EVERYTHING),
                deny("UseNoKey", ("kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*"), EVERYTHING),
            )
        case Workflow.DEPLOY:
            return policy(
                *(_allow(one, (*one.reads, *one.changes)) for one in owned(environment)),
                _first_version(environment),
                _seal(environment),
                _pass_roles(environment),
            )


def deploy_boundary(environment: Environment) -> Policy:
    """The most that a workflow's role can do, whoever changes its policy: what the program declares, by name."""
    # Nothing of the network has a name, so its kinds are one here: there is room for 6,144 characters.
    network = arn(environment, "ec2", "*")
    named = {resource for one in owned(environment) for resource in one.resources if resource != "*"}
    things = {network if ":ec2:" in resource else resource for resource in named}
    services = {action.partition(":")[0] for one in owned(environment) for action in (*one.reads, *one.changes)}
    unnamed = {action for one in owned(environment) if "*" in one.resources for action in (*one.reads, *one.changes)}
    return policy(
        allow("Own", sorted(f"{service}:*" for service in services - {"signer"}), sorted(things)),
        allow("Unnamed", sorted(unnamed), EVERYTHING),
        _pass_roles(environment),
        *_guards(environment),
    )


def _allow(one: Owned, actions: Sequence[str]) -> Statement:
    return allow(one.title, actions, one.resources, one.condition)


def _first_version(environment: Environment) -> Statement:
    """The provider reads back the version that it has just written, the marker without a credential, and has no other
    operation for it. From the moment that a secret has its resource policy, this reads nothing:
    github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/secretsmanager/secret_version.go
    """
    return allow("ReadBackTheMarker", ("secretsmanager:GetSecretValue",), secrets_of(environment))


def _seal(environment: Environment) -> Statement:
    keys = [f"arn:aws:kms:{region}:{environment.account}:key/*" for region in regions(environment)]
    aliases = f"alias/{names.named(environment, '*')}"
    return allow(
        "SealMarkersAndPackages",
        ENCRYPT_AND_DECRYPT,
        keys,
        {
            "StringEquals": {"kms:ViaService": _sealing_services(environment)},
            "ForAnyValue:StringLike": {"kms:ResourceAliases": [aliases]},
        },
    )


def _sealing_services(environment: Environment) -> list[str]:
    secrets = [f"secretsmanager.{region}.amazonaws.com" for region in regions(environment)]
    return [*secrets, f"s3.{environment.region}.amazonaws.com"]


def _pass_roles(environment: Environment) -> Statement:
    condition = {"StringEquals": {"iam:PassedToService": list(PASSED_TO)}}
    return allow("PassRoles", ("iam:PassRole",), [names.role_arn(environment, "*")], condition)


def _guards(environment: Environment) -> Iterator[Statement]:
    """What no workflow can do: a Deny in a boundary counts as one in a policy, and there is no room for it there."""
    boundary = {"iam:PermissionsBoundary": names.policy_arn(environment, "boundary")}
    people = [names.role_arn(environment, what) for what in (*Duty, *Workflow)]
    yield deny("NoRoleWithoutTheBoundary", BOUNDED_ACTIONS, EVERYTHING, {"StringNotEquals": boundary})
    yield deny("NoOtherBoundaryOrProvider", BASIS_ACTIONS, EVERYTHING)
    yield deny("NoWayIntoADuty", TRUST_ACTIONS, people)
    yield deny("BecomeNobody", ("sts:AssumeRole",), EVERYTHING)
    yield deny("ReadNoValues", ("secretsmanager:BatchGetSecretValue",), EVERYTHING)
    not_blocked = {"BoolIfExists": {"secretsmanager:BlockPublicPolicy": "false"}}  # or not asked for at all
    yield deny("NoPublicPolicy", PUT_POLICY, EVERYTHING, not_blocked)
    yield deny("GrantNoKey", ("kms:CreateGrant",), EVERYTHING)
    services = {"kms:ViaService": _sealing_services(environment)}
    yield deny("UseNoKeyDirectly", USE_ACTIONS, EVERYTHING, {"StringNotEquals": services})
    yield deny("DestroyNoEvidence", DESTROY_ACTIONS, EVERYTHING)
