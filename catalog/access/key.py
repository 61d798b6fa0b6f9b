"""Key policies: who manages a key, and through which service it is used."""

from __future__ import annotations

from catalog import names
from catalog.access.key_use import ITSELF, log_key_use, use_through
from catalog.access.secrets import via_secrets_manager
from catalog.access.statement import Policy, Statement, allow, held_by, policy
from catalog.environment import Environment
from catalog.names import Duty

# Managing a key without using it. AWS's own list for administrators has kms:Create*, which lets them grant themselves
# the use of the key: docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html. So CreateGrant is left out.
# Whoever may put a key policy can still rewrite this one: that has to be watched, it cannot be prevented here.
ADMIN_ACTIONS = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)


def key_policy(environment: Environment, purpose: str, region: str | None = None) -> Policy:
    """The policy of the key for `purpose`, or of its replica in `region`: administrators manage it and cannot decrypt.

    Its services use it. The account's root may manage the key too, else the loss of a role would lock everyone out:
    docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html. A replica does not have the policy of its
    primary but one of its own: docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
    """
    admins = {"AWS": [names.account_root(environment), names.role_arn(environment, Duty.SECURITY_ADMIN)]}
    administer = held_by(admins, allow("Administer", ADMIN_ACTIONS, ITSELF))
    return policy(
        administer, *_replicate(environment, purpose, region), *_use(environment, purpose, region or environment.region)
    )


def is_replicated(environment: Environment, purpose: str) -> bool:
    """Whether the key has a replica: where there are copies of secrets, the keys of their tiers."""
    return environment.replica_region is not None and purpose.startswith("tier-")


def _replicate(environment: Environment, purpose: str, region: str | None) -> tuple[Statement, ...]:
    # A replica has a policy of its own, so who makes one in a third region could give himself the use of the key:
    # docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-replicate.html (kms:ReplicaRegion).
    if region is not None or not is_replicated(environment, purpose):
        return ()
    condition = {"StringEquals": {"kms:ReplicaRegion": environment.replica_region}}
    statement = allow("ReplicateToTheSecondRegion", ("kms:ReplicateKey",), ITSELF, condition)
    return (held_by({"AWS": names.account_root(environment)}, statement),)


def _use(environment: Environment, purpose: str, region: str) -> tuple[Statement, ...]:
    match purpose:
        case "logs":
            return log_key_use(environment)
        case "backup":
            # docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
            return (use_through(environment, "UseThroughS3", f"s3.{region}.amazonaws.com"),)
        case _:
            # docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
            return (use_through(environment, "UseThroughSecretsManager", via_secrets_manager(region)),)
