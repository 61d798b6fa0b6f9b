"""What one local AWS is started with."""

from dataclasses import dataclass, field
from pathlib import Path

LOOPBACK = "127.0.0.1"

CONTROL_PREFIX = "/_sandbox/"
"""Where the sandbox's own routes are, which no AWS has."""
TOKEN_HEADER = "X-Sandbox-Token"  # noqa: S105 - a header's name

ADMINISTRATOR = "sandbox"
"""The IAM user that every local AWS has, with AdministratorAccess; who runs `make up` is this user."""
ADMINISTRATOR_KEY = "AKIASANDBOXSANDBOX00"
ADMINISTRATOR_SECRET = "sandbox"  # noqa: S105 - opens a local AWS on loopback, nothing else


@dataclass(frozen=True, kw_only=True)
class FunctionSettings:
    """How deployed functions run; every duration is in seconds.

    AWS waits one and two minutes between the attempts of an asynchronous invocation; a sandbox waits less by default
    (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html).
    """

    idle: float = 300.0
    init_timeout: float = 10.0
    async_delays: tuple[float, ...] = (1.0, 2.0)
    async_workers: int = 4


@dataclass(frozen=True, kw_only=True)
class RotationSettings:
    """How often a failed rotation is tried again with the same token, and after how many seconds.

    AWS says only that it "retries the entire rotation process multiple times during the open rotation windows"
    (https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda.html): the count and the
    delays are ours.
    """

    retry_delays: tuple[float, ...] = (2.0, 5.0, 10.0)
    workers: int = 8


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One local AWS: whose account it is, where it keeps its state, and where it listens.

    `port` 0 means: any free one. `token` is what /_sandbox/health answers, so that a caller knows its own process.
    """

    state: Path
    account: str
    region: str
    token: str
    port: int = 0
    functions: FunctionSettings = field(default_factory=FunctionSettings)
    rotation: RotationSettings = field(default_factory=RotationSettings)
    trail_interval: float = 2.0  # seconds between two deliveries of trails
