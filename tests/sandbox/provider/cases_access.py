"""The lifecycles of identities, keys, functions and what they may do."""

from typing import Any

from tests.sandbox.provider.case import Case
from tests.sandbox.provider.cases_functions import FUNCTION_CASES


def _thumbprint_by_hand(aws: Any, made: Any) -> str:
    arn = made.id
    aws("iam").update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=["b" * 40])
    return "thumbprintLists"


def _role_by_hand(aws: Any, made: Any) -> str:
    role = made.outputs["role"]
    aws("iam").remove_role_from_instance_profile(InstanceProfileName=made.id, RoleName=role)
    return "role"


def _key_policy_by_hand(aws: Any, made: Any) -> str:
    policy = made.outputs["policy"].replace("kms:*", "kms:Describe*")
    aws("kms").put_key_policy(KeyId=made.id, PolicyName="default", Policy=policy)
    return "policy"


def _log_policy_by_hand(aws: Any, made: Any) -> str:
    policy = made.outputs["policyDocument"].replace("logs:PutLogEvents", "logs:*")
    aws("logs").put_resource_policy(policyName=made.id, policyDocument=policy)
    return "policyDocument"


ACCESS_CASES: dict[str, Case] = {
    "aws:iam/instanceProfile:InstanceProfile": Case(
        create=lambda s: {"name": s.name, "role": s.role.id, "tags": {"a": "1"}},
        change=lambda s: {"role": s.other_role.id, "tags": {"a": "2"}},
        replace={"path": "/other/"},
        drift=_role_by_hand,
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": Case(
        create=lambda s: {
            "url": f"https://oidc.eks.us-east-1.amazonaws.com/id/{s.name}",
            "clientIdLists": ["sts.amazonaws.com"],
            "thumbprintLists": ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"],
            "tags": {"a": "1"},
        },
        change={"thumbprintLists": ["a" * 40], "tags": {"b": "2"}},
        replace={"url": "https://oidc.example.com"},
        drift=_thumbprint_by_hand,
    ),
    "aws:kms/keyPolicy:KeyPolicy": Case(
        create=lambda s: {"keyId": s.key, "policy": s.key_policy("kms:*")},
        change=lambda s: {"policy": s.key_policy("kms:Decrypt")},
        replace={"keyId": "other"},
        arn_output=False,
        outlives=True,
        drift=_key_policy_by_hand,
    ),
    "aws:kms/replicaKey:ReplicaKey": Case(
        create=lambda s: {
            "primaryKeyArn": s.multi_region_key,
            "region": "eu-west-1",
            "description": "one",
            "policy": s.key_policy("kms:*"),
            "tags": {"a": "1"},
        },
        change={"description": "two", "enabled": False, "tags": {"b": "2"}},
        replace={"region": "eu-west-2"},
        adopted=lambda deployed: f"{deployed.id}@eu-west-1",
    ),
    "aws:kms/grant:Grant": Case(
        create=lambda s: {
            "keyId": s.key,
            "granteePrincipal": s.role.outputs["arn"],
            "operations": ["Decrypt", "GenerateDataKey"],
            "constraints": [{"encryptionContextEquals": {"SecretARN": "a"}}],
            "name": "reader",
        },
        replace={"operations": ["Decrypt"]},
        arn_output=False,
    ),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": Case(
        create=lambda s: {"policyName": s.name, "policyDocument": s.allowing("logs:PutLogEvents")},
        change=lambda s: {"policyDocument": s.allowing("logs:CreateLogStream")},
        replace={"policyName": "other"},
        arn_output=False,
        drift=_log_policy_by_hand,
    ),
    **FUNCTION_CASES,
}
