"""A local AWS with the keys, the secrets, the backup bucket and one scheduled function of the programme, with the roles
and policies that the program gives them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from catalog import derive, load, names
from catalog.access.boundary import boundary_policy
from catalog.access.bucket import bucket_policy
from catalog.access.function import function_policy
from catalog.access.schedule import schedule_policy, schedule_trust, scheduler
from catalog.access.statement import Policy
from catalog.access.trust import function_trust
from catalog.model import Secret
from components.aws import package
from tests.contract.aws.harness import eventually
from tests.sandbox.aws.clocked import Clocked

ENVIRONMENT = load.environment("staging")
CATALOG = load.catalog()
BUCKET = names.bucket(ENVIRONMENT, "backups")


class Deployed:
    """What a test needs of it, by name; nothing is removed, the local AWS goes with the test."""

    def __init__(self, state: Path) -> None:
        """Keys, boundary and bucket."""
        self.clocked = Clocked(state)
        self.aws = self.clocked.aws
        assert self.aws.account == ENVIRONMENT.account
        self.keys = {purpose: self._key(purpose) for purpose in derive.key_purposes(CATALOG)}
        document = json.dumps(boundary_policy(ENVIRONMENT))
        self.boundary = self.aws.client("iam").create_policy(PolicyName="boundary", PolicyDocument=document)["Policy"][
            "Arn"
        ]
        self._bucket()

    def secret(self, secret: Secret, value: str | None = None) -> str:
        """The secret with its marker, and with `value` in force if one is given; its name."""
        name = derive.secret_name(ENVIRONMENT, secret)
        marker = json.dumps(derive.marker(ENVIRONMENT, secret))
        tags = derive.secret_tags(ENVIRONMENT, CATALOG, secret)
        made = self.aws.sm.create_secret(
            Name=name,
            KmsKeyId=self.keys[derive.key_purpose(secret)],
            SecretString=marker,
            Tags=[{"Key": key, "Value": text} for key, text in tags.items()],
        )
        self.aws.sm.update_secret_version_stage(
            SecretId=name, VersionStage=derive.BOOTSTRAP_LABEL, MoveToVersionId=made["VersionId"]
        )
        if value is not None:
            self.aws.sm.put_secret_value(SecretId=name, SecretString=value)
        return name

    def function(self, what: str, folder: str, own: Policy, variables: Mapping[str, str], expression: str) -> str:
        """The function `what` with the code in `folder`, on its schedule; its ARN."""
        role = self._role(what, function_trust(), function_policy(ENVIRONMENT, what, own))
        arn: str = self.aws.client("lambda").create_function(
            FunctionName=names.named(ENVIRONMENT, what),
            Role=role,
            Runtime="python3.11",
            Handler=f"{folder}.handler.handle",
            Code={"ZipFile": package.build(folder).read_bytes()},
            Environment={"Variables": dict(variables)},
            Timeout=60,
        )["FunctionArn"]
        schedule = self._role(scheduler(what), schedule_trust(ENVIRONMENT), schedule_policy(ENVIRONMENT, what))
        self.aws.client("scheduler").create_schedule(
            Name=names.named(ENVIRONMENT, what),
            ScheduleExpression=expression,
            Target={"Arn": arn, "RoleArn": schedule, "Input": "{}"},
            FlexibleTimeWindow={"Mode": "OFF"},
        )
        return arn

    def invoke(self, what: str) -> dict[str, Any]:
        """What the function answers, when it is asked at once."""
        answer = self.aws.client("lambda").invoke(FunctionName=names.named(ENVIRONMENT, what), Payload=b"{}")
        told: dict[str, Any] = json.loads(answer["Payload"].read())
        return told

    def lines(self, what: str) -> list[dict[str, Any]]:
        """The JSON lines that the function has logged."""
        log = self.aws.log_of(names.function_arn(ENVIRONMENT, what))
        return [json.loads(line) for line in log if line.startswith("{")]

    def alarm(self, settings: Mapping[str, Any]) -> None:
        """An alarm as the program declares it, given the inputs of the resource."""
        self.aws.client("cloudwatch").put_metric_alarm(
            AlarmName=settings["name"],
            Namespace=settings["namespace"],
            MetricName=settings["metricName"],
            Dimensions=[{"Name": key, "Value": value} for key, value in settings["dimensions"].items()],
            Statistic=settings["statistic"],
            Period=int(settings["period"]),
            EvaluationPeriods=int(settings["evaluationPeriods"]),
            Threshold=settings["threshold"],
            ComparisonOperator=settings["comparisonOperator"],
            TreatMissingData=settings["treatMissingData"],
        )

    def state(self, alarm: str) -> str:
        """The state of an alarm now."""
        found = self.aws.client("cloudwatch").describe_alarms(AlarmNames=[names.named(ENVIRONMENT, alarm)])
        return str(found["MetricAlarms"][0]["StateValue"])

    def becomes(self, alarm: str, state: str) -> None:
        """Wait until the alarm is in this state; the local AWS looks every few seconds."""
        eventually(lambda: self.state(alarm) == state)

    def _key(self, purpose: str) -> str:
        kms = self.aws.client("kms")
        arn: str = kms.create_key()["KeyMetadata"]["Arn"]
        kms.create_alias(AliasName=derive.key_alias(ENVIRONMENT, purpose), TargetKeyId=arn)
        return arn

    def _role(self, what: str, trust: Policy, policy: Policy) -> str:
        iam, name = self.aws.client("iam"), names.named(ENVIRONMENT, what)
        arn: str = iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps(trust), PermissionsBoundary=self.boundary
        )["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName=what, PolicyDocument=json.dumps(policy))
        return arn

    def _bucket(self) -> None:
        s3 = self.aws.client("s3")
        s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
        retention = {"Mode": "COMPLIANCE", "Days": ENVIRONMENT.backup.lock_days}
        s3.put_object_lock_configuration(
            Bucket=BUCKET,
            ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}},
        )
        document = bucket_policy(ENVIRONMENT, "backups", (), key_arn=self.keys["backup"], is_key_named=True)
        s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(document))
