"""The resource policy of a secret: whatever IAM policies allow, nobody else reads it, writes it or deletes it."""

from __future__ import annotations

from collections.abc import Sequence

from catalog import names
from catalog.access.statement import Condition, Policy, Statement, deny, held_by, policy
from catalog.environment import Environment
from catalog.model import Secret
from catalog.names import Duty

BACKUP = "backup-secrets"
"""The function that copies every value into the encrypted backup."""
_ITSELF = ("*",)  # in a secret's policy this is the secret itself and nothing else


def secret_policy(environment: Environment, secret: Secret) -> Policy:
    """Denials only, so that it grants nothing; BatchGetSecretValue asks for GetSecretValue of each secret.

    Nothing here denies the policy itself, so whoever deploys can always mend it. Sources:
    docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_resource-policies.html and
    docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html (condition keys).
    """
    return policy(
        _to_all_but(
            readers(environment, secret),
            deny("ReadByItsReadersOnly", ("secretsmanager:GetSecretValue",), _ITSELF),
        ),
        _to_all_but(
            writers(environment, secret),
            deny(
                "WriteByItsWritersOnly",
                ("secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"),
                _ITSELF,
            ),
        ),
        # UpdateSecret changes the value, or the description and the key, and no condition key tells which. The AWS
        # provider gives the description in every call that changes the container, and a person who sets a value does
        # not: github.com/hashicorp/terraform-provider-aws, internal/service/secretsmanager/secret.go.
        _to_all_but(
            writers(environment, secret),
            deny(
                "UpdateTheContainerOnly",
                ("secretsmanager:UpdateSecret",),
                _ITSELF,
                {"Null": {"secretsmanager:Description": "true"}},
            ),
        ),
        # A secret that is rotated is in use. To delete it is to change this policy first, which is on record.
        held_by("*", deny("NeverDeleted", ("secretsmanager:DeleteSecret",), _ITSELF)),
        held_by(
            "*",
            deny(
                "RotatedByItsFunctionOnly",
                ("secretsmanager:RotateSecret",),
                _ITSELF,
                {
                    "Null": {"secretsmanager:RotationLambdaARN": "false"},
                    "ArnNotEquals": {"secretsmanager:RotationLambdaARN": _rotator_arn(environment, secret)},
                },
            ),
        ),
    )


def readers(environment: Environment, secret: Secret) -> list[str]:
    """The roles that may have the value; a decoy is worth no backup."""
    copied = () if secret.decoy else (BACKUP,)
    who = (*secret.consumers, names.rotator(secret.spec.target), Duty.BREAK_GLASS, *copied)
    return [names.role_arn(environment, what) for what in who]


def writers(environment: Environment, secret: Secret) -> list[str]:
    """The roles that may change it."""
    return [names.role_arn(environment, what) for what in (names.rotator(secret.spec.target), Duty.OPERATOR)]


def _rotator_arn(environment: Environment, secret: Secret) -> str:
    return names.function_arn(environment, names.rotator(secret.spec.target))


def _to_all_but(roles: Sequence[str], statement: Statement) -> Statement:
    """The denial for every principal but sessions of these roles and AWS's own services, which keep the replicas.

    Both conditions hold where their key is missing, so a request without it is denied:
    docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html. `aws:PrincipalArn` is
    the role's ARN in every session of it: reference_policies_condition-keys.html there.
    """
    narrower: Condition = {
        "ArnNotEquals": {"aws:PrincipalArn": list(roles)},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    }
    own = statement.get("Condition", {})
    assert isinstance(own, dict)
    return held_by("*", {**statement, "Condition": {**own, **narrower}})
