"""The seam to moto: the few things the layer needs from KMS, IAM, STS, Lambda, logs, SQS and SNS, typed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.core.exceptions import JsonRESTError, ServiceException
from moto.events.models import events_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from moto.sts.models import sts_backends

from sandbox.aws.errors import AwsError
from sandbox.aws.functions.deployed import Credentials, Function
from sandbox.aws.memory.memory import Memory
from sandbox.aws.settings import ADMINISTRATOR, ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET

_PARTITION = "aws"
_CREDENTIALS_SECONDS = 3600


class MotoCloud:
    """moto's backends of one account; reads take no lock, changes are durable when they return."""

    def __init__(self, *, account: str, region: str, memory: Memory) -> None:
        """`region` is where roles are assumed."""
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

    def assume_role(self, role: str, session: str) -> Credentials:
        """Credentials of an execution role for an hour."""
        with self._memory.change():
            try:
                iam_backends[self._account][_PARTITION].get_role_by_arn(role)
            except (JsonRESTError, ServiceException) as exc:
                raise AwsError(
                    "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."
                ) from exc
            assumed = sts_backends[self._account][_PARTITION].assume_role(
                region_name=self._region,
                role_session_name=session[:64],
                role_arn=role,
                policy=None,  # type: ignore[arg-type] # moto's own default
                duration=_CREDENTIALS_SECONDS,
                external_id=None,  # type: ignore[arg-type] # moto's own default
            )
        return Credentials(
            access_key=assumed.access_key_id, secret_key=assumed.secret_access_key, token=assumed.session_token
        )

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
                entry = {
                    "Source": "lambda",
                    "DetailType": "Lambda Function Invocation Result",
                    "Detail": message,
                    "EventBusName": target,
                }
                events_backends[account][region].put_events([entry])
            else:
                raise AwsError("InvalidParameterValueException", f"Destination '{target}' is of an unknown service.")

    def check_encrypt(self, region: str, key_id: str | None) -> None:
        """Raise EncryptionFailure unless the key exists and is enabled.

        Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
        (EncryptionFailure).
        """
        if not self._key_works(region, key_id):
            raise AwsError(
                "EncryptionFailure",
                "Secrets Manager can't encrypt the protected secret text using the provided KMS key. Check that the "
                "KMS key is available, enabled, and not in an invalid state.",
            )

    def check_decrypt(self, region: str, key_id: str | None) -> None:
        """Raise DecryptionFailure unless the key exists and is enabled."""
        if not self._key_works(region, key_id):
            raise AwsError(
                "DecryptionFailure",
                "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
            )

    def _key_works(self, region: str, key_id: str | None) -> bool:
        if key_id is None:
            return True
        with self._memory.read():
            keys = kms_backends[self._account][region]
            plain = keys.get_alias_name(key_id)
            found = keys.get_key_id_from_alias(plain) if plain.startswith("alias/") else keys.get_key_id(key_id)
            key = keys.keys.get(found) if found is not None else None
            return key is not None and bool(key.enabled) and key.key_state == "Enabled"


@contextmanager
def _documented() -> Iterator[None]:
    try:
        yield
    except JsonRESTError as exc:
        raise AwsError(exc.error_type, exc.message, status=exc.code) from exc


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
