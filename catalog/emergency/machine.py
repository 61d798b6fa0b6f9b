"""The definition of the emergency's state machine, and what it is called.

Language: docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html. JSONPath, not JSONata: the
local AWS has no JSONata.
"""

from __future__ import annotations

from catalog import names
from catalog.emergency.outcome import RESULTS_PREFIX, telling
from catalog.emergency.pace import Pace
from catalog.emergency.rotation import processor
from catalog.emergency.scope import choosing, rotated, stages
from catalog.emergency.state import State, States
from catalog.environment import Environment
from catalog.model import Catalog

MACHINE = "emergency"
TIMEOUT_SECONDS = 4 * 3600
"""Past what ten thousand secrets need at the pace of `Pace`, some 450 s, and 300 s for each stage with failures."""


def log_group(environment: Environment) -> str:
    """Its log group; the prefix keeps the resource policy of log deliveries short:
    docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html"""
    return f"/aws/vendedlogs/states/{names.named(environment, MACHINE)}"


def definition(environment: Environment, catalog: Catalog, pace: Pace | None = None) -> State:
    """Checks the input, rotates and retires stage after stage, and tells what became of it.

    Input: {"incident": "INC-123", "reason": "...", "scope": "all" | {"tier": 1} | {"secrets": ["db-app-password"]}}.
    Given again, an incident rotates only what it has not rotated yet.
    """
    order = stages(catalog)
    pace = pace or Pace.of(len(rotated(catalog)))
    states = choosing(catalog, then="Nothing ran yet")
    states["Nothing ran yet"] = {
        "Type": "Pass",
        "Result": {stage: {"ran": False} for stage in order},
        "ResultPath": "$.runs",
        "Next": _asked(order[0]),
    }
    for stage, following in zip(order, (*map(_asked, order[1:]), "Gather the runs"), strict=True):
        states |= _stage(environment, stage, pace, following)
    states |= telling(environment, order)
    return {
        "Comment": "Rotates and retires secrets at once: all, a tier, or those that are named",
        "StartAt": "Is it complete?",
        "TimeoutSeconds": TIMEOUT_SECONDS,
        "States": states,
    }


def _stage(environment: Environment, stage: str, pace: Pace, following: str) -> States:
    return {
        _asked(stage): {
            "Type": "Choice",
            "Choices": [{"Variable": f"$.plan.{stage}[0]", "IsPresent": True, "Next": f"Rotate {stage}"}],
            "Default": following,
        },
        f"Rotate {stage}": {
            "Type": "Map",
            "Label": stage,
            "ItemsPath": f"$.plan.{stage}",
            "ItemSelector": {"name.$": "$$.Map.Item.Value", "incident.$": "$.incident"},
            "ItemProcessor": processor(environment, pace),
            "MaxConcurrency": pace.at_once,
            "ToleratedFailurePercentage": 100,
            "ResultWriter": {
                "Resource": "arn:aws:states:::s3:putObject",
                "Parameters": {
                    "Bucket": names.bucket(environment, "audit-queries"),
                    "Prefix": f"{RESULTS_PREFIX}/{stage}",
                },
            },
            "ResultPath": f"$.runs.{stage}",
            # One stage must not keep the others from being rotated, whatever is wrong with it.
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": f"$.runs.{stage}", "Next": following}],
            "Next": following,
        },
    }


def _asked(stage: str) -> str:
    return f"Any of {stage}?"
