"""Every protocol of AWS: which operation a request is, and with which parameters."""

from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.aws.errors import AwsError
from sandbox.aws.exchange import Answer, Call, read_call
from sandbox.aws.wire import refused

ARN = "arn:aws:lambda:us-east-1:222233334444:function:rotate"

CALLS = [
    ("secretsmanager", "get_secret_value", {"SecretId": "a", "VersionStage": "AWSCURRENT"}),
    ("kms", "decrypt", {"CiphertextBlob": b"\x00\x01", "EncryptionContext": {"SecretARN": "arn"}}),
    ("sts", "assume_role", {"RoleArn": "arn:aws:iam::222233334444:role/r", "RoleSessionName": "session"}),
    ("sns", "publish", {"TopicArn": "arn:aws:sns:us-east-1:222233334444:t", "Message": "m"}),
    ("sqs", "send_message", {"QueueUrl": "http://localhost/222233334444/q", "MessageBody": "m"}),
    ("lambda", "invoke", {"FunctionName": ARN, "Payload": b"{}"}),
    ("lambda", "add_permission", {"FunctionName": "f", "StatementId": "s", "Action": "a", "Principal": "p"}),
    ("scheduler", "get_schedule", {"Name": "nightly", "GroupName": "default"}),
    ("cloudwatch", "put_metric_data", {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1.0}]}),
    ("stepfunctions", "start_execution", {"stateMachineArn": "arn", "input": "{}"}),
    ("s3", "get_object", {"Bucket": "logs", "Key": "a/b c+d%2F.json"}),
    ("s3", "put_bucket_policy", {"Bucket": "logs", "Policy": "{}"}),
    ("s3", "list_objects_v2", {"Bucket": "logs", "Prefix": "x/"}),
]


class Captured(Exception):  # noqa: N818 - not an error
    """Stops boto3 once the request is signed."""


def _client(service: str) -> Any:
    made: Any = boto3.client
    endpoint = "http://localhost:9"
    return made(
        service,
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id="AKIA",
        aws_secret_access_key="s",
        config=Config(retries={"total_max_attempts": 1}),
    )


def _sent(service: str, method: str, arguments: dict[str, Any]) -> Call:
    """The call that a request of boto3 is read as."""
    sent: list[AWSPreparedRequest] = []

    def capture(request: AWSPreparedRequest, **_rest: Any) -> None:
        sent.append(request)
        raise Captured

    client = _client(service)
    client.meta.events.register("before-send", capture)
    with pytest.raises(Captured):
        getattr(client, method)(**arguments)
    prepared = sent[0]
    target = prepared.url.split("localhost:9", 1)[1]
    path, _, query = target.partition("?")
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else value for name, value in prepared.headers.items()
    }
    body: Any = prepared.body or b""
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else body.read()
    return read_call(prepared.method, path, query, headers, raw, default_region="us-east-1", raw_path=path)


@pytest.mark.parametrize(("service", "method", "arguments"), CALLS, ids=[f"{row[0]}-{row[1]}" for row in CALLS])
def test_a_request_is_read_back_as_the_operation_and_the_parameters_it_was_made_of(
    service: str, method: str, arguments: dict[str, Any]
) -> None:
    call = _sent(service, method, arguments)
    assert call.operation == _client(service).meta.method_to_api_mapping[method]
    assert {name: call.parameters[name] for name in arguments} == arguments


def test_a_service_without_a_model_has_no_operation_and_no_parameters() -> None:
    scope = "Credential=AKIA/20261124/us-east-1/nosuchservice/aws4_request"
    call = read_call("GET", "/x", "", {"authorization": scope}, b"", default_region="us-east-1", raw_path="/x")
    assert (call.operation, dict(call.parameters)) == ("", {})


@pytest.mark.parametrize(("service", "method", "arguments"), CALLS, ids=[f"{row[0]}-{row[1]}" for row in CALLS])
def test_a_refusal_reaches_the_client_of_each_protocol_with_its_code_and_text(
    service: str, method: str, arguments: dict[str, Any]
) -> None:
    call = _sent(service, method, arguments)
    answer = refused(call, AwsError("ThrottlingException", "Rate <exceeded>", status=400))
    client = _client(service)
    client.meta.events.register("before-send", lambda **_sent: _response(answer))
    with pytest.raises(ClientError) as caught:
        getattr(client, method)(**arguments)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("ThrottlingException", "Rate <exceeded>")


def _response(answer: Answer) -> Any:
    class Raw:
        def stream(self) -> Any:
            yield answer.body

    return AWSResponse("http://localhost:9", answer.status, HTTPHeaders.from_pairs(answer.headers), Raw())
