"""What the emergency does with one secret: start its rotation, and wait until the new version is the current one.

One child execution a secret, without batches: so a failure is one secret's own, and the results name it.

The version's id is made of incident and secret, so the same incident never rotates a secret twice: a version that has a
label and is not pending was made current by an earlier run. It is 50 characters long, of 32 to 64 that are allowed
(docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html), which is why it is no SHA-256; nothing
rests on the strength of the hash. Its prefix tells the rotation function that the overlap is given up
(lambdas/rotation/guards.py): it comes with the call itself, leaves nothing to take away after a crash, and CloudTrail
has it.

DescribeSecret says which labels a version has in an object whose keys are the versions, and a JSONPath cannot ask for a
key that is not known before. So the object is taken apart as text: ids and labels are the words between its quotes.
ListSecretVersionIds would say it too, but is allowed far less often (docs.aws.amazon.com/secretsmanager/latest/
userguide/reference_limits.html); it is asked once, for versions that lost their labels.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.environment import Environment
from catalog.names import SERVICE

State = dict[str, object]
States = dict[str, State]

TOKEN_PREFIX = "emergency-"  # noqa: S105 - not a credential: the start of a version's id
WRITES_OF_A_ROTATION = 3
"""PutSecretValue and two moves of labels; docs/adr/0007."""
WRITES_A_SECOND = 40
"""What an emergency takes of the 50 a second that the account has; the rest is for what goes on besides."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds between two looks at a rotation, and how many looks until it counts as failed.

    No rotation ends before the first look, so `seconds` and the number of rotations at once bound the writes.
    """

    seconds: int = 3
    looks: int = 100

    @property
    def at_once(self) -> int:
        """How many secrets may be in rotation at the same time."""
        return WRITES_A_SECOND * self.seconds // WRITES_OF_A_ROTATION


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
_REFUSED = {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Refused"}
# Beside others: "A previous rotation isn't complete. That rotation will be reattempted."
_UNDER_WAY = {"ErrorEquals": ["SecretsManager.InvalidRequestException"], "ResultPath": "$.busy", "Next": "Wait"}


def processor(environment: Environment, pace: Pace) -> State:
    """The states that one secret goes through; its input is {name, incident}.

    After "Rotated" is where the old credential will be retired: a task between that state and its end.
    """
    return {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Name the version",
        "States": _looking(environment) | _rotating(pace) | _ends(pace),
    }


def _looking(environment: Environment) -> States:
    return {
        "Name the version": {
            "Type": "Pass",
            "Parameters": {
                "name.$": "$.name",
                "incident.$": "$.incident",
                "secret.$": f"States.Format('{SERVICE}/{environment.name}/{{}}', $.name)",
                "token.$": (
                    f"States.Format('{TOKEN_PREFIX}{{}}', "
                    "States.Hash(States.Format('{}/{}', $.incident, $.name), 'SHA-1'))"
                ),
                "looks": 0,
            },
            "Next": "List the versions",
        },
        "List the versions": _task(
            "listSecretVersionIds",
            {"SecretId.$": "$.secret", "IncludeDeprecated": True, "MaxResults": 100},
            selects={"ids.$": "$.Versions[*].VersionId"},
            into="$.before",
            then="Look",
        ),
        "Look": _task(
            "describeSecret",
            {"SecretId.$": "$.secret"},
            selects={"words.$": "States.StringSplit(States.JsonToString($.VersionIdsToStages), '\"')"},
            into="$.now",
            then="Compare",
        ),
        "Compare": {
            "Type": "Pass",
            "Parameters": {
                "existed.$": "States.ArrayContains($.before.ids, $.token)",
                "labelled.$": "States.ArrayContains($.now.words, $.token)",
                "pending.$": "States.ArrayContains($.now.words, 'AWSPENDING')",
            },
            "ResultPath": "$.seen",
            "Next": "Is it rotated?",
        },
    }


def _rotating(pace: Pace) -> States:
    asked = {"Or": [{"Variable": "$.started", "IsPresent": True}, {"Variable": "$.busy", "IsPresent": True}]}
    return {
        "Is it rotated?": {
            "Type": "Choice",
            "Choices": [
                {"And": [_is("labelled"), _is("pending", is_so=False), asked], "Next": "Rotated"},
                {"And": [_is("labelled"), _is("pending", is_so=False)], "Next": "Rotated before"},
                # Such a version may have been current once. To take it up again could bring its value back.
                {"And": [_is("existed"), _is("labelled", is_so=False)], "Next": "Has lost its label"},
                {"And": [_is("pending"), asked], "Next": "Wait"},
            ],
            "Default": "Rotate",
        },
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
        "Rotated before": _outcome("rotated before, by this incident"),
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
    told = {"name.$": "$.name", "version.$": "$.token", "outcome": outcome}
    return {"Type": "Pass", "Parameters": told, "End": True}


def _failed(error: str, cause: str) -> State:
    return {"Type": "Fail", "Error": error, "CausePath": cause}
