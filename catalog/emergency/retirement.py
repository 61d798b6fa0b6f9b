"""What the emergency does with the credential before the new one: its power and its sessions end now.

The function `retire` does it: lambdas/retire. It is called again for a secret that the same incident had rotated
before, as that run may have died in between; doing it twice is the same as once. An emergency's version waits neither
for the overlap nor for stragglers, so every other answer than the two good ones is a failure that a person must see.
"""

from __future__ import annotations

from catalog import names
from catalog.emergency.pace import Pace
from catalog.emergency.state import State, States
from catalog.environment import Environment

RETIRE = "Retire"
"""The state in which retirement begins; its input has {name, secret, token, outcome}."""
GOOD = ("retired", "nothing to retire")

# A server that is busy, a function that is throttled or cold: all of it passes, and doing it twice does no harm.
_AGAIN = [
    {
        "ErrorEquals": ["States.ALL"],
        "IntervalSeconds": 1,
        "BackoffRate": 2,
        "MaxAttempts": 5,
        "MaxDelaySeconds": 20,
        "JitterStrategy": "FULL",
    }
]
_NOW = "and what was before it may still work. Retire it now: secretsctl retire {}'"


def retiring(environment: Environment, pace: Pace) -> States:
    """The states from `RETIRE` on.

    Source: docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html (the answer is in Payload; an error has the
    name of the function's exception).
    """
    payload: State = {"secret.$": "$.secret", "version.$": "$.token"}
    if pace.label_later:
        payload["label"] = "later"
    return {
        RETIRE: {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": names.function_arn(environment, names.RETIRE), "Payload": payload},
            "ResultSelector": {"outcome.$": "$.Payload.outcome"},
            "ResultPath": "$.retirement",
            "Retry": _AGAIN,
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Could not retire"}],
            "Next": "Is it retired?",
        },
        "Is it retired?": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.retirement.outcome", "StringEquals": outcome, "Next": "Done"} for outcome in GOOD
            ],
            "Default": "Is not retired",
        },
        "Done": {
            "Type": "Pass",
            "Parameters": {
                "name.$": "$.name",
                "version.$": "$.token",
                "outcome.$": "$.outcome",
                "retirement.$": "$.retirement.outcome",
            },
            "End": True,
        },
        "Is not retired": _failed(
            "IsNotRetired",
            f"States.Format('{{}}: {{}}, {_NOW}, $.name, $.retirement.outcome, $.name)",
        ),
        "Could not retire": _failed(
            "CouldNotRetire",
            f"States.Format('{{}}: {{}}: {{}} It is rotated, {_NOW}, $.name, $.error.Error, $.error.Cause, $.name)",
        ),
    }


def _failed(error: str, cause: str) -> State:
    return {"Type": "Fail", "Error": error, "CausePath": cause}
