"""What single types of the audit trail promise beyond the life that every type lives."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.provider import eventtarget
from sandbox.provider.resource import Call, ProviderError
from sandbox.provider.values import UNKNOWN

RULE, TARGET = "aws:cloudwatch/eventRule:EventRule", "aws:cloudwatch/eventTarget:EventTarget"
ALARM, TRAIL = "aws:cloudwatch/metricAlarm:MetricAlarm", "aws:cloudtrail/trail:Trail"
MACHINE, BUCKET = "aws:sfn/stateMachine:StateMachine", "aws:s3/bucket:Bucket"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
_PASSING = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
_WATCHED = {"comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 1, "threshold": 1}


@pytest.mark.parametrize(
    ("type_name", "inputs", "reason"),
    [
        (RULE, {}, "give 'eventPattern' or 'scheduleExpression'"),
        (RULE, {"eventPattern": "{}", "isEnabled": True, "state": "ENABLED"}, "'isEnabled' and 'state' exclude"),
        (RULE, {"scheduleExpression": "rate(1 day)", "eventBusName": "own"}, "default event bus only"),
        (RULE, {"eventPattern": "{}", "state": "ON"}, "has to be one of DISABLED, ENABLED"),
        (TARGET, {"rule": "r", "arn": "a", "input": "{}", "inputPath": "$"}, "'input' and 'inputPath' exclude"),
        (TARGET, {"rule": "r", "arn": "a", "ecsTarget": {}}, "no property 'ecsTarget'"),
        (ALARM, _WATCHED, "give 'metricName' or 'metricQueries'"),
        (ALARM, {**_WATCHED, "metricName": "m", "metricQueries": [{"id": "q"}]}, "exclude each other"),
        (ALARM, {**_WATCHED, "metricName": "m", "thresholdMetricId": "q"}, "an alarm has one threshold"),
        (
            TRAIL,
            {"s3BucketName": "b", "eventSelectors": [{}], "advancedEventSelectors": [{"fieldSelectors": []}]},
            "exclude each other",
        ),
        (TRAIL, {"s3BucketName": "b", "cloudWatchLogsGroupArn": "g"}, "needs the role to write with"),
        (MACHINE, {"definition": "{}", "roleArn": "r", "publish": True}, "no property 'publish'"),
        (
            LIFECYCLE,
            {"bucket": "b", "rules": [{"id": "a", "status": "On"}]},
            r"'rules\[0\].status' of .* is 'On', but has to be one of Disabled, Enabled",
        ),
        (
            "aws:s3/bucketVersioning:BucketVersioning",
            {"bucket": "b", "versioningConfiguration": {"status": "On"}},
            "has to be one of Disabled, Enabled, Suspended",
        ),
    ],
)
def test_what_single_properties_cannot_say_is_refused(
    type_name: str, inputs: dict[str, Any], reason: str, driver: Any, refused: type[Exception]
) -> None:
    with pytest.raises(refused, match=reason):
        driver.check(type_name, inputs)


def test_a_preview_goes_through_unknowns_at_every_depth(driver: Any) -> None:
    target = {"arn": UNKNOWN, "roleArn": UNKNOWN, "retryPolicy": {"maximumRetryAttempts": UNKNOWN}}
    schedule = {"scheduleExpression": UNKNOWN, "flexibleTimeWindow": {"mode": "OFF"}, "target": target}
    planned = driver.preview("aws:scheduler/schedule:Schedule", schedule)
    assert planned["target"]["roleArn"] is UNKNOWN
    assert planned["arn"] is UNKNOWN

    planned = driver.preview(TRAIL, {"s3BucketName": UNKNOWN, "kmsKeyId": UNKNOWN, "eventSelectors": UNKNOWN})
    assert planned["s3BucketName"] is UNKNOWN
    planned = driver.preview(LIFECYCLE, {"bucket": UNKNOWN, "rules": [UNKNOWN]})
    assert planned["rules"] == [UNKNOWN]
    planned = driver.preview(ALARM, {**_WATCHED, "metricName": UNKNOWN, "alarmActions": [UNKNOWN]})
    assert planned["alarmActions"] == [UNKNOWN]


def test_a_rule_and_its_target_on_a_bus_of_their_own_are_found_there(driver: Any, around: Any) -> None:
    bus = driver.create("aws:cloudwatch/eventBus:EventBus", {"name": around.name})
    rule = driver.create(RULE, {"name": "own", "eventBusName": bus.id, "eventPattern": '{"source": ["own"]}'})
    assert rule.id == f"{bus.id}/own"
    target = driver.create(TARGET, {"rule": "own", "eventBusName": bus.id, "arn": around.queue_arn})
    assert target.outputs["targetId"].startswith("pulumi-")
    adopted = driver.adopt(TARGET, target.id)
    assert adopted.outputs["rule"] == "own"
    assert adopted.outputs["eventBusName"] == bus.id
    driver.delete(target)
    assert driver.read(target) is None
    driver.delete(rule)
    driver.delete(bus)


def test_the_older_way_to_disable_a_rule_works_and_its_drift_is_seen(driver: Any, around: Any, aws: Any) -> None:
    inputs = {"name": around.name, "eventPattern": '{"source": ["own"]}', "isEnabled": False}
    made = driver.create(RULE, inputs)
    assert aws("events").describe_rule(Name=made.id)["State"] == "DISABLED"
    assert not driver.diff(driver.read(made), inputs).diffs
    aws("events").enable_rule(Name=made.id)
    assert list(driver.diff(driver.read(made), inputs).diffs) == ["isEnabled"]


def test_a_target_that_eventbridge_would_not_take_is_an_error() -> None:
    class Events:
        def put_targets(self, **_given: Any) -> dict[str, Any]:
            entry = {"TargetId": "t", "ErrorCode": "LimitExceededException", "ErrorMessage": "five"}
            return {"FailedEntryCount": 1, "FailedEntries": [entry]}

    class Clients:
        def client(self, _service: str) -> Events:
            return Events()

    new = {"rule": "r", "eventBusName": "default", "arn": "a", "targetId": "t"}
    with pytest.raises(ProviderError, match="refused target 't' of rule 'r': LimitExceededException: five"):
        eventtarget.TARGET.create(Call(aws=Clients(), new=new))  # type: ignore[arg-type]


def test_logging_that_is_turned_on_by_hand_is_a_drift_and_taken_away_again(driver: Any, around: Any, aws: Any) -> None:
    inputs = {"name": around.name, "definition": _PASSING, "roleArn": around.role.outputs["arn"]}
    made = driver.create(MACHINE, inputs)
    group = "arn:aws:logs:us-east-1:123456789012:log-group:states:*"
    destinations = [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}]
    logging = {"level": "ALL", "includeExecutionData": True, "destinations": destinations}
    aws("stepfunctions").update_state_machine(stateMachineArn=made.id, loggingConfiguration=logging)
    found = driver.read(made)
    assert list(driver.diff(found, inputs).diffs) == ["loggingConfiguration"]
    driver.update(found, inputs)
    live = aws("stepfunctions").describe_state_machine(stateMachineArn=made.id)["loggingConfiguration"]
    assert live["level"] == "OFF"


def test_an_alarm_on_an_expression_keeps_its_queries(driver: Any, around: Any) -> None:
    metric = {"metricName": "Failures", "namespace": "Observatory", "period": 60, "stat": "Sum"}
    queries = [
        {"id": "rate", "expression": "failed / 2", "label": "rate", "returnData": True},
        {"id": "failed", "metric": {**metric, "dimensions": {"Stage": "one", "Area": "two"}}},
    ]
    inputs = {"name": around.name, **_WATCHED, "metricQueries": queries}
    made = driver.create(ALARM, inputs)
    assert not driver.diff(driver.read(made), inputs).diffs
    assert not driver.diff(driver.adopt(ALARM, made.id), inputs).diffs


def test_a_bucket_that_locks_objects_stays_versioned_and_is_emptied_of_governed_ones(driver: Any, aws: Any) -> None:
    bucket = driver.create(BUCKET, {"objectLockEnabled": True, "forceDestroy": True})
    versioning = driver.create(
        "aws:s3/bucketVersioning:BucketVersioning",
        {"bucket": bucket.id, "versioningConfiguration": {"status": "Enabled"}},
    )
    lock = driver.create(
        "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
        {"bucket": bucket.id, "rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 30}}},
    )
    # Only now: moto wants a bucket empty whenever its default retention is written.
    driver.delete(lock)
    until = datetime.now(UTC) + timedelta(days=30)
    aws("s3").put_object(
        Bucket=bucket.id, Key="record", Body=b"kept", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until
    )
    driver.delete(versioning)
    driver.delete(bucket)
    assert driver.read(bucket) is None


def test_a_topic_gets_its_owners_policy_back_when_its_own_goes(driver: Any, around: Any, aws: Any) -> None:
    policy = around.key_policy("SNS:Publish")
    made = driver.create("aws:sns/topicPolicy:TopicPolicy", {"arn": around.topic, "policy": policy})
    driver.delete(made)
    held = aws("sns").get_topic_attributes(TopicArn=around.topic)["Attributes"]["Policy"]
    assert json.loads(held)["Statement"][0]["Condition"] == {"StringEquals": {"AWS:SourceOwner": "123456789012"}}


@pytest.mark.parametrize(
    ("type_name", "inputs", "dropped"),
    [
        ("aws:sns/topic:Topic", {"tracingConfig": "Active"}, "tracingConfig"),
        ("aws:sns/topic:Topic", {"httpSuccessFeedbackSampleRate": 50}, "httpSuccessFeedbackSampleRate"),
        (BUCKET, {}, ""),
    ],
)
def test_what_the_local_aws_would_forget_is_refused_at_once(
    type_name: str, inputs: dict[str, Any], dropped: str, driver: Any, refused: type[Exception]
) -> None:
    if not dropped:
        bucket = driver.create(type_name, inputs).id
        type_name, dropped = "aws:s3/bucketNotification:BucketNotification", "eventbridge"
        inputs = {"bucket": bucket, "eventbridge": True}
    with pytest.raises(refused, match=f"took '{dropped}' of {type_name} .* and did not keep it"):
        driver.create(type_name, inputs)


def test_a_workgroup_that_says_nothing_has_no_drift_until_somebody_says_something(
    driver: Any, around: Any, aws: Any
) -> None:
    inputs = {"name": around.name}
    made = driver.create("aws:athena/workgroup:Workgroup", inputs)
    assert not driver.diff(driver.read(made), inputs).diffs
    aws("athena").update_work_group(WorkGroup=made.id, ConfigurationUpdates={"EnforceWorkGroupConfiguration": False})
    assert list(driver.diff(driver.read(made), inputs).diffs) == ["configuration"]
