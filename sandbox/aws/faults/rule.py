"""One fault: which calls it hits, and what happens to them. Pure."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sandbox.aws.errors import AwsError
from sandbox.aws.exchange import Answer
from sandbox.aws.faults.asked import Asked
from sandbox.aws.faults.kind import Kind
from sandbox.aws.operation import model_of


class ConnectionDropped(Exception):  # noqa: N818 - what happens, not what went wrong
    """The connection is to be closed without an answer; `answer` is what the service gave, None if it was not asked."""

    def __init__(self, answer: Answer | None = None) -> None:
        super().__init__("the connection is closed")
        self.answer = answer


class Fault(BaseModel):
    """A fault as it is asked for. `operation`, `resource` and `principal` are patterns with * and ?.

    `nth` is the first matching call that it hits, counted from now; `times` how many from there on, 0 for all until
    it is cleared. `resource` matches any text among the call's parameters that is no secret, or the name in an ARN;
    `principal` the caller's ARN. The invocations that a rotation makes are calls of lambda Invoke by
    secretsmanager.amazonaws.com with the function, and the step, secret and token of the event.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    service: str = Field(description="name in the signature, such as secretsmanager")
    operation: str = "*"
    resource: str = "*"
    principal: str = "*"
    nth: int = Field(default=1, ge=1)
    times: int = Field(default=1, ge=0)
    seconds: float = Field(default=0.0, ge=0, le=600)
    code: str = "InternalServiceError"
    message: str = "A fault that was asked for."
    status: int = Field(default=500, ge=400, le=599)

    @model_validator(mode="after")
    def _can_hit(self) -> Self:
        # A typing error would otherwise be a fault that waits for ever.
        if self.service == "*":
            return self
        model = model_of(self.service)
        if model is None:
            raise ValueError(f"no service is called '{self.service}' in a signature, as secretsmanager or kms are")
        if not any(fnmatchcase(name, self.operation) for name in model.operation_names):
            raise ValueError(f"{self.service} has no operation '{self.operation}', such as {model.operation_names[0]}")
        return self

    def covers(self, asked: Asked) -> bool:
        """Whether the call is one that this fault counts."""
        return (
            self.service in {"*", asked.service}
            and fnmatchcase(asked.operation, self.operation)
            and (self.principal == "*" or fnmatchcase(asked.principal, self.principal))
            and (self.resource == "*" or asked.names(self.resource))
        )

    def hits(self, count: int) -> bool:
        """Whether the `count`-th covered call is one that it happens to."""
        return count >= self.nth and (self.times == 0 or count < self.nth + self.times)

    def error(self, service: str) -> AwsError:
        """The error of a throttle or an error."""
        if self.kind is Kind.THROTTLE:
            return throttling(service)
        return AwsError(self.code, self.message, status=self.status)


def throttling(service: str) -> AwsError:
    """How each service says that there were too many calls.

    Sources: docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html (ThrottlingException, 400),
    AmazonS3/latest/API/ErrorResponses.html (SlowDown, 503), lambda/latest/api/API_Invoke.html
    (TooManyRequestsException, 429), IAM/latest/APIReference/CommonErrors.html (Throttling, 400), and
    AWSSimpleQueueService/latest/APIReference/API_SendMessage.html (RequestThrottled, 400).
    """
    match service:
        case "s3":
            return AwsError("SlowDown", "Please reduce your request rate.", status=503)
        case "lambda":
            return AwsError("TooManyRequestsException", "Rate Exceeded.", status=429)
        case "iam" | "sts" | "sns" | "monitoring":
            return AwsError("Throttling", "Rate exceeded", status=400)
        case "sqs":
            return AwsError("RequestThrottled", "The request was denied due to request throttling.", status=400)
        case _:
            return AwsError("ThrottlingException", "Rate exceeded", status=400)
