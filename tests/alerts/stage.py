"""The alerts' own resources in a local AWS, made from what their components declare; nothing else of the programme."""

from __future__ import annotations

import json
from typing import Any

from catalog import derive, names
from catalog.access.key import key_policy
from catalog.access.topic import topic_policy
from catalog.access.trust import function_trust
from catalog.alerts.alerts import FUNCTION
from catalog.environment import Environment
from catalog.model import Catalog, Secret
from catalog.names import Duty
from components.aws import package
from components.aws.alerts import Alerts, AlertsArgs
from tests.components.recording import RecordingMocks, record
from tests.components.surroundings import surroundings
from tests.contract.aws.actors import document, make_role, trust
from tests.contract.aws.harness import ContractAws

_RULE = "aws:cloudwatch/eventRule:EventRule"
_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
_FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


def build(aws: ContractAws, environment: Environment, catalog: Catalog) -> None:
    """A trail with its log, the key, the topic, a decoy, break-glass, and all that `Alerts` declares."""
    for duty in (Duty.SECURITY_ADMIN, Duty.BREAK_GLASS):
        make_role(aws, names.named(environment, duty), ())
    key = _key(aws, environment)
    topic = aws.client("sns").create_topic(Name=names.TOPIC, Attributes={"KmsMasterKeyId": key})["TopicArn"]
    _decoy(aws, environment, catalog.decoys[0])
    _trail(aws, environment)
    placed = surroundings(environment=environment, topic_arn=topic)
    args = AlertsArgs(surroundings=placed, catalog=catalog, log_group=names.TRAIL_LOG, after=())
    declared = record(lambda: Alerts("alerts", args), stack=environment.name)
    _function(aws, environment, declared)
    _rules(aws, environment, declared)
    _alarms(aws, declared)
    aws.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(topic_policy(environment))
    )


def _key(aws: ContractAws, environment: Environment) -> str:
    key = aws.key(Policy=json.dumps(key_policy(environment, "logs")))
    aws.client("kms").create_alias(AliasName=derive.key_alias(environment, "logs"), TargetKeyId=key)
    return key


def _decoy(aws: ContractAws, environment: Environment, decoy: Secret) -> None:
    name = derive.secret_name(environment, decoy)
    aws.secrets.append(name)
    aws.sm.create_secret(Name=name, SecretString="worth nothing")


def _trail(aws: ContractAws, environment: Environment) -> None:
    s3, trails, bucket = aws.client("s3"), aws.client("cloudtrail"), names.bucket(environment, "audit-logs")
    s3.create_bucket(Bucket=bucket)
    service = {"Service": "cloudtrail.amazonaws.com"}
    allowed = [
        {"Effect": "Allow", "Principal": service, "Action": action, "Resource": f"arn:aws:s3:::{bucket}{objects}"}
        for action, objects in (("s3:GetBucketAcl", ""), ("s3:PutObject", f"/AWSLogs/{aws.account}/*"))
    ]
    s3.put_bucket_policy(Bucket=bucket, Policy=document(*allowed))
    aws.client("logs").create_log_group(logGroupName=names.TRAIL_LOG)
    group = names.log_group_arn(environment, names.TRAIL_LOG)
    writes = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": group}
    role = make_role(aws, names.named(environment, "trail"), (writes,), trusts=(trust(service),))
    trails.create_trail(
        Name=names.TRAIL,
        S3BucketName=bucket,
        IsMultiRegionTrail=True,
        CloudWatchLogsLogGroupArn=group,
        CloudWatchLogsRoleArn=role,
    )
    trails.start_logging(Name=names.TRAIL)


def _function(aws: ContractAws, environment: Environment, declared: RecordingMocks) -> None:
    inputs = declared.of("aws:lambda/function:Function")[FUNCTION]
    policy = json.loads(declared.of("aws:iam/rolePolicy:RolePolicy")[FUNCTION]["policy"])
    name = names.named(environment, FUNCTION)
    role = make_role(aws, name, policy["Statement"], trusts=function_trust()["Statement"])  # type: ignore[arg-type]
    client = aws.client("lambda")
    aws.functions.append(name)
    client.create_function(
        FunctionName=name,
        Role=role,
        Runtime=inputs["runtime"],
        Handler=inputs["handler"],
        Code={"ZipFile": package.build(FUNCTION).read_bytes()},
        Timeout=int(inputs["timeout"]),
        Environment={"Variables": inputs["environment"]["variables"]},
    )
    for permission in declared.of("aws:lambda/permission:Permission").values():
        client.add_permission(
            FunctionName=name,
            StatementId="rules",
            Action=permission["action"],
            Principal=permission["principal"],
            SourceAccount=permission["sourceAccount"],
            SourceArn=permission["sourceArn"],
        )


def _rules(aws: ContractAws, environment: Environment, declared: RecordingMocks) -> None:
    events, targets = aws.client("events"), declared.of(_TARGET)
    for name, inputs in declared.of(_RULE).items():
        events.put_rule(Name=inputs["name"], EventPattern=inputs["eventPattern"], State=inputs["state"])
        template = {"InputTemplate": targets[name]["inputTransformer"]["inputTemplate"]}
        arn = names.function_arn(environment, FUNCTION)
        made = events.put_targets(
            Rule=inputs["name"], Targets=[{"Id": targets[name]["targetId"], "Arn": arn, "InputTransformer": template}]
        )
        assert made["FailedEntryCount"] == 0


def _alarms(aws: ContractAws, declared: RecordingMocks) -> None:
    logs, cloudwatch = aws.client("logs"), aws.client("cloudwatch")
    filters = declared.of(_FILTER)
    for name, inputs in filters.items():
        counted: dict[str, Any] = inputs["metricTransformation"]
        transformation = {
            "metricName": counted["name"],
            "metricNamespace": counted["namespace"],
            "metricValue": counted["value"],
        }
        logs.put_metric_filter(
            logGroupName=inputs["logGroupName"],
            filterName=inputs["name"],
            filterPattern=inputs["pattern"],
            metricTransformations=[transformation],
        )
        alarm = declared.of(_ALARM)[name]
        cloudwatch.put_metric_alarm(
            AlarmName=alarm["name"],
            AlarmDescription=alarm["alarmDescription"],
            Namespace=alarm["namespace"],
            MetricName=alarm["metricName"],
            Statistic=alarm["statistic"],
            Period=int(alarm["period"]),
            EvaluationPeriods=int(alarm["evaluationPeriods"]),
            Threshold=alarm["threshold"],
            ComparisonOperator=alarm["comparisonOperator"],
            TreatMissingData=alarm["treatMissingData"],
            AlarmActions=alarm["alarmActions"],
        )
