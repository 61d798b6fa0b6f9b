"""Where an emergency is fought: real servers, and a local AWS with the catalogue, its functions and the machine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import yaml
from typer.testing import CliRunner, Result

from catalog import derive, load, names
from catalog.access import retire
from catalog.access.function import dead_letters_arn
from catalog.emergency.scope import SUPERUSER, plan
from catalog.environment import Environment
from catalog.model import Catalog, Secret
from components.aws import package
from components.aws.rotation import RotationFunctionArgs, variables
from proofs.grants import EVERYTHING, TRUST
from sandbox.aws import process
from sandbox.aws.functions.runtime import ensure_runtime
from sandbox.aws.settings import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET
from sandbox.servers import postgres, redis
from sandbox.servers.server import Server
from secretsctl.app import app
from tests.contract.aws.harness import eventually
from tests.sandbox.emergency_machine import Account, furnished, make_role
from tests.servers import INITIAL_PASSWORD, reachable_folder, running

TARGETS = ("postgres", "redis", "keyring")
"""Those whose servers are here, or that have none. What hangs on the APIs of others stays without a value."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Everything by name; the operator's command line is `secretsctl`."""

    postgres: Server
    redis: Server
    endpoint: str
    environment: Environment
    catalog: Catalog
    stack_file: Path

    def client(self, service: str) -> Any:
        """A client of the administrator."""
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.endpoint,
            region_name=self.environment.region,
            aws_access_key_id=ADMINISTRATOR_KEY,
            aws_secret_access_key=ADMINISTRATOR_SECRET,
        )

    @property
    def rotated(self) -> list[Secret]:
        """What has a value here: the superusers first, as the others are changed through them."""
        stages = plan(self.catalog, [secret for secret in self.catalog.secrets if secret.spec.target in TARGETS])
        first = stages.pop(SUPERUSER)
        return [self.catalog.by_name[name] for name in [*first, *(name for some in stages.values() for name in some)]]

    def secretsctl(self, *words: str, stdin: str = "") -> Result:
        """The operator's command line, in this process."""
        variables = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ADMINISTRATOR_KEY,
            "AWS_SECRET_ACCESS_KEY": ADMINISTRATOR_SECRET,
            "AWS_EC2_METADATA_DISABLED": "true",
            "LLMOBS_ENV": self.environment.name,
            "LLMOBS_CONFIG": str(self.stack_file),
        }
        return CliRunner().invoke(app, list(words), input=stdin, env=variables, prog_name="secretsctl")

    def stages(self, secret: Secret) -> dict[str, set[str]]:
        """The labels of each version that has one."""
        name = derive.secret_name(self.environment, secret)
        found = self.client("secretsmanager").describe_secret(SecretId=name)["VersionIdsToStages"]
        return {version: set(labels) for version, labels in found.items()}

    def current(self, secret: Secret) -> str:
        """The version that readers get."""
        return next(version for version, labels in self.stages(secret).items() if "AWSCURRENT" in labels)

    def values(self, secret: Secret) -> dict[str, dict[str, Any]]:
        """Every version that still exists and holds a credential, by its id."""
        secrets, name = self.client("secretsmanager"), derive.secret_name(self.environment, secret)
        found = {}
        for entry in secrets.list_secret_version_ids(SecretId=name, IncludeDeprecated=True, MaxResults=100)["Versions"]:
            answer = secrets.get_secret_value(SecretId=name, VersionId=entry["VersionId"])
            document = json.loads(answer["SecretString"])
            if document.keys() & {"password", "key"}:
                found[entry["VersionId"]] = document
        return found

    def rotate(self, secret: Secret, token: str) -> None:
        """RotateSecret with a token of one's own, to its end; one of an emergency waits for no overlap."""
        name = derive.secret_name(self.environment, secret)
        self.client("secretsmanager").rotate_secret(SecretId=name, ClientRequestToken=token)
        eventually(lambda: self.current(secret) == token, seconds=60)


