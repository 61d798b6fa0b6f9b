"""What an emergency tells at its end: how many, what failed and what to do next.

Results are read from where the maps wrote them. A task's answer and a message hold up to 256 KiB each
(docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html, sns/latest/api/API_Publish.html). So a stage names
its first hundred failures, and when their file is too large to be read, it names the file instead. A secret without a
value stands among the failures there, because only those are few enough to be read, and is none: it is counted and
named apart, unless that file is too large.
"""

from __future__ import annotations

from collections.abc import Sequence

from catalog import names
from catalog.emergency.rotation import NO_VALUE
from catalog.emergency.state import State, States
from catalog.environment import Environment

RESULTS_PREFIX = "emergency"
"""Where in the bucket of query results the maps write."""

MOST_NAMED = 100
"""How many failures of a stage the message names; it counts them all."""

_NOTHING = {"rotated": 0, "failed": 0, "causes": [], "no_value": []}
_AGAIN = [
    {
        "ErrorEquals": ["States.TaskFailed"],
        "IntervalSeconds": 1,
        "BackoffRate": 2,
        "MaxAttempts": 4,
        "MaxDelaySeconds": 20,
        "JitterStrategy": "FULL",
    }
]
_NEXT_AFTER_FAILURE = (
    "Put right what failed, then start the machine again with the same incident: it rotates only what is left: "
    "secretsctl emergency --redrive INCIDENT. Set by hand what is listed there: secretsctl set NAME --incident INCIDENT"
)
_NEXT = "Set by hand what is listed there: secretsctl set NAME --incident INCIDENT"


def telling(environment: Environment, stages: Sequence[str]) -> States:
    """The states from "Gather the runs" on; their input has {incident, reason, scope, plan, runs}."""
    count = range(len(stages))
    results = f"s3://{names.bucket(environment, 'audit-queries')}/{RESULTS_PREFIX}/"
    return {
        "Gather the runs": {
            "Type": "Pass",
            "Parameters": {
                "incident.$": "$.incident",
                "reason.$": "$.reason",
                "scope.$": "$.scope",
                "by_hand.$": "$.plan.by_hand",
                "runs.$": f"States.Array({', '.join(f'$.runs.{stage}' for stage in stages)})",
            },
            "Next": "Read the outcomes",
        },
        "Read the outcomes": {
            "Type": "Map",
            "ItemsPath": "$.runs",
            "ItemProcessor": {"StartAt": "Did it run?", "States": _reading()},
            "ResultPath": "$.outcomes",
            "Next": "Add them up",
        },
        "Add them up": {
            "Type": "Pass",
            "Parameters": {
                "environment": environment.name,
                "incident.$": "$.incident",
                "reason.$": "$.reason",
                "scope.$": "$.scope",
                "rotated.$": _sum([f"$.outcomes[{index}].rotated" for index in count]),
                "failed.$": _sum([f"$.outcomes[{index}].failed" for index in count]),
                "what_failed.$": "$.outcomes[*].causes[*]",
                "no_value.$": "$.outcomes[*].no_value[*]",
                "by_hand.$": "$.by_hand",
                "results": results,
            },
            "ResultPath": "$.summary",
            "Next": "Did something fail?",
        },
        "Did something fail?": _choice_of_failure("Say what failed", "Say that all is done"),
        "Say what failed": {
            "Type": "Pass",
            "Result": _NEXT_AFTER_FAILURE,
            "ResultPath": "$.summary.next",
            "Next": "Tell",
        },
        "Say that all is done": {"Type": "Pass", "Result": _NEXT, "ResultPath": "$.summary.next", "Next": "Tell"},
        "Tell": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish",
            "Parameters": {
                "TopicArn": names.topic_arn(environment),
                "Subject": f"Emergency rotation in {environment.name} has ended",
                "Message.$": "States.JsonToString($.summary)",
            },
            "ResultPath": None,
            "Retry": _AGAIN,
            "Next": "Was it complete?",
        },
        "Was it complete?": _choice_of_failure("Not everything is rotated", "Complete"),
        "Complete": {"Type": "Pass", "InputPath": "$.summary", "End": True},
        "Not everything is rotated": {
            "Type": "Fail",
            "Error": "NotEverythingIsRotated",
            "CausePath": "States.Format('{} not rotated, {} rotated: what failed is in the message of the topic and "
            "under {}', $.summary.failed, $.summary.rotated, $.summary.results)",
        },
    }


