"""What the emergency does with one secret: start its rotation, wait until the new version is the current one, and have
the old credential retired at once.

One child execution a secret, without batches: so a failure is one secret's own, and the results name it.

The version's id is made of incident and secret (version.py), so the same incident never rotates a secret twice: a
version that is current, or has a label and is not pending, was made so by an earlier run. Its prefix tells the rotation
function that the overlap is given up (lambdas/rotation/guards.py): it comes with the call itself, leaves nothing to
take away after a crash, and CloudTrail has it.

DescribeSecret says which labels a version has in an object whose keys are the versions, and a JSONPath cannot ask for a
key that is not known before. So the object is taken apart as text: ids and labels are the words between its quotes, and
an entry is what is between its brackets. ListSecretVersionIds would say it too, but is allowed far less often
(docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html); it is asked once, before a rotation, for
versions that lost their labels.

AWSPENDING on the current version is the normal end of a rotation, and so is AWSPENDING nowhere (API_RotateSecret.html).
Secrets Manager clears it when it likes, so the machine does not wait for that.
"""

from __future__ import annotations

from catalog.emergency.pace import Pace
from catalog.emergency.retirement import RETIRE, retiring
from catalog.emergency.state import State, States
from catalog.emergency.version import TOKEN
from catalog.environment import Environment
from catalog.names import SERVICE

NO_VALUE = "HasNoValueYet"
"""The error of a secret that nobody has given a value: its cause is its name. It is told apart from what failed."""
MARKER = "LLMOBS_BOOTSTRAP"
"""The label of the version that holds no credential: catalog/derive.py."""
_SECRETS_MANAGER = "arn:aws:states:::aws-sdk:secretsmanager"
# The SDK for Java has no class for what it is told of throttling, so such an error has the service's general name:
# docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html (unverified for throttling).
_PASSING = [
    "SecretsManager.InternalServiceErrorException",
    "SecretsManager.SdkClientException",
    "SecretsManager.SecretsManagerException",
    "SecretsManager.ThrottlingException",
]
_AGAIN = [
    {
        "ErrorEquals": _PASSING,
        "IntervalSeconds": 1,
        "BackoffRate": 2,
        "MaxAttempts": 6,
        "MaxDelaySeconds": 20,
        "JitterStrategy": "FULL",
    }
]
_ASKED = {"Or": [{"Variable": "$.started", "IsPresent": True}, {"Variable": "$.busy", "IsPresent": True}]}
_BEFORE = "Rotated before"
_REFUSED = {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Refused"}
# Beside others: "A previous rotation isn't complete. That rotation will be reattempted."
_UNDER_WAY = {"ErrorEquals": ["SecretsManager.InvalidRequestException"], "ResultPath": "$.busy", "Next": "Wait"}


def processor(environment: Environment, pace: Pace) -> State:
    """The states that one secret goes through; its input is {name, incident}."""
    return {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Name the version",
        "States": _looking(environment) | _beginning() | _waiting(pace) | _ends(pace) | retiring(environment, pace),
    }


def _looking(environment: Environment) -> States:
    return {
        "Name the version": {
            "Type": "Pass",
            "Parameters": {
                "name.$": "$.name",
                "secret.$": f"States.Format('{SERVICE}/{environment.name}/{{}}', $.name)",
                "token.$": TOKEN,
                "looks": 0,
                "is_so": True,
            },
            "Next": "Look",
        },
        "Look": _task(
            "describeSecret",
            {"SecretId.$": "$.secret"},
            selects={
                "words.$": "States.StringSplit(States.JsonToString($.VersionIdsToStages), '\"')",
                "entries.$": "States.StringSplit(States.JsonToString($.VersionIdsToStages), '{]}')",
            },
            into="$.now",
            then="Compare",
        ),
        "Compare": {
            "Type": "Pass",
            "Parameters": {
                "current.$": f"States.ArrayContains(States.Array({', '.join(_is_current())}), $.is_so)",
                "labelled.$": "States.ArrayContains($.now.words, $.token)",
                "pending.$": "States.ArrayContains($.now.words, 'AWSPENDING')",
                "marked.$": f"States.ArrayContains($.now.words, '{MARKER}')",
            },
            "ResultPath": "$.seen",
            "Next": "Is it rotated?",
        },
        "Is it rotated?": {
            "Type": "Choice",
            "Choices": [
                {"And": [_is("current"), _ASKED], "Next": "Rotated"},
                {"And": [_is("labelled"), _is("pending", is_so=False), _ASKED], "Next": "Rotated"},
                {"Or": [_is("current"), {"And": [_is("labelled"), _is("pending", is_so=False)]}], "Next": _BEFORE},
                {"And": [_is("pending"), _ASKED], "Next": "Wait"},
                # A first look: afterwards the list is known.
                {"Variable": "$.before", "IsPresent": False, "Next": "List the versions"},
            ],
            "Default": "Rotate",
        },
    }


def _is_current() -> list[str]:
    """Whether the token's entry holds AWSCURRENT, by each way in which it can be written.

    No entry but the first begins without a comma. The order of labels is not documented.
    """
    labels = ('"AWSCURRENT"', '"AWSCURRENT","AWSPENDING"', '"AWSPENDING","AWSCURRENT"')
    entries = [f'{comma}"{{}}":[{held}' for comma in ("", ",") for held in labels]
    return [f"States.ArrayContains($.now.entries, States.Format('{entry}', $.token))" for entry in entries]


def _beginning() -> States:
    """The way to a rotation that is asked for the first time."""
    return {
        "List the versions": _task(
            "listSecretVersionIds",
            {"SecretId.$": "$.secret", "IncludeDeprecated": True, "MaxResults": 100},
            selects={"ids.$": "$.Versions[*].VersionId"},
            into="$.before",
            then="Know the versions",
        ),
        "Know the versions": {
            "Type": "Pass",
            "Parameters": {
                "number.$": "States.ArrayLength($.before.ids)",
                "existed.$": "States.ArrayContains($.before.ids, $.token)",
            },
            "ResultPath": "$.before",
            "Next": "Can it be rotated?",
        },
        "Can it be rotated?": {
            "Type": "Choice",
            "Choices": [
                {
                    "And": [_is("marked"), {"Variable": "$.before.number", "NumericEquals": 1}],
                    "Next": "Has no value yet",
                },
                # Such a version may have been current once. To take it up again could bring its value back.
                {
                    "And": [
                        {"Variable": "$.before.existed", "BooleanEquals": True},
                        _is("labelled", is_so=False),
                    ],
                    "Next": "Has lost its label",
                },
            ],
            "Default": "Rotate",
        },
    }


def _waiting(pace: Pace) -> States:
    return {
        "Rotate": {
            **_task(
                "rotateSecret",
                {"SecretId.$": "$.secret", "ClientRequestToken.$": "$.token"},
                selects={"version.$": "$.VersionId"},
                into="$.started",
                then="Wait",
            ),
            "Catch": [_UNDER_WAY, _REFUSED],
        },
        "Wait": {"Type": "Wait", "Seconds": pace.seconds, "Next": "Count the look"},
        "Count the look": {
            "Type": "Pass",
            "Parameters": {"number.$": "States.MathAdd($.looks, 1)"},
            "ResultPath": "$.count",
            "Next": "Keep the count",
        },
        "Keep the count": {
            "Type": "Pass",
            "InputPath": "$.count.number",
            "ResultPath": "$.looks",
            "Next": "Is there time?",
        },
        "Is there time?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.looks", "NumericLessThanEquals": pace.looks, "Next": "Look"}],
            "Default": "Out of time",
        },
    }


