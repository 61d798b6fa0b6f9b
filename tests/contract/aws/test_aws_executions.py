"""Executions: stopped, counted, told to EventBridge, logged, and acting as roles whose trust is judged.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html, eventbridge-integration.html,
cw-logs.html, concepts-access-cross-acct-resources.html and procedure-create-iam-role.html (confused deputy).
"""

import json
import uuid
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.actors import allow, make_role
from tests.contract.aws.harness import PREFIX, ContractAws, error_of, eventually
from tests.contract.aws.hearing import let_in, metric_total, new_queue, received
from tests.contract.aws.machines import PASS, TRUST, ended, machine, only, run, started

pytestmark = [pytest.mark.executes, pytest.mark.diverges]

FAIL = {"Type": "Fail", "Error": "Broken", "Cause": "as asked"}
WAIT = {"Type": "Wait", "Seconds": 600, "End": True}
DESCRIBE = {
    "Type": "Task",
    "Resource": "arn:aws:states:::aws-sdk:secretsmanager:describeSecret",
    "Parameters": {"SecretId.$": "$"},
    "End": True,
}


def test_executions_without_a_name_get_one_each(aws: ContractAws) -> None:
    """API_StartExecution: the name is optional."""
    with machine(aws, only(PASS)) as arn:
        assert len({started(aws, arn) for _ in range(3)}) == 3


def test_a_stopped_execution_is_aborted_with_the_given_reason(aws: ContractAws) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html."""
    states = aws.client("stepfunctions")
    with machine(aws, only(WAIT)) as arn:
        execution = started(aws, arn)
        stopped = states.stop_execution(executionArn=execution, error="Enough", cause="somebody said so")
        told = ended(aws, execution)
    assert (told["status"], told["error"], told["cause"]) == ("ABORTED", "Enough", "somebody said so")
    assert told["stopDate"] == stopped["stopDate"]


def test_an_answer_with_times_in_it_is_the_output(aws: ContractAws) -> None:
    name = aws.secret()
    told = run(aws, only(DESCRIBE), name, allow("secretsmanager:DescribeSecret"))
    output = json.loads(told["output"])
    assert output["Name"] == name
    assert datetime.fromisoformat(output["CreatedDate"]).tzinfo is not None


def test_an_error_of_an_sdk_integration_bears_the_name_of_the_service(aws: ContractAws) -> None:
    """supported-services-awssdk.html: the name that the service has in the SDK for Java 2."""
    told = run(aws, only(DESCRIBE), f"{PREFIX}/gone", allow("secretsmanager:DescribeSecret"))
    assert told["error"] == "SecretsManager.ResourceNotFoundException"


def test_executions_are_counted_by_how_they_ended(aws: ContractAws) -> None:
    with machine(aws, only(FAIL)) as arn:
        ended(aws, started(aws, arn))

        def total(name: str) -> float | None:
            return metric_total(aws, "AWS/States", name, StateMachineArn=arn)

        eventually(lambda: total("ExecutionsFailed") == 1.0, seconds=300 if aws.kind == "real" else 5)
        assert total("ExecutionsStarted") == 1.0
        assert not total("ExecutionsSucceeded")


@pytest.fixture
def told(aws: ContractAws) -> Any:
    """What EventBridge is told of machines whose name begins with this test's: their name, and the messages so far."""
    events, name = aws.client("events"), f"{PREFIX}-{uuid.uuid4()}"
    url, queue = new_queue(aws)
    machine_arn = f"arn:aws:states:{aws.region}:{aws.account}:stateMachine:{name}"
    pattern = {"source": ["aws.states"], "detail": {"stateMachineArn": [machine_arn]}}
    rule = events.put_rule(Name=name, EventPattern=json.dumps(pattern))["RuleArn"]
    let_in(aws, url, queue, service="events", source=rule)
    events.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": queue}])
    heard: list[dict[str, Any]] = []

    def messages() -> list[dict[str, Any]]:
        heard.extend(received(aws, url))
        return heard

    yield name, messages
    events.remove_targets(Rule=name, Ids=["q"])
    events.delete_rule(Name=name)
    aws.client("sqs").delete_queue(QueueUrl=url)


