"""No value is on record: neither in events, nor in files, log groups or LookupEvents; judged operation by operation."""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape

from sandbox.aws import process
from sandbox.aws.exchange import Answer, Call
from sandbox.aws.trail.hidden import OMITTED, shown
from sandbox.aws.trail.record import record
from tests.sandbox.aws.trail_bench import ACCOUNT, REGION, TrailBench
from tests.sandbox.aws.trail_calls import call_of, client_of

CANARY = "canary-Zk3v9Qm2x7"
ENCODED = base64.b64encode(CANARY.encode()).decode()
SERVICES = (
    "secretsmanager",
    "kms",
    "lambda",
    "ssm",
    "iam",
    "sts",
    "sns",
    "sqs",
    "events",
    "stepfunctions",
    "logs",
    "s3",
)
_OWN = {name.lower() for name in OMITTED}


def _planted(shape: Shape, *, name: str = "", is_hidden: bool = False, depth: int = 0) -> Any:
    """A value of the shape with the canary wherever a value may be, and harmless text elsewhere."""
    is_hidden = is_hidden or bool(shape.metadata.get("sensitive")) or name.lower() in _OWN
    if isinstance(shape, StructureShape):
        inner = {} if depth > 4 else shape.members
        return {key: _planted(member, name=key, is_hidden=is_hidden, depth=depth + 1) for key, member in inner.items()}
    if isinstance(shape, ListShape):
        return [_planted(shape.member, is_hidden=is_hidden, depth=depth + 1)] if depth < 5 else []
    if isinstance(shape, MapShape):
        key = CANARY if is_hidden or shape.key.metadata.get("sensitive") else "key"
        return {key: _planted(shape.value, is_hidden=is_hidden, depth=depth + 1)} if depth < 5 else {}
    if shape.type_name == "blob":
        return CANARY.encode()
    if isinstance(shape, StringShape):
        return CANARY if is_hidden else "harmless"
    return {"boolean": True, "timestamp": 1_700_000_000, "double": 1.5, "float": 1.5}.get(shape.type_name, 7)


def _operations(service: str) -> Iterator[tuple[OperationModel, Call]]:
    client = client_of(service)
    for name in client.meta.service_model.operation_names:
        operation = client.meta.service_model.operation_model(name)
        given = _planted(operation.input_shape) if operation.input_shape is not None else {}
        yield operation, call_of(service, operation, client, given)


def _refusals(call: Call) -> Iterator[Answer]:
    """Errors that repeat what was sent: whole, encoded, and cut off."""
    if not carries(call):
        return
    for message in (f"Value '{CANARY}' failed to satisfy constraint", f"bad: {ENCODED}", f"at …{CANARY[3:]}"):
        body = json.dumps({"__type": "ValidationException", "message": message}).encode()
        if call.headers.get("content-type", "").startswith("application/x-www-form") or call.service == "s3":
            error = f"<Error><Code>ValidationError</Code><Message>{message}</Message></Error>"
            body = (error if call.service == "s3" else f"<ErrorResponse>{error}</ErrorResponse>").encode()
        yield Answer(status=400, body=body, headers=(("content-type", "application/x-amz-json-1.1"),))


def carries(call: Call) -> bool:
    return CANARY in json.dumps(_texts(call.parameters))


@pytest.mark.parametrize("service", SERVICES)
def test_no_member_that_may_hold_a_value_is_in_the_event_of_any_operation(service: str) -> None:
    leaks = []
    for operation, call in _operations(service):
        output = operation.output_shape
        if output is not None and CANARY in json.dumps(shown(_planted(output), output)):
            leaks.append(f"{operation.name}: response")
        for answer in (Answer(status=200, body=b"{}"), *_refusals(call)):
            event = json.dumps(record(call, answer, account=ACCOUNT, at=0.0).event)
            if any(form in event for form in (CANARY, ENCODED, CANARY[3:])):
                leaks.append(f"{operation.name}: {answer.status}")
    assert leaks == []


def test_the_canaries_are_read_from_the_wire() -> None:
    """Else the test above would prove nothing."""
    read = {
        f"{service} {operation.name}"
        for service in SERVICES
        for operation, call in _operations(service)
        if carries(call)
    }
    assert len(read) > 100
    assert {"secretsmanager PutSecretValue", "ssm PutParameter", "kms Encrypt", "iam CreateLoginProfile"} <= read