def _reading() -> States:
    """One run of a map: its counts, and the causes from the files of what failed."""
    causes: State = {"causes.$": "States.StringToJson($.Body)"}
    each_file: States = {
        "Read a file": {
            **_get("$.bucket", "$.key", causes, into="$.file", then="Take the causes"),
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Name the file"}],
        },
        "Take the causes": {
            "Type": "Pass",
            "Parameters": {
                "causes.$": f"$.file.causes[?(@.Error != '{NO_VALUE}')].Cause",
                "no_value.$": f"$.file.causes[?(@.Error == '{NO_VALUE}')].Cause",
            },
            "End": True,
        },
        "Name the file": {
            "Type": "Pass",
            "Parameters": {
                "causes.$": "States.Array(States.Format('all that s3://{}/{} names', $.bucket, $.key))",
                "no_value": [],
                "unread": True,
            },
            "End": True,
        },
    }
    counts = {
        "rotated.$": "$.ItemCounts.Succeeded",
        "failed.$": "States.MathAdd($.ItemCounts.Failed, States.MathAdd($.ItemCounts.TimedOut, $.ItemCounts.Aborted))",
    }
    return {
        "Did it run?": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.MapRunArn", "IsPresent": True, "Next": "Count"},
                {"Variable": "$.Error", "IsPresent": True, "Next": "It broke"},
            ],
            "Default": "Nothing to do",
        },
        "Nothing to do": {"Type": "Pass", "Result": _NOTHING, "End": True},
        "It broke": {
            "Type": "Pass",
            "Parameters": {
                "rotated": 0,
                "failed": 1,
                "causes.$": "States.Array(States.Format('a whole stage: {}: {}', $.Error, $.Cause))",
                "no_value": [],
            },
            "End": True,
        },
        "Count": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:sfn:describeMapRun",
            "Parameters": {"MapRunArn.$": "$.MapRunArn"},
            "ResultSelector": counts,
            "ResultPath": "$.counts",
            "Retry": _AGAIN,
            "Next": "Read the manifest",
        },
        "Read the manifest": _get(
            "$.ResultWriterDetails.Bucket",
            "$.ResultWriterDetails.Key",
            {"content.$": "States.StringToJson($.Body)"},
            into="$.manifest",
            then="Read what failed",
        ),
        "Read what failed": {
            "Type": "Map",
            "ItemsPath": "$.manifest.content.ResultFiles.FAILED",
            "ItemSelector": {"bucket.$": "$.ResultWriterDetails.Bucket", "key.$": "$$.Map.Item.Value.Key"},
            "ItemProcessor": {"StartAt": "Read a file", "States": each_file},
            "ResultPath": "$.files",
            "Next": "Gather the causes",
        },
        "Gather the causes": {
            "Type": "Pass",
            "Parameters": {
                "causes.$": "$.files[*].causes[*]",
                "no_value.$": "$.files[*].no_value[*]",
                "unread.$": "$.files[?(@.unread == true)].unread",
            },
            "ResultPath": "$.found",
            "Next": "Was all of it read?",
        },
        "Was all of it read?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.found.unread[0]", "IsPresent": True, "Next": "Counted by the run"}],
            "Default": "Counted one by one",
        },
        "Counted by the run": _counted("$.counts.failed"),
        "Counted one by one": _counted("States.ArrayLength($.found.causes)"),
    }


def _counted(failed: str) -> State:
    return {
        "Type": "Pass",
        "Parameters": {
            "rotated.$": "$.counts.rotated",
            "failed.$": failed,
            "causes.$": f"$.found.causes[0:{MOST_NAMED}]",
            "no_value.$": "$.found.no_value",
        },
        "End": True,
    }


def _get(bucket: str, key: str, selects: State, *, into: str, then: str) -> State:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
        "Parameters": {"Bucket.$": bucket, "Key.$": key},
        "ResultSelector": selects,
        "ResultPath": into,
        "Retry": _AGAIN,
        "Next": then,
    }


def _choice_of_failure(failed: str, fine: str) -> State:
    return {
        "Type": "Choice",
        "Choices": [{"Variable": "$.summary.failed", "NumericGreaterThan": 0, "Next": failed}],
        "Default": fine,
    }


def _sum(paths: Sequence[str]) -> str:
    first, *others = paths
    return f"States.MathAdd({first}, {_sum(others)})" if others else first
