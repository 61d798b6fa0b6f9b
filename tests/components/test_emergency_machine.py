"""The emergency's machine: one workflow with a role of its own, an encrypted log, traces and alarms."""

import json
from typing import Any

import pytest

from catalog import load, names
from catalog.access.emergency import emergency_policy, emergency_trust
from catalog.emergency.machine import definition
from components.aws.emergency import EmergencyMachine, EmergencyMachineArgs
from tests.components.recording import RecordingMocks, record

CATALOG = load.catalog()
BOUNDARY, KEY, TOPIC = "arn:mock:boundary", "arn:mock:key", "arn:mock:topic"


@pytest.fixture(scope="module", params=["staging", "prod"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def declared(name: str) -> RecordingMocks:
    args = EmergencyMachineArgs(
        environment=load.environment(name), catalog=CATALOG, boundary_arn=BOUNDARY, log_key_arn=KEY, topic_arn=TOPIC
    )
    return record(lambda: EmergencyMachine("emergency", args), stack=name)


def the(declared: RecordingMocks, token: str) -> dict[str, Any]:
    (inputs,) = declared.of(token).values()
    return inputs


def test_the_machine_runs_the_definition_that_follows_from_the_catalogue(name: str, declared: RecordingMocks) -> None:
    machine = the(declared, "aws:sfn/stateMachine:StateMachine")
    environment = load.environment(name)
    assert machine["name"] == f"llm-observatory-{name}-emergency"
    assert names.emergency_arns(environment)[0].endswith(f":stateMachine:{machine['name']}")
    assert json.loads(machine["definition"]) == definition(environment, CATALOG)
    assert machine["type"] == "STANDARD"


def test_it_is_traced_and_logs_every_state_but_no_input(name: str, declared: RecordingMocks) -> None:
    machine = the(declared, "aws:sfn/stateMachine:StateMachine")
    assert machine["tracingConfiguration"] == {"enabled": True}
    logging = machine["loggingConfiguration"]
    assert (logging["level"], logging["includeExecutionData"]) == ("ALL", False)
    log = the(declared, "aws:cloudwatch/logGroup:LogGroup")
    assert logging["logDestination"].endswith(f":log-group:{log['name']}:*")
    assert log["name"] == f"/aws/vendedlogs/states/llm-observatory-{name}-emergency"
    assert log["kmsKeyId"] == KEY
    assert log["retentionInDays"] == load.environment(name).log_retention_days


def test_its_role_is_bounded_and_only_this_machine_acts_as_it(name: str, declared: RecordingMocks) -> None:
    environment = load.environment(name)
    role = the(declared, "aws:iam/role:Role")
    assert role["permissionsBoundary"] == BOUNDARY
    assert json.loads(role["assumeRolePolicy"]) == emergency_trust(environment)
    policy = the(declared, "aws:iam/rolePolicy:RolePolicy")
    assert json.loads(policy["policy"]) == emergency_policy(environment, CATALOG)


def test_an_execution_that_fails_runs_out_of_time_or_is_stopped_is_told(declared: RecordingMocks) -> None:
    alarms = declared.of("aws:cloudwatch/metricAlarm:MetricAlarm").values()
    assert {alarm["metricName"] for alarm in alarms} == {
        "ExecutionsFailed",
        "ExecutionsTimedOut",
        "ExecutionsAborted",
    }
    for alarm in alarms:
        assert alarm["namespace"] == "AWS/States"
        assert list(alarm["dimensions"]) == ["StateMachineArn"]
        assert alarm["alarmActions"] == [TOPIC]
        assert "with the same incident" in alarm["alarmDescription"]


def test_everything_that_can_be_tagged_is(name: str, declared: RecordingMocks) -> None:
    for resource in declared.recorded:
        if resource.token.startswith("aws:") and "rolePolicy" not in resource.token:
            assert resource.inputs["tags"] == {"Environment": name, "Service": "llm-observatory"}, resource.token
