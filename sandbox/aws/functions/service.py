"""Lambda's Invoke on the wire, and what the rest of the local AWS calls functions with.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html.
"""

import json
import logging
import re
import uuid
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote

from sandbox.aws.errors import AwsError
from sandbox.aws.exchange import Answer, Call
from sandbox.aws.functions.deployed import Cloud, Function
from sandbox.aws.functions.dispatcher import Dispatcher
from sandbox.aws.functions.executor import Executor
from sandbox.aws.service_may import ServiceMay

_log = logging.getLogger(__name__)

_INVOKE = re.compile(r"^/2015-03-31/functions/(?P<name>[^/]+)/invocations/?$")
_INVOKE_ASYNC = re.compile(r"^/2014-11-13/functions/(?P<name>[^/]+)/invoke-async/?$")
_MAX_SYNC = 6 * 1024 * 1024
_MAX_ASYNC = 1024 * 1024
_ROTATION_PRINCIPAL = "secretsmanager.amazonaws.com"


class FunctionService:
    """Invocations by clients, by rotation and by other services."""

    def __init__(self, *, executor: Executor, dispatcher: Dispatcher, cloud: Cloud, service_may: ServiceMay) -> None:
        """All share one executor; `service_may` reads the functions' policies."""
        self._service_may = service_may
        self._executor = executor
        self._dispatcher = dispatcher
        self._cloud = cloud

    def answer(self, call: Call) -> Answer | None:
        """Answer an invocation; None for every other call to Lambda, which moto answers."""
        match = _INVOKE.match(call.path) if call.method == "POST" else None
        asynchronous = _INVOKE_ASYNC.match(call.path) if call.method == "POST" else None
        try:
            if match is not None:
                return self._invoke(call, unquote(match["name"]))
            if asynchronous is not None:
                self._accept(call.region, unquote(asynchronous["name"]), None, call.body)
                return _json(202, {"Status": 202})
        except AwsError as error:
            kind = "User"
            body = {"Type": kind, "Message": error.message, "message": error.message}
            return _json(error.status, body, (("x-amzn-ErrorType", error.code),))
        return None

    def check_invocable(self, arn: str, *, source_arn: str) -> None:
        """Refuse a rotation function that does not exist or that Secrets Manager may not invoke."""
        try:
            self._function_by_arn(arn)
        except AwsError as exc:
            if exc.code != "ResourceNotFoundException":
                raise
            raise _not_invocable() from exc
        if not self._service_may(_ROTATION_PRINCIPAL, "lambda:InvokeFunction", arn, source_arn=source_arn):
            raise _not_invocable()

    def invoke(self, arn: str, event: Mapping[str, str]) -> str | None:
        """One step of a rotation: None, or the error's type; its message may hold a value and is not passed on."""
        try:
            self.check_invocable(arn, source_arn=event["SecretId"])
            outcome = self._executor.run(self._function_by_arn(arn), json.dumps(event).encode())
        except AwsError as error:
            return error.code
        return outcome.error_type

    def invoke_later(self, region: str, name: str, qualifier: str | None, payload: bytes) -> None:
        """An asynchronous invocation by another service (SNS, EventBridge, S3, a log subscription).

        A function that is gone does not fail the caller, as on AWS: it is said in the log.
        """
        try:
            self._accept(region, name, qualifier, payload)
        except AwsError as error:
            _log.warning("an event for function %s was dropped: %s", name, error.code)

    def _invoke(self, call: Call, name: str) -> Answer:
        qualifier = parse_qs(call.query).get("Qualifier", [None])[0]
        kind = call.headers.get("x-amz-invocation-type", "RequestResponse")
        if kind == "Event":
            request_id = self._accept(call.region, name, qualifier, call.body)
            return _plain(202, b"", (("x-amzn-RequestId", request_id),))
        function = self._cloud.function(call.region, name, qualifier)
        if kind == "DryRun":
            return _plain(204, b"")
        _check_payload(call.body, _MAX_SYNC)
        outcome = self._executor.run(function, call.body)
        headers = [("X-Amz-Executed-Version", function.version), ("x-amzn-RequestId", outcome.request_id)]
        payload = outcome.payload
        error = outcome.error
        if len(payload) > _MAX_SYNC:
            error, payload = "Unhandled", _too_large(len(payload))
        if error is not None:
            headers.append(("X-Amz-Function-Error", error))
        if call.headers.get("x-amz-log-type") == "Tail":
            headers.append(("X-Amz-Log-Result", outcome.tail))
        return _plain(200, payload, tuple(headers))

    def _accept(self, region: str, name: str, qualifier: str | None, payload: bytes) -> str:
        self._cloud.function(region, name, qualifier)
        _check_payload(payload, _MAX_ASYNC)
        return self._dispatcher.accept(region=region, function=name, qualifier=qualifier, payload=payload)

    def _function_by_arn(self, arn: str) -> Function:
        parts = arn.split(":")
        if len(parts) < 7 or parts[2] != "lambda":
            raise AwsError("InvalidParameterException", f"'{arn}' is not the ARN of a Lambda function.")
        return self._cloud.function(parts[3], arn, None)


def _not_invocable() -> AwsError:
    # Text as AWS answers it; the same for a function that does not exist (unverified).
    return AwsError(
        "AccessDeniedException",
        "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to "
        f"the principal {_ROTATION_PRINCIPAL}.",
    )


def _check_payload(payload: bytes, most: int) -> None:
    if len(payload) > most:
        raise AwsError(
            "RequestTooLargeException",
            f"Request must be smaller than {most} bytes for the InvokeFunction operation; {len(payload)} were given.",
            status=413,
        )
    try:
        json.loads(payload or b"{}")
    except ValueError as exc:
        raise AwsError("InvalidRequestContentException", "Could not parse request body into json.") from exc


def _too_large(size: int) -> bytes:
    message = f"Response payload size ({size} bytes) exceeded maximum allowed payload size (6291556 bytes)."
    return json.dumps({"errorMessage": message, "errorType": "Function.ResponseSizeTooLarge"}).encode()


def _json(status: int, body: Mapping[str, object], headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    return _plain(status, json.dumps(body).encode(), (*headers, ("x-amzn-RequestId", str(uuid.uuid4()))))


def _plain(status: int, body: bytes, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    return Answer(status=status, body=body, headers=(("Content-Type", "application/json"), *headers))
