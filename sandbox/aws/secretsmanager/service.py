"""Secrets Manager on the wire: JSON 1.1 requests to operations, their results and errors back.

Protocol: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html.
"""

import json
import time
from collections.abc import Callable

from sandbox.aws.errors import AwsError
from sandbox.aws.exchange import Answer, Call
from sandbox.aws.secretsmanager import creation, deletion, lists, policies, reading, replication, tagging, writing
from sandbox.aws.secretsmanager.constraints import check_request
from sandbox.aws.secretsmanager.context import Context, Functions, Keys, Request, Result
from sandbox.aws.secretsmanager.password import PasswordRequest, random_password
from sandbox.aws.secretsmanager.rotating import cancel_rotate_secret, rotate_secret
from sandbox.aws.secretsmanager.rotation_worker import RotationWorker
from sandbox.aws.secretsmanager.storage import SecretStorage
from sandbox.aws.wire import answered, refused

Operation = Callable[[Context, Request], Result]


def get_random_password(_context: Context, request: Request) -> Result:
    """GetRandomPassword: 32 characters of all kinds unless told otherwise."""
    password = random_password(
        PasswordRequest(
            length=request.get("PasswordLength", 32),
            exclude=request.get("ExcludeCharacters", ""),
            lowercase=not request.get("ExcludeLowercase", False),
            uppercase=not request.get("ExcludeUppercase", False),
            numbers=not request.get("ExcludeNumbers", False),
            punctuation=not request.get("ExcludePunctuation", False),
            space=request.get("IncludeSpace", False),
            each_type=request.get("RequireEachIncludedType", True),
        )
    )
    return {"RandomPassword": password}


OPERATIONS: dict[str, Operation] = {
    "BatchGetSecretValue": reading.batch_get_secret_value,
    "CancelRotateSecret": cancel_rotate_secret,
    "CreateSecret": creation.create_secret,
    "DeleteResourcePolicy": policies.delete_resource_policy,
    "DeleteSecret": deletion.delete_secret,
    "DescribeSecret": reading.describe_secret,
    "GetRandomPassword": get_random_password,
    "GetResourcePolicy": policies.get_resource_policy,
    "GetSecretValue": reading.get_secret_value,
    "ListResourcePolicies": policies.list_resource_policies,
    "ListSecretVersionIds": lists.list_secret_version_ids,
    "ListSecrets": lists.list_secrets,
    "PutResourcePolicy": policies.put_resource_policy,
    "PutSecretValue": writing.put_secret_value,
    "RemoveRegionsFromReplication": replication.remove_regions_from_replication,
    "ReplicateSecretToRegions": replication.replicate_secret_to_regions,
    "RestoreSecret": deletion.restore_secret,
    "RotateSecret": rotate_secret,
    "StopReplicationToReplica": replication.stop_replication_to_replica,
    "TagResource": tagging.tag_resource,
    "UntagResource": tagging.untag_resource,
    "UpdateSecret": creation.update_secret,
    "UpdateSecretVersionStage": writing.update_secret_version_stage,
    "ValidateResourcePolicy": policies.validate_resource_policy,
}


class SecretsManager:
    """The service: one storage, one rotation worker, every region of the account."""

    def __init__(
        self,
        *,
        account: str,
        storage: SecretStorage,
        keys: Callable[[Call], Keys],
        authorize: Callable[[Call, str, Request], None],
        functions: Functions,
        worker: RotationWorker,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """The worker must use the same storage and functions; `keys` and `authorize` speak for a call's caller."""
        self._account = account
        self._storage = storage
        self._keys = keys
        self._authorize = authorize
        self._functions = functions
        self._worker = worker
        self._clock = clock

    def answer(self, call: Call) -> Answer:
        """Do what the call asks; a documented error becomes its documented answer."""
        try:
            return answered(call, self._result(call))
        except AwsError as error:
            return refused(call, error)

    def _result(self, call: Call) -> Result:
        try:
            request = json.loads(call.body or b"{}")
        except ValueError as exc:
            raise AwsError("SerializationException", "The request body is not JSON.") from exc
        check_request(call.operation, request)
        operation = OPERATIONS.get(call.operation)
        if operation is None:
            raise AwsError(
                "InvalidRequestException",
                f"The local AWS does not implement {call.operation}; use an operation of one account.",
            )
        context = Context(
            account=self._account,
            region=call.region,
            storage=self._storage,
            keys=self._keys(call),
            functions=self._functions,
            wake_rotation=self._worker.queue.wake,
            authorize=lambda name, parameters: self._authorize(call, name, parameters),
            clock=self._clock,
        )
        return operation(context, request)
