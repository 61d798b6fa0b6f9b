"""The AWS that the contract tests run against: our sandbox, stock moto, or a real account."""

import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.aws.settings import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET
from tests.contract.aws.actors import Actor, Statement, assumed, make_role, make_user, remove_principals

Kind = Literal["sandbox", "moto", "real"]
Result = TypeVar("Result")

PREFIX = "llmobs-contract"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@dataclass(kw_only=True)
class ContractAws:
    """Clients and what a test makes, removed at its end. `endpoint` None means a real account."""

    kind: Kind
    endpoint: str | None
    account: str
    region: str
    secrets: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def client(self, service: str, region: str | None = None) -> Any:
        """A boto3 client that does not retry, so that every error shows."""
        options: dict[str, Any] = {"region_name": region or self.region}
        if self.endpoint is not None:
            options |= {
                "endpoint_url": self.endpoint,
                "aws_access_key_id": ADMINISTRATOR_KEY,
                "aws_secret_access_key": ADMINISTRATOR_SECRET,
            }
        create: Any = boto3.client
        return create(service, config=Config(retries={"total_max_attempts": 1}, read_timeout=60), **options)

    @property
    def sm(self) -> Any:
        """The client of Secrets Manager."""
        return self.client("secretsmanager")

    def name(self) -> str:
        """A new name; what bears it is removed at the end."""
        name = f"{PREFIX}/{uuid.uuid4()}"
        self.secrets.append(name)
        return name

    def secret(self, value: str | None = "first", **arguments: Any) -> str:
        """A new secret; its name."""
        name = self.name()
        if value is not None:
            arguments["SecretString"] = value
        self.sm.create_secret(Name=name, **arguments)
        return name

    def stages(self, secret: str) -> dict[str, set[str]]:
        """Labels by version id."""
        described = self.sm.describe_secret(SecretId=secret)
        return {version: set(labels) for version, labels in described.get("VersionIdsToStages", {}).items()}

    def holder(self, secret: str, label: str) -> str | None:
        """The version that carries a label."""
        return next((version for version, labels in self.stages(secret).items() if label in labels), None)

    def role(self) -> str:
        """The execution role of all functions; made once."""
        iam = self.client("iam")
        try:
            arn: str = iam.get_role(RoleName=PREFIX)["Role"]["Arn"]
        except iam.exceptions.NoSuchEntityException:
            arn = iam.create_role(RoleName=PREFIX, AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
            actions = ["secretsmanager:*", "logs:*", "sqs:SendMessage"]
            statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
            policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            iam.put_role_policy(RoleName=PREFIX, PolicyName="contract", PolicyDocument=policy)
            if self.kind == "real":
                time.sleep(15)  # a new role takes seconds to be assumable
        return arn

    def as_role(self, *policy: Statement, session: dict[str, Any] | None = None, **arguments: Any) -> Actor:
        """A new role's session with just this policy; `arguments` are of `make_role`, `session` of AssumeRole."""
        role = make_role(self, f"{PREFIX}-{uuid.uuid4()}", policy, **arguments)
        return assumed(self, self.client("sts"), role, **(session or {}))

    def as_user(self, *policy: Statement, **arguments: Any) -> Actor:
        """A new IAM user with a key and just this policy."""
        return make_user(self, f"{PREFIX}-{uuid.uuid4()}", policy, **arguments)

    def key(self, **arguments: Any) -> str:
        """A new KMS key's ARN; it is scheduled for deletion at the end."""
        arn: str = self.client("kms").create_key(**arguments)["KeyMetadata"]["Arn"]
        self.keys.append(arn)
        return arn

    def function(self, code: str, *, invocable: bool = True, role: str | None = None, **arguments: Any) -> str:
        """Deploy `code` as module f with handler f.handle; the function's ARN."""
        name = f"{PREFIX}-{uuid.uuid4()}"
        self.functions.append(name)
        client = self.client("lambda")
        arn: str = client.create_function(
            FunctionName=name,
            Role=role or self.role(),
            Runtime="python3.11",
            Handler="f.handle",
            Code={"ZipFile": zipped(code)},
            **{"Timeout": 20, "MemorySize": 256, **arguments},
        )["FunctionArn"]
        client.get_waiter("function_active_v2").wait(FunctionName=name) if self.kind == "real" else None
        if invocable:
            client.add_permission(
                FunctionName=name,
                StatementId="rotation",
                Action="lambda:InvokeFunction",
                Principal="secretsmanager.amazonaws.com",
                SourceAccount=self.account,
            )
        return arn

    def log_of(self, function_arn: str) -> list[str]:
        """All messages that the function logged; none before its first run."""
        logs = self.client("logs")
        try:
            events = logs.filter_log_events(logGroupName=f"/aws/lambda/{function_arn.rsplit(':', 1)[-1]}")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"] for event in events]

    def clean_up(self) -> None:
        """Remove what the test made."""
        for name in self.secrets:
            self._quietly(lambda name=name: self.sm.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True))
        for name in self.functions:
            self._quietly(lambda name=name: self.client("lambda").delete_function(FunctionName=name))
        for arn in self.keys:
            self._quietly(lambda arn=arn: self.client("kms").schedule_key_deletion(KeyId=arn, PendingWindowInDays=7))
        remove_principals(self)

    def _quietly(self, remove: Callable[..., Any]) -> None:
        try:
            remove()
        except ClientError:
            return


def zipped(code: str) -> bytes:
    """A zip with one module, f.py."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("f.py", code)
    return buffer.getvalue()


def token() -> str:
    """A new ClientRequestToken."""
    return str(uuid.uuid4())


def eventually(check: Callable[[], Result | None], *, seconds: float = 20.0) -> Result:
    """What `check` returns once it is true; AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < deadline, f"not true within {seconds:.0f} s"
        time.sleep(0.05)


def error_of(error: ClientError) -> tuple[str, str]:
    """Code and message of an AWS error."""
    return error.response["Error"]["Code"], error.response["Error"]["Message"]
