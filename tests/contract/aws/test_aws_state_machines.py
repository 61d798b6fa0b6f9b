"""Step Functions: tasks act as the state machine's role, retry, catch, and map over many.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html,
concepts-error-handling.html and state-map-distributed.html.
"""

import json
import uuid
from collections.abc import Mapping
from typing import Any

import pytest

from tests.contract.aws.actors import allow, make_role
from tests.contract.aws.harness import PREFIX, ContractAws, eventually

pytestmark = [pytest.mark.executes, pytest.mark.diverges]

ECHO = "def handle(event, context):\n    return {'heard': event['say']}"
FAILS = "def handle(event, context):\n    raise ValueError('no')"
TRUST = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}


def _run(
    aws: ContractAws, definition: Mapping[str, Any], given: Any, *statements: Any, trust: Any = TRUST
) -> dict[str, Any]:
    """What an execution of a new state machine came to; its role has just these statements."""
    role = make_role(aws, f"{PREFIX}-{uuid.uuid4()}", statements, trusts=[trust])
    states = aws.client("stepfunctions")
    name = f"{PREFIX}-{uuid.uuid4()}"
    machine = states.create_state_machine(name=name, roleArn=role, definition=json.dumps(definition))["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine, input=json.dumps(given))["executionArn"]
    try:
        return eventually(lambda: _ended(states.describe_execution(executionArn=execution)), seconds=40)
    finally:
        states.delete_state_machine(stateMachineArn=machine)


def _ended(described: dict[str, Any]) -> dict[str, Any] | None:
    return described if described["status"] != "RUNNING" else None


def _task(function: str, **more: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload.$": "$"},
        "OutputPath": "$.Payload",
        "End": True,
        **more,
    }


def test_a_task_invokes_a_function_that_the_role_may_invoke(aws: ContractAws) -> None:
    function = aws.function(ECHO)
    ended = _run(
        aws,
        {"StartAt": "T", "States": {"T": _task(function)}},
        {"say": "hello"},
        allow("lambda:InvokeFunction", f"{function}*"),
    )
    assert ended["status"] == "SUCCEEDED"
    assert json.loads(ended["output"]) == {"heard": "hello"}


def test_a_task_fails_when_the_role_may_not_invoke_the_function(aws: ContractAws) -> None:
    function, other = aws.function(ECHO), aws.function(ECHO)
    ended = _run(
        aws,
        {"StartAt": "T", "States": {"T": _task(function)}},
        {"say": "hello"},
        allow("lambda:InvokeFunction", f"{other}*"),
    )
    assert ended["status"] == "FAILED"
    assert "not authorized to perform: lambda:InvokeFunction" in ended["cause"]


def test_what_fails_is_retried_and_then_caught(aws: ContractAws) -> None:
    function = aws.function(FAILS)
    definition = {
        "StartAt": "T",
        "States": {
            "T": _task(
                function,
                Retry=[{"ErrorEquals": ["ValueError"], "MaxAttempts": 2, "IntervalSeconds": 1, "BackoffRate": 1.0}],
                Catch=[{"ErrorEquals": ["States.ALL"], "ResultPath": "$.caught", "Next": "Caught"}],
            ),
            "Caught": {"Type": "Pass", "End": True},
        },
    }
    ended = _run(aws, definition, {"say": "x"}, allow("lambda:InvokeFunction", f"{function}*"))
    assert ended["status"] == "SUCCEEDED"
    assert json.loads(ended["output"])["caught"]["Error"] == "ValueError"
    assert len([line for line in aws.log_of(function) if line.startswith("START ")]) == 3


def test_a_distributed_map_runs_its_items_as_the_role(aws: ContractAws) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html."""
    secrets = [aws.secret() for _ in range(3)]
    describe = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:secretsmanager:describeSecret",
        "Parameters": {"SecretId.$": "$"},
        "ResultSelector": {"name.$": "$.Name"},
        "End": True,
    }
    definition = {
        "StartAt": "Each",
        "States": {
            "Each": {
                "Type": "Map",
                "MaxConcurrency": 2,
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "Describe",
                    "States": {"Describe": describe},
                },
                "End": True,
            }
        },
    }
    ended = _run(aws, definition, secrets, allow(["secretsmanager:DescribeSecret", "states:StartExecution"]))
    assert ended["status"] == "SUCCEEDED", ended.get("cause")
    assert {item["name"] for item in json.loads(ended["output"])} == set(secrets)


def test_a_role_that_does_not_trust_step_functions_is_no_use(aws: ContractAws) -> None:
    function = aws.function(ECHO)
    trust = {**TRUST, "Principal": {"Service": "ec2.amazonaws.com"}}
    ended = _run(
        aws,
        {"StartAt": "T", "States": {"T": _task(function)}},
        {"say": "hello"},
        allow("lambda:InvokeFunction", f"{function}*"),
        trust=trust,
    )
    assert ended["status"] == "FAILED"