@contextmanager
def place() -> Iterator[Place]:
    """Start everything, deploy, bootstrap, and stop it all at the end."""
    ensure_runtime()
    with (
        reachable_folder() as folder,
        running(postgres, folder, "postgres") as database,
        running(redis, folder, "redis") as cache,
    ):
        stack_file = _stack_file(folder, database, cache)
        environment = load.environment("staging", stack_file)
        cloud = process.start(
            folder / "aws", environment.account, environment.region, timeout=120, retry_delays=(1.0, 2.0)
        )
        try:
            made = Place(
                postgres=database,
                redis=cache,
                endpoint=cloud.endpoint,
                environment=environment,
                catalog=load.catalog(),
                stack_file=stack_file,
            )
            _deploy(made)
            lines = f"DB_PASSWORD={INITIAL_PASSWORD}\nREDIS_PASSWORD={INITIAL_PASSWORD}\n"
            result = made.secretsctl("bootstrap", stdin=lines)
            if result.exit_code:
                raise RuntimeError(f"bootstrap failed: {result.stderr}")
            yield made
        finally:
            process.stop(folder / "aws")


def _stack_file(folder: Path, database: Server, cache: Server) -> Path:
    stack = yaml.safe_load((load.ROOT / "Pulumi.staging.yaml").read_text(encoding="utf-8"))
    settings = stack["config"][load.CONFIG_KEY]
    settings["database"] |= {"host": database.host, "port": database.port, "ca_pem": database.ca_pem}
    settings["cache"] |= {"host": cache.host, "port": cache.port, "ca_pem": cache.ca_pem}
    path = folder / "Pulumi.staging.yaml"
    path.write_text(yaml.safe_dump(stack), encoding="utf-8")
    return path


def _deploy(made: Place) -> None:
    account = Account(client=made.client, environment=made.environment, catalog=made.catalog)
    for what in (*(names.rotator(target) for target in TARGETS), retire.FUNCTION, retire.SCHEDULE):
        make_role(account, what, TRUST, EVERYTHING)
    made.client("sqs").create_queue(QueueName=dead_letters_arn(made.environment, retire.SCHEDULE).rsplit(":", 1)[-1])
    for target in TARGETS:
        args = RotationFunctionArgs(
            environment=made.environment,
            catalog=made.catalog,
            target=target,
            surroundings=None,  # type: ignore[arg-type]  # its variables do not hang on them
        )
        _function(made, names.rotator(target), "rotation", variables(args))
    topic = names.topic_arn(made.environment)
    _function(made, retire.FUNCTION, "retire", {"ENVIRONMENT": made.environment.name, "TOPIC_ARN": topic})
    for secret in made.catalog.secrets:
        _secret(made, secret)
    furnished(account)


def _function(made: Place, what: str, folder: str, environment: Mapping[str, Any]) -> None:
    functions, name = made.client("lambda"), names.named(made.environment, what)
    functions.create_function(
        FunctionName=name,
        Role=names.role_arn(made.environment, what),
        Runtime="python3.11",
        Handler=f"{folder}.handler.handle",
        Code={"ZipFile": package.build(what).read_bytes()},
        Environment={"Variables": dict(environment)},
        Timeout=60,
        MemorySize=512,
    )
    functions.add_permission(
        FunctionName=name,
        StatementId="rotation",
        Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com",
        SourceAccount=made.environment.account,
    )


def _secret(made: Place, secret: Secret) -> None:
    secrets, name = made.client("secretsmanager"), derive.secret_name(made.environment, secret)
    tags = derive.secret_tags(made.environment, made.catalog, secret)
    marker = secrets.create_secret(
        Name=name,
        SecretString=json.dumps(derive.marker(made.environment, secret)),
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
    secrets.update_secret_version_stage(
        SecretId=name, VersionStage=derive.BOOTSTRAP_LABEL, MoveToVersionId=marker["VersionId"]
    )
    if secret.spec.target in TARGETS:
        secrets.rotate_secret(
            SecretId=name,
            RotationLambdaARN=names.function_arn(made.environment, names.rotator(secret.spec.target)),
            RotationRules={"AutomaticallyAfterDays": derive.rotation_days(made.catalog, secret)},
            RotateImmediately=False,
        )
        eventually(lambda: not any("AWSPENDING" in labels for labels in made.stages(secret).values()), seconds=60)
