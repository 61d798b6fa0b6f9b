"""The floor: the same number of resources of each type, declared in a bare loop with literal arguments."""

import json
import os
from pathlib import Path

import pulumi
import pulumi_aws as aws

ZIP = Path(__file__).resolve().parents[2] / "build" / "rotate-postgres.zip"
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": []})
TAGS = {"Environment": "staging", "Service": "llm-observatory"}

for number in range(5):
    key = aws.kms.Key(f"key-{number}", description="a key", policy=DOCUMENT, enable_key_rotation=True, tags=TAGS)
    aws.kms.Alias(f"key-{number}", name=f"alias/raw-{number}", target_key_id=key.key_id)
for number in range(6):
    aws.iam.Policy(f"read-{number}", name=f"read-{number}", policy=DOCUMENT, tags=TAGS)
for number in range(4):
    log = aws.cloudwatch.LogGroup(f"log-{number}", name=f"/raw/{number}", retention_in_days=365, tags=TAGS)
    role = aws.iam.Role(f"role-{number}", name=f"raw-{number}", assume_role_policy=DOCUMENT, tags=TAGS)
    aws.iam.RolePolicy(f"role-{number}", name="rotate", role=role.name, policy=DOCUMENT)
    function = aws.lambda_.Function(
        f"function-{number}",
        name=f"raw-{number}",
        role=role.arn,
        runtime="python3.11",
        handler="rotation.handler.handle",
        code=pulumi.FileArchive(str(ZIP)),
        tags=TAGS,
    )
    aws.lambda_.Permission(
        f"function-{number}",
        function=function.name,
        action="lambda:InvokeFunction",
        principal="secretsmanager.amazonaws.com",
    )
for number in range(int(os.environ["BENCH_SECRETS"])):
    secret = aws.secretsmanager.Secret(
        f"secret-{number}", name=f"raw/{number}", description="a secret", kms_key_id=key.arn, tags=TAGS
    )
    aws.secretsmanager.SecretVersion(
        f"secret-{number}",
        secret_id=secret.arn,
        secret_string_wo="{}",
        secret_string_wo_version=1,
        version_stages=["AWSCURRENT", "RAW"],
    )
    aws.secretsmanager.SecretRotation(
        f"secret-{number}",
        secret_id=secret.arn,
        rotation_lambda_arn=function.arn,
        rotate_immediately=False,
        rotation_rules=aws.secretsmanager.SecretRotationRotationRulesArgs(automatically_after_days=90),
    )
