"""Lambda runs what was deployed. Sources: https://docs.aws.amazon.com/lambda/latest/dg/ (pages named in the tests)."""

import base64
import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.actors import allow, make_role
from tests.contract.aws.harness import PREFIX, ContractAws, error_of, eventually, zipped

pytestmark = pytest.mark.executes

ECHO = """
import os
calls = 0
def handle(event, context):
    global calls
    calls += 1
    print("a line")
    return {"event": event, "calls": calls, "left": context.get_remaining_time_in_millis(),
            "names": sorted(os.environ), "colour": os.environ.get("COLOUR"), "cwd": os.getcwd(),
            "root": os.environ["LAMBDA_TASK_ROOT"]}
"""

SLEEPER = """
import time
calls = 0
def handle(event, context):
    global calls
    calls += 1
    time.sleep(event.get("s", 0))
    return calls
"""


def _invoke(aws: ContractAws, function: str, payload: Any = None, **arguments: Any) -> tuple[dict[str, Any], Any]:
    answer = aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps(payload or {}), **arguments)
    body = answer["Payload"].read()
    return answer, json.loads(body) if body else None


def test_the_deployed_code_answers_and_the_second_invocation_is_warm(aws: ContractAws) -> None:
    """Source: lambda-runtime-environment.html."""
    function = aws.function(ECHO, Environment={"Variables": {"COLOUR": "blue"}})
    _, first = _invoke(aws, function, {"a": 1})
    answer, second = _invoke(aws, function, LogType="Tail")
    assert (first["event"], first["calls"], second["calls"]) == ({"a": 1}, 1, 2)
    assert first["colour"] == "blue"
    assert first["cwd"] == first["root"]
    assert 0 < first["left"] <= 20_000
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert tail.startswith("START RequestId: ")
    assert "a line" in tail
    assert "REPORT RequestId: " in tail


