"""State machines of the contract: made, run once, and removed."""

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.contract.aws.actors import Statement, make_role
from tests.contract.aws.harness import PREFIX, ContractAws, eventually

TRUST: Statement = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
PASS = {"Type": "Pass", "End": True}


@contextmanager
def machine(
    aws: ContractAws,
    definition: Mapping[str, Any],
    *statements: Statement,
    trust: Statement = TRUST,
    name: str | None = None,
    **arguments: Any,
) -> Iterator[str]:
    """A state machine's ARN; its role has just these statements, and `arguments` are of CreateStateMachine."""
    role = make_role(aws, f"{PREFIX}-{uuid.uuid4()}", statements, trusts=[trust])
    states = aws.client("stepfunctions")
    arn = states.create_state_machine(
        name=name or f"{PREFIX}-{uuid.uuid4()}", roleArn=role, definition=json.dumps(definition), **arguments
    )["stateMachineArn"]
    try:
        yield arn
    finally:
        states.delete_state_machine(stateMachineArn=arn)


def started(aws: ContractAws, arn: str, given: Any = None) -> str:
    """A new execution's ARN."""
    states = aws.client("stepfunctions")
    return str(states.start_execution(stateMachineArn=arn, input=json.dumps(given))["executionArn"])


def ended(aws: ContractAws, execution: str, *, seconds: float = 40.0) -> dict[str, Any]:
    """DescribeExecution once it runs no more."""
    states = aws.client("stepfunctions")

    def found() -> dict[str, Any] | None:
        described: dict[str, Any] = states.describe_execution(executionArn=execution)
        return described if described["status"] != "RUNNING" else None

    return eventually(found, seconds=seconds)


def run(aws: ContractAws, definition: Mapping[str, Any], given: Any, *statements: Statement, **more: Any) -> Any:
    """What one execution of a new machine came to: DescribeExecution."""
    with machine(aws, definition, *statements, **more) as arn:
        return ended(aws, started(aws, arn, given))


def only(state: Mapping[str, Any]) -> dict[str, Any]:
    """A definition of one state."""
    return {"StartAt": "Only", "States": {"Only": dict(state)}}


def distributed(inner: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A definition of one distributed map over the input, with `inner` as what each item goes through."""
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **only(inner)}
    return only({"Type": "Map", "ItemProcessor": processor, "End": True, **more})
