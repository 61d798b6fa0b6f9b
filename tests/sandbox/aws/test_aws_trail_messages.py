"""An event tells why a call failed, and repeats nothing that the event itself does not show."""

import base64
import json

import pytest

from sandbox.aws.errors import AwsError
from sandbox.aws.exchange import Answer, read_call
from sandbox.aws.trail.hidden import HIDDEN_TEXT, told
from sandbox.aws.trail.record import record
from sandbox.aws.wire import refused
from tests.sandbox.aws.trail_bench import ACCOUNT, REGION
from tests.sandbox.aws.trail_calls import call_of, client_of, scope_of

CANARY = "canary-Zk3v9Qm2x7"
DOCUMENT = json.dumps({"username": "app", "host": "db-postgres", "password": "s3cr3t-value-1", "pin": "9041"})
NAMED = ["llm-observatory/staging/db-app-password", "arn:aws:sts::1:assumed-role/rotate-db-postgres/x"]


@pytest.mark.parametrize(
    ("message", "is_kept"),
    [
        ("No secret llm-observatory/staging/db-app-password", True),
        ("arn:aws:sts::1:assumed-role/rotate-db-postgres/x may not PutSecretValue: the password has no owner", True),
        ("Value 's3cr3t-value-1' is not valid", False),
        ("Value s3cr3t-v… is too long", False),
        ("Value 9041 is too short", False),
        (f"Value {base64.b64encode(b's3cr3t-value-1').decode()} is not valid", False),
        (f"Not valid: {DOCUMENT}", False),
    ],
)
def test_an_errors_message_is_kept_unless_it_repeats_what_is_not_shown(message: str, is_kept: bool) -> None:
    assert told(message, [DOCUMENT, *NAMED], NAMED) == (message if is_kept else HIDDEN_TEXT)


def test_a_body_that_cannot_be_read_is_not_repeated_by_its_error() -> None:
    body = b'{"SecretId": "x", "SecretString": "' + CANARY.encode()
    headers = {"x-amz-target": "secretsmanager.PutSecretValue", "authorization": scope_of("secretsmanager")}
    call = read_call("POST", "/", "", headers, body, default_region=REGION, raw_path="/")
    refusal = json.dumps({"__type": "SerializationException", "message": f"cannot read {body.decode()}"}).encode()
    event = record(call, Answer(status=400, body=refusal), account=ACCOUNT, at=0.0).event
    assert event["errorMessage"] == HIDDEN_TEXT


@pytest.mark.parametrize("service", ["iam", "secretsmanager"])
def test_a_refusal_of_a_call_without_parameters_keeps_its_message(service: str) -> None:
    name = {"iam": "ListUsers", "secretsmanager": "ListSecrets"}[service]
    client = client_of(service)
    call = call_of(service, client.meta.service_model.operation_model(name), client, {})
    message = f"User: someone is not authorized to perform: {service}:{name} on resource: *"
    refusal = refused(call, AwsError("AccessDenied", message))
    event = record(call, refusal, account=ACCOUNT, at=0.0).event
    assert (event["eventName"], event["errorMessage"]) == (name, message)
