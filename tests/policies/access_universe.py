"""The small world of the comparison with the brute force: who asks, for what, and the values of open context keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

HOME, ABROAD = "111122223333", "444455556666"
REGION = "eu-west-1"
ROLE, USER = f"arn:aws:iam::{HOME}:role/api", f"arn:aws:iam::{HOME}:user/ann"
FOREIGN = f"arn:aws:iam::{ABROAD}:role/api"
NIGHT = f"arn:aws:sts::{HOME}:assumed-role/api/night"
PLAIN = {
    ROLE: f"arn:aws:sts::{HOME}:assumed-role/api/session",
    FOREIGN: f"arn:aws:sts::{ABROAD}:assumed-role/api/session",
}
ACTIONS = tuple(
    f"secretsmanager:{name}" for name in ("GetSecretValue", "PutSecretValue", "DescribeSecret", "DeleteSecret")
)
ON_KEY = {ACTIONS[0]: "kms:Decrypt", ACTIONS[1]: "kms:GenerateDataKey"}


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A secret with its key."""

    arn: str
    tier: str
    key: str
    alias: str
    key_tier: str


SECRETS = (
    Secret(
        arn=f"arn:aws:secretsmanager:{REGION}:{HOME}:secret:app/red-aaaaaa",
        tier="1",
        key=f"arn:aws:kms:{REGION}:{HOME}:key/one",
        alias="alias/one",
        key_tier="1",
    ),
    Secret(
        arn=f"arn:aws:secretsmanager:{REGION}:{HOME}:secret:app/blue-bbbbbb",
        tier="2",
        key=f"arn:aws:kms:{REGION}:{HOME}:key/two",
        alias="alias/two",
        key_tier="1",
    ),
)
VPCE, STAGE, MFA = "aws:SourceVpce", "secretsmanager:VersionStage", "aws:MultiFactorAuthPresent"
TEAM, TAG_KEYS, WINDOW = "aws:PrincipalTag/team", "aws:TagKeys", "secretsmanager:RecoveryWindowInDays"
# A word for each way in which the generator's patterns can match together; worked out by hand.
POOL: Mapping[str, tuple[str, ...]] = {
    VPCE: ("vpce-1", "vpce-2", "vpce-3", "vpce-12", "vpce-33", "x2", "VPCE-1", "other"),
    STAGE: ("AWSCURRENT", "AWSPREVIOUS", "AWSx", "xCURRENT", "AWSxCURRENT", "x"),
    MFA: ("true", "false"),
    TEAM: ("red", "blue", "rx", "x"),
    TAG_KEYS: ("a", "b", "ax", "x"),  # any number of them at once
    WINDOW: ("6", "7", "8", "30", "31"),
}
OF_SESSION = (MFA, TEAM)
# Tests that the generator puts into conditions. The first half is about open keys, the second about settled ones.
OPEN_TESTS: tuple[Mapping[str, Mapping[str, object]], ...] = (
    {"StringEquals": {VPCE: "vpce-1"}},
    {"StringEquals": {VPCE.upper(): ["vpce-1", "vpce-2"]}},
    {"StringNotEquals": {VPCE: "vpce-1"}},
    {"StringNotEquals": {VPCE: ["vpce-1", "vpce-2"]}},
    {"StringLike": {VPCE: "vpce-*"}},
    {"StringLike": {VPCE: "*2"}},
    {"StringNotLike": {VPCE: "vpce-?"}},
    {"StringEqualsIfExists": {VPCE: "vpce-2"}},
    {"StringEqualsIgnoreCase": {VPCE: "vpcE-1"}},
    {"Null": {VPCE: "true"}},
    {"Null": {VPCE: "false"}},
    {"StringEquals": {STAGE: "AWSCURRENT"}},
    {"StringNotEqualsIfExists": {STAGE: "AWSPREVIOUS"}},
    {"StringLike": {STAGE: "AWS*"}},
    {"StringNotLike": {STAGE: ["*CURRENT"]}},
    {"Bool": {MFA: "true"}},
    {"Bool": {MFA: False}},
    {"BoolIfExists": {MFA: "false"}},
    {"Null": {MFA: True}},
    {"StringEquals": {TEAM: "red"}},
    {"StringEquals": {TEAM: ["red", "blue"]}},
    {"StringNotEquals": {TEAM: "red"}},
    {"StringLike": {TEAM: "r*"}},
    {"ForAllValues:StringEquals": {TAG_KEYS: ["a", "b"]}},
    {"ForAnyValue:StringEquals": {TAG_KEYS: "a"}},
    {"ForAnyValue:StringNotEquals": {TAG_KEYS: "a"}},
    {"ForAllValues:StringLike": {TAG_KEYS: "a*"}},
    {"ForAnyValue:StringLike": {TAG_KEYS: ["?"]}},
    {"NumericLessThan": {WINDOW: 7}},
    {"NumericGreaterThanEquals": {WINDOW: "30"}},
    {"NumericEquals": {WINDOW: "7"}},
    {"NumericNotEquals": {WINDOW: "7"}},
)
SETTLED_TESTS: tuple[Mapping[str, Mapping[str, object]], ...] = (
    {"ArnEquals": {"aws:PrincipalArn": [ROLE, USER]}},
    {"ArnNotEquals": {"aws:PrincipalArn": ROLE}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{HOME}:*/a*"}},
    {"StringEquals": {"aws:PrincipalAccount": HOME}},
    {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
    {"StringEquals": {"aws:ResourceTag/Tier": "1"}},
    {"StringNotEquals": {"secretsmanager:ResourceTag/Tier": "1"}},
    {"StringEquals": {"secretsmanager:ResourceTag/Owner": "x"}},
    {"StringEquals": {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}},
    {"StringNotEquals": {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}},
    {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}},
    {"StringLike": {"kms:EncryptionContext:SecretARN": f"arn:aws:secretsmanager:*:{HOME}:secret:app/red-??????"}},
    {"ForAnyValue:StringEquals": {"kms:ResourceAliases": ["alias/one"]}},
    {"StringEquals": {"aws:RequestedRegion": REGION}},
)
