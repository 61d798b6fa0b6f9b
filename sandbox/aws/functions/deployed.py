"""A deployed function as the executor needs it, and the seam through which it is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class Function:
    """One version of a deployed function. `timeout` is in seconds, `memory` in MiB.

    `revision` changes whenever code or configuration do: an execution environment of another revision is discarded.
    """

    name: str
    version: str
    arn: str
    handler: str
    runtime: str
    role: str
    code: bytes = field(repr=False)
    code_sha256: str
    timeout: int
    memory: int
    environment: Mapping[str, str] = field(repr=False)
    log_group: str
    reserved_concurrency: int | None
    revision: str
    policy: tuple[Mapping[str, Any], ...] = ()
    retries: int = 2
    max_age: float = 6 * 3600.0
    on_failure: str | None = None
    on_success: str | None = None
    dead_letter: str | None = None


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Temporary credentials of the execution role."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)


class Cloud(Protocol):
    """What functions need from the rest of the local AWS."""

    def function(self, region: str, name: str, qualifier: str | None) -> Function:
        """The deployed function by name, partial ARN or ARN; AwsError ResourceNotFoundException when there is none."""

    def put_logs(self, group: str, stream: str, events: list[tuple[int, str]]) -> None:
        """Append (milliseconds, message) events to a log stream, made when missing."""

    def send(self, target: str, message: str) -> None:
        """Deliver a message to an SQS queue, an SNS topic or an EventBridge bus by ARN."""
