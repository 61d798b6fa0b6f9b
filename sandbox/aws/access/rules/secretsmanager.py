"""Secrets Manager: list_awssecretsmanager.html of the Service Authorization Reference.

What is in a condition key only when the request says it (VersionStage, RecoveryWindowInDays) is absent otherwise; that
AWS does not put a default there is unverified.
"""

from collections.abc import Iterator, Mapping

from iam.context import ContextValue
from sandbox.aws.access.need import Asked, Need, Rule, anything, each, on

_PREFIX = "secretsmanager"
# Request parameters that are condition keys under their own name.
_KEYS = (
    "BlockPublicPolicy",
    "Description",
    "ForceDeleteWithoutRecovery",
    "ForceOverwriteReplicaSecret",
    "KmsKeyId",
    "Name",
    "RecoveryWindowInDays",
    "RotationLambdaARN",
    "RotateImmediately",
    "VersionId",
    "VersionStage",
)


def _secret(asked: Asked) -> str:
    return asked.look.secret(asked.region, asked.text("SecretId"))


def _given(asked: Asked) -> Mapping[str, ContextValue]:
    parameters = asked.parameters
    keys: dict[str, ContextValue] = {
        f"{_PREFIX}:{name}": value
        for name in _KEYS
        if isinstance(value := parameters.get(name), str | bool | int) and value != ""
    }
    if asked.text("SecretId"):
        keys[f"{_PREFIX}:SecretId"] = _secret(asked)
    if key_id := asked.text("KmsKeyId"):
        keys[f"{_PREFIX}:KmsKeyArn"] = asked.look.kms_key(asked.region, key_id)
    regions = [one.get("Region", "") for one in parameters.get("AddReplicaRegions") or [] if isinstance(one, Mapping)]
    if regions:
        keys[f"{_PREFIX}:AddReplicaRegions"] = regions
    if asked.operation == "RotateSecret":
        keys[f"{_PREFIX}:ModifyRotationRules"] = parameters.get("RotationRules") is not None
    return keys


def _created(asked: Asked) -> str:
    # The six characters are not known yet: what is judged matches a policy's name-??????, name-* and prefix/* alike
    # (that AWS does the same is unverified).
    return asked.arn("secretsmanager", f"secret:{asked.text('Name')}-??????")


def _rotate(asked: Asked) -> Iterator[Need]:
    yield from on(f"{_PREFIX}:RotateSecret", _secret, _given)(asked)
    # "You also need lambda:InvokeFunction permissions on the rotation function":
    # https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
    function = asked.text("RotationLambdaARN")
    function = function or asked.look.rotation_function(asked.region, asked.text("SecretId"))
    if function:
        yield Need(action="lambda:InvokeFunction", resource=function, given={"lambda:FunctionArn": function})


def _batch(asked: Asked) -> Iterator[Need]:
    # GetSecretValue is judged for each secret, when it is read:
    # https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html
    yield Need(action=f"{_PREFIX}:BatchGetSecretValue")
    if asked.get("Filters"):
        yield Need(action=f"{_PREFIX}:ListSecrets")


def _validate(asked: Asked) -> Iterator[Need]:
    yield from on(f"{_PREFIX}:ValidateResourcePolicy", _secret if asked.text("SecretId") else anything, _given)(asked)


RULES: dict[str, Rule] = {
    **each(
        _PREFIX,
        _secret,
        "CancelRotateSecret DeleteResourcePolicy DeleteSecret DescribeSecret GetResourcePolicy GetSecretValue "
        "ListResourcePolicies ListSecretVersionIds PutResourcePolicy PutSecretValue RemoveRegionsFromReplication "
        "ReplicateSecretToRegions RestoreSecret StopReplicationToReplica TagResource UntagResource UpdateSecret "
        "UpdateSecretVersionStage",
        _given,
    ),
    "BatchGetSecretValue": _batch,
    "CreateSecret": on(f"{_PREFIX}:CreateSecret", _created, _given),
    "GetRandomPassword": on(f"{_PREFIX}:GetRandomPassword"),
    "ListSecrets": on(f"{_PREFIX}:ListSecrets"),
    "RotateSecret": _rotate,
    "ValidateResourcePolicy": _validate,
}