def test_eventbridge_is_told_that_an_execution_runs_and_how_it_ended(aws: ContractAws, told: Any) -> None:
    name, messages = told
    with machine(aws, only(FAIL), name=name) as arn:
        execution = started(aws, arn, {"a": 1})
        eventually(lambda: len(messages()) == 2)
    heard = {message["detail"]["status"]: message for message in messages()}
    assert set(heard) == {"RUNNING", "FAILED"}
    failed = heard["FAILED"]
    assert failed["detail-type"] == "Step Functions Execution Status Change"
    assert failed["resources"] == [execution]
    assert failed["detail"]["executionArn"] == execution
    assert (failed["detail"]["error"], failed["detail"]["cause"]) == ("Broken", "as asked")
    assert json.loads(failed["detail"]["input"]) == {"a": 1}


@pytest.mark.parametrize(("level", "logged"), [("ERROR", {"ExecutionFailed", "FailStateEntered"}), ("OFF", set())])
def test_the_history_is_logged_at_the_level_that_the_machine_asks_for(
    aws: ContractAws, level: str, logged: set[str]
) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/cloudwatch-log-level.html."""
    logs = aws.client("logs")
    group = f"/aws/vendedlogs/states/{PREFIX}-{uuid.uuid4()}"
    logs.create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:{aws.region}:{aws.account}:log-group:{group}:*"
    configuration = {
        "level": level,
        "includeExecutionData": False,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}] if level != "OFF" else [],
    }
    may = allow(["logs:CreateLogDelivery", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies"])
    try:
        run(aws, only(FAIL), {"hidden": "input"}, may, loggingConfiguration=configuration)

        def found() -> list[dict[str, Any]] | None:
            events = logs.filter_log_events(logGroupName=group)["events"]
            return [json.loads(event["message"]) for event in events]

        if logged:
            eventually(lambda: len(found() or []) == len(logged), seconds=60 if aws.kind == "real" else 5)
        lines = found() or []
        assert {line["type"] for line in lines} == logged
        assert "hidden" not in json.dumps(lines)
    finally:
        logs.delete_log_group(logGroupName=group)


def test_a_trust_that_names_another_machine_is_no_use(aws: ContractAws) -> None:
    """aws:SourceArn in the role's trust is the state machine."""
    name = aws.secret()
    arn = f"arn:aws:states:{aws.region}:{aws.account}:stateMachine:"
    other = {**TRUST, "Condition": {"ArnLike": {"aws:SourceArn": f"{arn}other*"}}}
    mine = {**TRUST, "Condition": {"ArnLike": {"aws:SourceArn": f"{arn}{PREFIX}*"}}}
    may = allow("secretsmanager:DescribeSecret")
    assert run(aws, only(DESCRIBE), name, may, trust=other)["status"] == "FAILED"
    assert run(aws, only(DESCRIBE), name, may, trust=mine)["status"] == "SUCCEEDED"


def test_a_task_with_credentials_of_its_own_acts_as_that_role_if_the_machine_may_assume_it(aws: ContractAws) -> None:
    name = aws.secret()
    target = make_role(aws, f"{PREFIX}-{uuid.uuid4()}", [allow("secretsmanager:DescribeSecret")])
    task = {**DESCRIBE, "Credentials": {"RoleArn": target}}
    assert run(aws, only(task), name, allow("sts:AssumeRole", target))["status"] == "SUCCEEDED"
    assert run(aws, only(task), name, allow("secretsmanager:DescribeSecret"))["status"] == "FAILED"


def test_a_definition_with_a_field_that_is_none_is_refused(aws: ContractAws) -> None:
    """InvalidDefinition of CreateStateMachine."""
    with pytest.raises(ClientError) as caught, machine(aws, only({**PASS, "Retries": 3})):
        pass
    assert error_of(caught.value)[0] == "InvalidDefinition"


def test_a_pause_before_a_retry_is_as_long_as_asked(aws: ContractAws) -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1.0}]
    told = run(aws, only({**DESCRIBE, "Retry": retry}), f"{PREFIX}/gone", allow("secretsmanager:DescribeSecret"))
    assert (told["stopDate"] - told["startDate"]).total_seconds() >= 2