def test_a_function_sees_only_its_own_and_the_documented_variables(
    aws: ContractAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Source: configuration-envvars.html."""
    monkeypatch.setenv("PLANTED", "no")
    _, answer = _invoke(aws, aws.function(ECHO))
    assert "PLANTED" not in answer["names"]
    documented = {"AWS_LAMBDA_FUNCTION_NAME", "_HANDLER", "LAMBDA_TASK_ROOT", "AWS_REGION", "AWS_ACCESS_KEY_ID"}
    assert documented | {"AWS_SESSION_TOKEN", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"} <= set(answer["names"])


def test_new_code_is_run_at_the_next_invocation(aws: ContractAws) -> None:
    """Source: lambda-runtime-environment.html: an update discards execution environments."""
    function = aws.function("def handle(e, c): return 1")
    assert _invoke(aws, function)[1] == 1
    aws.client("lambda").update_function_code(FunctionName=function, ZipFile=zipped("def handle(e, c): return 2"))
    eventually(lambda: _invoke(aws, function)[1] == 2)


def test_an_exception_is_an_unhandled_function_error(aws: ContractAws) -> None:
    """Source: python-exceptions.html."""
    answer, body = _invoke(aws, aws.function("def handle(e, c): raise ValueError('odd')"))
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert (body["errorType"], body["errorMessage"]) == ("ValueError", "odd")
    assert body["stackTrace"]


def test_a_library_missing_in_the_zip_fails_as_on_aws(aws: ContractAws) -> None:
    """Source: troubleshooting-deployment.html, Runtime.ImportModuleError; the runtime holds boto3 only."""
    _, body = _invoke(aws, aws.function("import pg8000\ndef handle(e, c): return 1"))
    assert body["errorType"] == "Runtime.ImportModuleError"


def test_a_slow_function_is_killed_at_its_timeout_and_the_next_run_is_cold(aws: ContractAws) -> None:
    """Source: troubleshooting-invocation.html."""
    function = aws.function(SLEEPER, Timeout=1)
    assert _invoke(aws, function)[1] == 1
    answer, body = _invoke(aws, function, {"s": 30})
    assert answer["FunctionError"] == "Unhandled"
    assert "Task timed out after 1.00 seconds" in body["errorMessage"]
    assert _invoke(aws, function)[1] == 1


def test_a_process_that_ends_is_a_runtime_exit_error(aws: ContractAws) -> None:
    """Source: troubleshooting-invocation.html."""
    _, body = _invoke(aws, aws.function("import os\ndef handle(e, c): os._exit(3)"))
    assert body["errorType"] == "Runtime.ExitError"
    assert "exit status 3" in body["errorMessage"]


def test_memory_is_limited(aws: ContractAws) -> None:
    """Source: configuration-memory.html (how it fails differs: here MemoryError, there the process is killed)."""
    answer, _ = _invoke(aws, aws.function("def handle(e, c): return len(bytearray(600_000_000))", MemorySize=128))
    assert answer["FunctionError"] == "Unhandled"


def test_reserved_concurrency_of_zero_throttles(aws: ContractAws) -> None:
    """Source: configuration-concurrency.html."""
    function = aws.function(ECHO)
    aws.client("lambda").put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError) as caught:
        _invoke(aws, function)
    assert error_of(caught.value)[0] == "TooManyRequestsException"


def test_an_unknown_function_is_not_found(aws: ContractAws) -> None:
    """Source: API_Invoke.html."""
    with pytest.raises(ClientError) as caught:
        _invoke(aws, "llmobs-contract-absent")
    assert error_of(caught.value)[0] == "ResourceNotFoundException"


def test_a_dry_run_runs_nothing(aws: ContractAws) -> None:
    """Source: API_Invoke.html."""
    answer, body = _invoke(aws, aws.function(ECHO), InvocationType="DryRun")
    assert (answer["StatusCode"], body) == (204, None)


def test_an_asynchronous_failure_is_tried_three_times_and_then_sent_to_the_destination(aws: ContractAws) -> None:
    """Source: invocation-async-error-handling.html and invocation-async-retain-records.html."""
    function = aws.function("def handle(e, c):\n    print('ran'); raise RuntimeError('no')")
    sqs = aws.client("sqs")
    queue = sqs.create_queue(QueueName=f"llmobs-contract-{function[-36:]}")["QueueUrl"]
    target = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    aws.client("lambda").put_function_event_invoke_config(
        FunctionName=function, DestinationConfig={"OnFailure": {"Destination": target}}
    )
    assert _invoke(aws, function, {"n": 7}, InvocationType="Event")[0]["StatusCode"] == 202
    messages = eventually(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"), seconds=400)
    record = json.loads(messages[0]["Body"])
    sqs.delete_queue(QueueUrl=queue)
    assert record["requestPayload"] == {"n": 7}
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["responsePayload"]["errorType"] == "RuntimeError"
    assert sum(line.strip() == "ran" for line in aws.log_of(function)) == 3


def test_a_topic_invokes_its_function(aws: ContractAws) -> None:
    """Source: with-sns.html."""
    function = aws.function("def handle(e, c): print('got', e['Records'][0]['Sns']['Message'])")
    sns = aws.client("sns")
    topic = sns.create_topic(Name=f"llmobs-contract-{function[-36:]}")["TopicArn"]
    aws.client("lambda").add_permission(
        FunctionName=function, StatementId="sns", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com"
    )
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)
    sns.publish(TopicArn=topic, Message="hello")
    eventually(lambda: any("got hello" in line for line in aws.log_of(function)))
    sns.delete_topic(TopicArn=topic)


def test_a_function_whose_role_may_not_write_its_log_runs_and_has_none(aws: ContractAws) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html: the role needs logs:PutLogEvents."""
    trusts = [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]
    silent = make_role(aws, f"{PREFIX}-{uuid.uuid4()}", [allow("s3:ListAllMyBuckets")], trusts=trusts)
    code = "def handle(event, context):\n    print('said')\n    return 1"
    function, loud = aws.function(code, role=silent), aws.function(code)
    for arn in (function, loud):
        assert aws.client("lambda").invoke(FunctionName=arn)["Payload"].read() == b"1"
    eventually(lambda: "said" in " ".join(aws.log_of(loud)))
    assert aws.log_of(function) == []