def _ends(pace: Pace) -> States:
    return {
        "Rotated": _outcome("rotated"),
        _BEFORE: _outcome("rotated before, by this incident"),
        "Has no value yet": {"Type": "Fail", "Error": NO_VALUE, "CausePath": "$.name"},
        "Refused": _failed(
            "Refused", "States.Format('{}: {}: {} Put it right first.', $.name, $.error.Error, $.error.Cause)"
        ),
        "Has lost its label": _failed(
            "HasLostItsLabel",
            "States.Format('{}: version {} of this incident has no label any more: it was cancelled, or is older than "
            "the last two rotations. Rotate it under another incident.', $.name, $.token)",
        ),
        "Out of time": _failed(
            "OutOfTime",
            f"States.Format('{{}}: not rotated within {pace.seconds * pace.looks} s. See why, and go on with it: "
            "secretsctl rotate {} --resume', $.name, $.name)",
        ),
    }


def _task(call: str, parameters: State, *, selects: State, into: str, then: str) -> State:
    return {
        "Type": "Task",
        "Resource": f"{_SECRETS_MANAGER}:{call}",
        "Parameters": parameters,
        "ResultSelector": selects,
        "ResultPath": into,
        "Retry": _AGAIN,
        "Catch": [_REFUSED],
        "Next": then,
    }


def _is(what: str, *, is_so: bool = True) -> State:
    return {"Variable": f"$.seen.{what}", "BooleanEquals": is_so}


def _outcome(outcome: str) -> State:
    return {"Type": "Pass", "Result": outcome, "ResultPath": "$.outcome", "Next": RETIRE}


def _failed(error: str, cause: str) -> State:
    return {"Type": "Fail", "Error": error, "CausePath": cause}