def _texts(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Mapping):
        return [_texts(inner) for pair in value.items() for inner in pair]
    return [_texts(inner) for inner in value] if isinstance(value, list) else str(value)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("secrecy")
    yield folder
    process.stop(folder)


def test_a_canary_in_every_place_where_a_call_can_carry_a_value_is_found_nowhere(state: Path) -> None:
    bench = TrailBench.of(process.start(state, ACCOUNT, REGION))
    aws, logs, bucket = bench.aws, bench.aws.client("logs"), bench.bucket()
    logs.create_log_group(logGroupName=bucket)
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{bucket}:*"
    bench.trail(bucket, CloudWatchLogsLogGroupArn=group, CloudWatchLogsRoleArn=aws.role())
    everything = {"ReadWriteType": "All", "IncludeManagementEvents": True}
    data = [
        {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]},
        {"Type": "AWS::Lambda::Function", "Values": ["arn:aws:lambda"]},
    ]
    aws.client("cloudtrail").put_event_selectors(
        TrailName=bucket, EventSelectors=[{**everything, "DataResources": data}]
    )
    made, random = _spread(bench)
    bench.deliver()
    recorded = json.dumps(bench.local.ask("GET", "events?limit=1000"))
    assert "PutParameter" in recorded
    places = {
        "the record": recorded,
        "log files": json.dumps(bench.files(bucket)),
        "the log group": json.dumps(logs.filter_log_events(logGroupName=bucket)["events"]),
        "LookupEvents": json.dumps(bench.lookup("ReadOnly", "false") + bench.lookup("ReadOnly", "true")),
        "the database": b"".join(path.read_bytes() for path in state.glob("trail.sqlite*")).decode("utf-8", "replace"),
    }
    found = [
        (place, form) for place, text in places.items() for form in (CANARY, ENCODED, made, random) if form in text
    ]
    assert [place for place, _ in found] == []


def _spread(bench: TrailBench) -> tuple[str, str]:
    """Carries the canary into every service; two values that the services made by themselves."""
    aws = bench.aws
    secret, key = aws.secret(CANARY), aws.key()
    aws.sm.put_secret_value(SecretId=secret, SecretBinary=CANARY.encode())
    aws.sm.update_secret(SecretId=secret, SecretString=CANARY)
    aws.sm.get_secret_value(SecretId=secret)
    aws.sm.batch_get_secret_value(SecretIdList=[secret])
    kms, iam, sts = aws.client("kms"), aws.client("iam"), aws.client("sts")
    cipher = kms.encrypt(KeyId=key, Plaintext=CANARY.encode())["CiphertextBlob"]
    kms.decrypt(CiphertextBlob=cipher)
    aws.client("ssm").put_parameter(Name="p", Value=CANARY, Type="SecureString")
    sns, sqs, s3 = aws.client("sns"), aws.client("sqs"), aws.client("s3")
    sns.publish(TopicArn=sns.create_topic(Name="t")["TopicArn"], Message=CANARY, Subject="s")
    sqs.send_message(QueueUrl=sqs.create_queue(QueueName="q")["QueueUrl"], MessageBody=CANARY)
    s3.create_bucket(Bucket="canary-nest")
    s3.put_object(Bucket="canary-nest", Key="k", Body=CANARY.encode(), Metadata={"m": CANARY})
    iam.create_user(UserName="u")
    iam.create_login_profile(UserName="u", Password=CANARY)
    aws.client("events").put_events(Entries=[{"Source": "a", "DetailType": "b", "Detail": json.dumps({"a": CANARY})}])
    function = aws.function("def handle(e, c):\n    return e", Environment={"Variables": {"A": CANARY}})
    aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps(CANARY))
    with pytest.raises(ClientError):
        aws.sm.put_secret_value(SecretId="no-such-secret", SecretString=CANARY)
    with pytest.raises(ClientError):
        sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/none", RoleSessionName="session", TokenCode=CANARY)
    made = iam.create_access_key(UserName="u")["AccessKey"]["SecretAccessKey"]
    token = sts.get_session_token()["Credentials"]["SessionToken"]
    assert token not in json.dumps(bench.lookup("EventName", "GetSessionToken"))
    return made, aws.sm.get_random_password()["RandomPassword"]
