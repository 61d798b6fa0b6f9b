"""The lifecycles of what reacts: rules, targets, schedules, state machines, and who may send to topics and queues."""

import json
from typing import Any

from tests.sandbox.provider.case import Case

_PATTERN = {"source": ["aws.secretsmanager"], "detail": {"eventName": ["GetSecretValue", "PutSecretValue"]}}


def _machine(*order: str) -> str:
    """A machine whose choices are tried in `order`."""
    choices = [{"Variable": "$.kind", "StringEquals": name, "Next": "Done"} for name in order]
    states = {"Pick": {"Type": "Choice", "Choices": choices, "Default": "Done"}, "Done": {"Type": "Succeed"}}
    return json.dumps({"StartAt": "Pick", "States": states})


def _sending(resource: str, action: str) -> str:
    statement = {
        "Sid": "events",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": action,
        "Resource": resource,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _disabled(aws: Any, made: Any) -> str:
    aws("events").disable_rule(Name=made.id)
    return "state"


def _retold(aws: Any, made: Any) -> str:
    target = {"Id": made.outputs["targetId"], "Arn": made.outputs["arn"], "Input": "{}"}
    aws("events").put_targets(Rule=made.outputs["rule"], Targets=[target])
    return "input"


def _retagged(aws: Any, made: Any) -> str:
    aws("events").tag_resource(ResourceARN=made.outputs["arn"], Tags=[{"Key": "a", "Value": "9"}])
    return "tags"


def _delayed(aws: Any, made: Any) -> str:
    place = {"Name": made.outputs["name"], "GroupName": made.outputs["groupName"]}
    live = aws("scheduler").get_schedule(**place)
    kept = {name: live[name] for name in ("Description", "FlexibleTimeWindow", "StartDate", "Target")}
    zone = {"ScheduleExpressionTimezone": live["ScheduleExpressionTimezone"], "State": live["State"]}
    aws("scheduler").update_schedule(**place, **kept, **zone, ScheduleExpression="rate(2 days)")
    return "scheduleExpression"


def _group_retagged(aws: Any, made: Any) -> str:
    aws("scheduler").tag_resource(ResourceArn=made.outputs["arn"], Tags=[{"Key": "a", "Value": "9"}])
    return "tags"


def _rewritten(aws: Any, made: Any) -> str:
    """The first choice that fits is taken: another order is another machine."""
    aws("stepfunctions").update_state_machine(stateMachineArn=made.id, definition=_machine("b", "a"))
    return "definition"


def _topic_opened(aws: Any, made: Any) -> str:
    opened = _sending(made.id, "SNS:Subscribe")
    aws("sns").set_topic_attributes(TopicArn=made.id, AttributeName="Policy", AttributeValue=opened)
    return "policy"


def _queue_opened(aws: Any, made: Any) -> str:
    aws("sqs").set_queue_attributes(QueueUrl=made.id, Attributes={"Policy": _sending("*", "sqs:ReceiveMessage")})
    return "policy"


EVENT_CASES: dict[str, Case] = {
    "aws:cloudwatch/eventRule:EventRule": Case(
        create=lambda s: {
            "name": s.name,
            "description": "one",
            "eventPattern": json.dumps(_PATTERN),
            "tags": {"a": "1"},
        },
        change={"description": "two", "state": "DISABLED", "tags": {"b": "2"}},
        replace={"eventBusName": "other"},
        drift=_disabled,
    ),
    "aws:cloudwatch/eventTarget:EventTarget": Case(
        create=lambda s: {
            "rule": s.rule,
            "targetId": "queue",
            "arn": s.queue_arn,
            "input": '{"a": [1, 2]}',
        },
        change=lambda s: {
            "input": None,
            "inputTransformer": {"inputPaths": {"what": "$.detail"}, "inputTemplate": '"<what>"'},
            "retryPolicy": {"maximumRetryAttempts": 3},
            "deadLetterConfig": {"arn": s.queue_arn},
        },
        replace={"targetId": "other"},
        arn_output=False,
        drift=_retold,
    ),
    "aws:cloudwatch/eventBus:EventBus": Case(
        create=lambda s: {"name": s.name, "description": "one", "tags": {"a": "1"}},
        change={"tags": {"a": "2"}},
        replace={"name": "other"},
        drift=_retagged,
    ),
    "aws:scheduler/schedule:Schedule": Case(
        create=lambda s: {
            "name": s.name,
            "groupName": s.schedule_group,
            "description": "one",
            "scheduleExpression": "rate(3 days)",
            "scheduleExpressionTimezone": "Europe/Vienna",
            "startDate": "2040-01-01T00:00:00Z",
            "flexibleTimeWindow": {"mode": "FLEXIBLE", "maximumWindowInMinutes": 15},
            "target": {
                "arn": s.queue_arn,
                "roleArn": s.scheduler_role,
                "input": '{"a": 1}',
                "deadLetterConfig": {"arn": s.queue_arn},
            },
        },
        change=lambda s: {
            "flexibleTimeWindow": {"mode": "OFF"},
            "state": "DISABLED",
            "target": {
                "arn": s.queue_arn,
                "roleArn": s.scheduler_role,
                "retryPolicy": {"maximumRetryAttempts": 3},
            },
        },
        replace={"groupName": "other"},
        drift=_delayed,
    ),
    "aws:scheduler/scheduleGroup:ScheduleGroup": Case(
        create=lambda s: {"name": s.name, "tags": {"a": "1"}},
        change={"tags": {"b": "2"}},
        replace={"name": "other"},
        drift=_group_retagged,
    ),
    "aws:sfn/stateMachine:StateMachine": Case(
        create=lambda s: {
            "name": s.name,
            "definition": _machine("a", "b"),
            "roleArn": s.role.outputs["arn"],
            "loggingConfiguration": {
                "level": "ALL",
                "includeExecutionData": False,
                "logDestination": "arn:aws:logs:us-east-1:123456789012:log-group:states:*",
            },
            "tracingConfiguration": {"enabled": True},
            "tags": {"a": "1"},
        },
        change={
            "definition": _machine("b", "a"),
            "loggingConfiguration": None,
            "tracingConfiguration": None,
            "tags": {"b": "2"},
        },
        replace={"type": "EXPRESS"},
        drift=_rewritten,
    ),
    "aws:sns/topicPolicy:TopicPolicy": Case(
        create=lambda s: {"arn": s.topic, "policy": _sending(s.topic, "SNS:Publish")},
        change=lambda s: {"policy": _sending(s.topic, "SNS:GetTopicAttributes")},
        replace={"arn": "other"},
        arn_output=False,
        outlives=True,
        drift=_topic_opened,
    ),
    "aws:sqs/queuePolicy:QueuePolicy": Case(
        create=lambda s: {"queueUrl": s.queue, "policy": _sending("*", "sqs:SendMessage")},
        change={"policy": _sending("*", "sqs:GetQueueUrl")},
        replace={"queueUrl": "other"},
        arn_output=False,
        drift=_queue_opened,
    ),
}
