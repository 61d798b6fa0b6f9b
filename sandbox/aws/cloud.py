"""The seam to moto: the few things the layer needs from IAM, Lambda, logs, SQS and SNS, typed."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.core.exceptions import JsonRESTError
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from sandbox.aws.errors import AwsError
from sandbox.aws.events.event import Event
from sandbox.aws.functions.deployed import Function
from sandbox.aws.memory.memory import Memory
from sandbox.aws.s3_locks import default_lock
from sandbox.aws.settings import ADMINISTRATOR, ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET

_PARTITION = "aws"


class MotoCloud:
    """moto's backends of one account; reads take no lock, changes are durable when they return."""

    def __init__(
        self, *, account: str, region: str, memory: Memory, publish: Callable[[Event], None] = lambda _event: None
    ) -> None:
        """`region` is where log groups of functions are; `publish` is the bus's."""
        self._publish = publish
        self._account = account
        self._region = region
        self._memory = memory

    def ensure_administrator(self) -> None:
        """The IAM user of whoever runs the sandbox, with its fixed key; what is there already stays."""
        backend = iam_backends[self._account][_PARTITION]
        if ADMINISTRATOR in {user.name for user in backend.users.values()}:
            return
        with self._memory.change():
            backend.create_user(self._region, user_name=ADMINISTRATOR)
            backend.attach_user_policy("arn:aws:iam::aws:policy/AdministratorAccess", ADMINISTRATOR)
            key = backend.create_access_key(ADMINISTRATOR)
            backend.access_keys.pop(key.physical_resource_id, None)
            key.access_key_id, key.secret_access_key = ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET
            backend.access_keys[ADMINISTRATOR_KEY] = key

    def function(self, region: str, name: str, qualifier: str | None) -> Function:
        """The deployed function by name, partial ARN or ARN."""
        with self._memory.read(), _documented():
            backend = lambda_backends[self._account][region]
            found: LambdaFunction = backend.get_function(*_split(name, qualifier))
            return _function(found, alias=qualifier)

    def put_object(
        self, bucket: str, key: str, data: bytes, metadata: Mapping[str, str], *, key_id: str | None = None
    ) -> None:
        """Put an object with its metadata, encrypted with a KMS key if one is given; AwsError NoSuchBucket."""
        with self._memory.change():
            s3 = s3_backends[self._account][_PARTITION]
            if bucket not in s3.buckets:
                raise AwsError("NoSuchBucket", "The specified bucket does not exist", status=404)
            lock = default_lock(s3.buckets[bucket])
            encryption = "aws:kms" if key_id else None
            made = s3.put_object(bucket, key, data, encryption=encryption, kms_key_id=key_id, **lock)
            made.set_metadata({f"x-amz-meta-{name}": value for name, value in metadata.items()})

    def put_logs(self, group: str, stream: str, events: list[tuple[int, str]]) -> None:
        """Append events, oldest first, to a stream of the account's region."""
        ordered = sorted(events, key=lambda event: event[0])
        with self._memory.change():
            logs = logs_backends[self._account][self._region]
            logs.ensure_log_group(group)
            logs.ensure_log_stream(group, stream)
            logs.put_log_events(group, stream, [{"timestamp": at, "message": text} for at, text in ordered])

    def send(self, target: str, message: str) -> None:
        """Deliver to a queue, a topic, a bus or another function by ARN."""
        _, _, service, region, account, resource = target.split(":", 5)
        with self._memory.change():
            if service == "sqs":
                sqs_backends[account][region].send_message(resource, message)
            elif service == "sns":
                sns_backends[account][region].publish(message=message, arn=target)
            elif service == "events":
                self._publish(_invocation_result(json.loads(message), target, region, account))
            else:
                raise AwsError("InvalidParameterValueException", f"Destination '{target}' is of an unknown service.")


@contextmanager
def _documented() -> Iterator[None]:
    try:
        yield
    except JsonRESTError as exc:
        raise AwsError(exc.error_type, exc.message, status=exc.code) from exc


def _invocation_result(record: dict[str, Any], target: str, region: str, account: str) -> Event:
    """Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html."""
    ended = "Success" if record["requestContext"]["condition"] == "Success" else "Failure"
    return Event(
        source="lambda",
        detail_type=f"Lambda Function Invocation Result - {ended}",
        detail=record,
        account=account,
        region=region,
        time=time.time(),
        resources=(target, record["requestContext"]["functionArn"]),
        bus=target.rpartition("/")[2],
    )


def _split(name: str, qualifier: str | None) -> tuple[str, str | None]:
    parts = name.split(":")
    if name.startswith("arn:") and len(parts) == 8:
        return ":".join(parts[:7]), parts[7]
    return name, qualifier


def _function(found: LambdaFunction, *, alias: str | None) -> Function:
    extra: dict[str, Any] = getattr(found, "sandbox_spec", {})
    invoke: dict[str, Any] = found.event_invoke_config[-1].config if found.event_invoke_config else {}
    targets: dict[str, Any] = invoke.get("DestinationConfig") or {}
    unqualified = ":".join(found.function_arn.split(":")[:7])
    configuration = json.dumps(found.get_configuration(), sort_keys=True, default=str)
    return Function(
        name=found.function_name,
        version=str(found.version),
        arn=found.function_arn if alias is None else f"{unqualified}:{alias}",
        handler=found.handler or "",
        runtime=found.run_time or "",
        role=found.role,
        code=found.code_bytes,
        code_sha256=found.code_sha_256,
        timeout=int(found.timeout),
        memory=int(found.memory_size),
        environment=dict(found.environment_vars or {}),
        log_group=(extra.get("LoggingConfig") or {}).get("LogGroup") or found.logs_group_name,
        reserved_concurrency=None if found.reserved_concurrency is None else int(found.reserved_concurrency),
        revision=f"{found.last_modified}|{configuration}",
        policy=tuple(found.policy.statements),
        retries=int(invoke.get("MaximumRetryAttempts", 2)),
        max_age=float(invoke.get("MaximumEventAgeInSeconds", 6 * 3600)),
        on_failure=(targets.get("OnFailure") or {}).get("Destination"),
        on_success=(targets.get("OnSuccess") or {}).get("Destination"),
        dead_letter=(extra.get("DeadLetterConfig") or {}).get("TargetArn"),
    )
