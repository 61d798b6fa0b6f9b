"""What the program declares, service by service: which resources, and what reads and what changes their settings.

Actions and resource types: docs.aws.amazon.com/service-authorization/latest/reference/. A wildcard in an action stands
for operations on the named resources, all of them on settings. Nothing here reads what a resource holds (a value, a
message, a log line, the result of a query; of objects only our own packages), and nothing deletes a secret, a key, the
trail or a bucket: that takes a person.
"""

from __future__ import annotations

from catalog import names
from catalog.access.operated import running, watching
from catalog.access.owning import EVERYTHING, Owned, actions, arn
from catalog.access.secrets import regions
from catalog.environment import Environment
from catalog.names import SERVICE


def owned(environment: Environment) -> tuple[Owned, ...]:
    """Everything that the program of this environment declares, by name."""
    return (*_secrets_and_keys(environment), *_identities(environment), *running(environment), *watching(environment))


def secrets_of(environment: Environment) -> list[str]:
    """Every secret of the environment, that of tomorrow too."""
    prefix = f"{environment.account}:secret:{SERVICE}/{environment.name}/*"
    return [f"arn:aws:secretsmanager:{region}:{prefix}" for region in regions(environment)]


def _secrets_and_keys(environment: Environment) -> tuple[Owned, ...]:
    account, prefix = environment.account, names.named(environment, "*")
    tags = {"Environment": environment.name, "Service": SERVICE}
    return (
        Owned(
            title="Secrets",
            resources=secrets_of(environment),
            reads=actions("secretsmanager", "DescribeSecret GetResourcePolicy ListSecretVersionIds"),
            changes=actions(
                "secretsmanager",
                "CancelRotateSecret CreateSecret DeleteResourcePolicy PutResourcePolicy PutSecretValue "
                "RemoveRegionsFromReplication ReplicateSecretToRegions RotateSecret Tag* Untag* "
                "UpdateSecret UpdateSecretVersionStage ValidateResourcePolicy",
            ),
        ),
        # A key has no name and no ARN before it exists; afterwards it is known by its tags.
        Owned(
            title="NewKeys",
            resources=EVERYTHING,
            changes=actions("kms", "CreateKey TagResource"),
            condition={"StringEquals": {f"aws:RequestTag/{tag}": value for tag, value in tags.items()}},
        ),
        Owned(
            title="Keys",
            resources=[f"arn:aws:kms:{r}:{account}:key/*" for r in regions(environment)],
            reads=actions("kms", "DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags"),
            changes=actions(
                "kms",
                "CreateAlias EnableKeyRotation PutKeyPolicy ReplicateKey UntagResource UpdateAlias "
                "UpdateKeyDescription",
            ),
            condition={"StringEquals": {f"aws:ResourceTag/{tag}": value for tag, value in tags.items()}},
        ),
        Owned(
            title="KeyAliases",
            resources=[f"arn:aws:kms:{r}:{account}:alias/{prefix}" for r in regions(environment)],
            changes=actions("kms", "CreateAlias UpdateAlias"),
        ),
        # These know no resource.
        Owned(title="ListKeys", resources=EVERYTHING, reads=("kms:ListAliases",)),
    )


def _identities(environment: Environment) -> tuple[Owned, ...]:
    profiles = f"arn:aws:iam::{environment.account}:instance-profile/{names.named(environment, '*')}"
    cluster = environment.cluster.name
    return (
        Owned(
            title="Roles",
            resources=[names.role_arn(environment, "*")],
            reads=actions(
                "iam", "GetRole GetRolePolicy ListAttachedRolePolicies ListInstanceProfilesForRole ListRolePolicies"
            ),
            changes=actions(
                "iam",
                "CreateRole DeleteRole DeleteRolePolicy PutRolePermissionsBoundary PutRolePolicy TagRole UntagRole "
                "UpdateAssumeRolePolicy UpdateRole",
            ),
        ),
        # Boundaries and the providers that tokens come from are what everything else rests on: read, never changed.
        Owned(
            title="Basis",
            resources=[names.policy_arn(environment, "*"), names.provider_arn(environment, "*")],
            reads=actions("iam", "GetOpenIDConnectProvider GetPolicy GetPolicyVersion ListPolicyVersions"),
        ),
        Owned(
            title="InstanceProfiles",
            resources=[profiles],
            reads=actions("iam", "GetInstanceProfile"),
            changes=actions(
                "iam",
                "AddRoleToInstanceProfile CreateInstanceProfile DeleteInstanceProfile RemoveRoleFromInstanceProfile "
                "TagInstanceProfile UntagInstanceProfile",
            ),
        ),
        Owned(
            title="PodIdentities",
            resources=[
                arn(environment, "eks", f"cluster/{cluster}"),
                arn(environment, "eks", f"podidentityassociation/{cluster}/*"),
            ],
            reads=actions("eks", "DescribePodIdentityAssociation ListPodIdentityAssociations"),
            changes=actions(
                "eks",
                "CreatePodIdentityAssociation DeletePodIdentityAssociation Tag* Untag* UpdatePodIdentityAssociation",
            ),
        ),
    )
