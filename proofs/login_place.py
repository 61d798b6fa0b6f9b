"""Where logins are counted: real servers, and a local AWS with the rotation functions as they are shipped."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from components.aws import package
from proofs.grants import EVERYTHING, TRUST
from rotation.targets.postgres_session import Login, connect
from rotation.targets.redis_session import Login as RedisLogin
from rotation.targets.redis_session import RedisSession
from rotation.targets.redis_session import connect as connect_redis
from sandbox.aws import process
from sandbox.aws.functions.runtime import ensure_runtime
from sandbox.aws.settings import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET
from sandbox.servers import postgres, redis
from sandbox.servers.server import Server
from tests.servers import INITIAL_PASSWORD, reachable_folder, running

ACCOUNT, REGION = "222233334444", "us-east-1"
PREFIX = "llm-observatory/staging/"
SUPERUSER = PREFIX + "db-superuser-password"
DATABASE = "llm_observatory"
WATCHER = "harness"
_DOES_NOTHING = "def handle(event, context):\n    return None\n"


def client(endpoint: str, service: str) -> Any:
    """A client of the local AWS that tries once, so that no trouble hides behind a second try."""
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=ADMINISTRATOR_KEY,
        aws_secret_access_key=ADMINISTRATOR_SECRET,
        config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
    )


@dataclass(frozen=True, kw_only=True)
class Place:
    """The servers, the local AWS and the rotation function of each engine."""

    postgres: Server
    redis: Server
    endpoint: str
    ca_file: Path
    functions: Mapping[str, str]

    def secret(self, engine: str, name: str, document: Mapping[str, object], overlap: int) -> str:
        """A secret as Pulumi leaves it: the marker, its tags and its label. Returns its whole name."""
        server = self.postgres if engine == "postgres" else self.redis
        place = {"engine": engine, "host": server.host, "port": server.port}
        kind = "redis" if engine == "redis" else "postgres-role" if "usernames" in document else "postgres-superuser"
        tags = {"Environment": "staging", "Kind": kind, "OverlapSeconds": str(overlap)}
        secrets = client(self.endpoint, "secretsmanager")
        made = secrets.create_secret(
            Name=PREFIX + name,
            SecretString=json.dumps({**place, **document}),
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
        secrets.update_secret_version_stage(
            SecretId=made["ARN"], VersionStage="LLMOBS_BOOTSTRAP", MoveToVersionId=made["VersionId"]
        )
        return PREFIX + name

    def give(self, name: str, password: str) -> None:
        """A first password, as `secretsctl bootstrap` gives it."""
        secrets = client(self.endpoint, "secretsmanager")
        document = json.loads(secrets.get_secret_value(SecretId=name)["SecretString"])
        secrets.put_secret_value(SecretId=name, SecretString=json.dumps({**document, "password": password}))

    def sql(self, statement: str) -> list[list[Any]]:
        """A statement as the superuser."""
        login = Login(
            host=self.postgres.host,
            port=self.postgres.port,
            dbname=DATABASE,
            username="postgres",
            password=INITIAL_PASSWORD,
        )
        with connect(login, self.postgres.ca_pem) as session:
            return session.run(statement)

    def redis_session(self) -> RedisSession:
        """A connection as the harness's own user, which no rotation touches."""
        login = RedisLogin(
            host=self.redis.host, port=self.redis.port, db=0, username=WATCHER, password=INITIAL_PASSWORD
        )
        return connect_redis(login, self.redis.ca_pem)


@contextmanager
def place() -> Iterator[Place]:
    """Start everything, deploy, and stop it all at the end."""
    ensure_runtime()
    with (
        reachable_folder() as folder,
        running(postgres, folder, "postgres") as database,
        running(redis, folder, "redis") as cache,
    ):
        ca_file = folder / "ca.pem"
        ca_file.write_text(database.ca_pem, encoding="utf-8")
        cloud = process.start(folder / "aws", ACCOUNT, REGION, retry_delays=(1.0, 2.0), timeout=120)
        try:
            made = Place(
                postgres=database,
                redis=cache,
                endpoint=cloud.endpoint,
                ca_file=ca_file,
                functions=_deployed(cloud.endpoint, {"postgres": database, "redis": cache}),
            )
            made.give(made.secret("postgres", "db-superuser-password", _SUPERUSER, 0), INITIAL_PASSWORD)
            _prepare_redis(made)
            yield made
        finally:
            process.stop(folder / "aws", timeout=120)


_SUPERUSER = {"dbname": DATABASE, "username": "postgres"}


def _deployed(endpoint: str, servers: Mapping[str, Server]) -> Mapping[str, str]:
    iam, functions = client(endpoint, "iam"), client(endpoint, "lambda")
    role = iam.create_role(RoleName="proof", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName="proof", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
    queue = client(endpoint, "sqs").create_queue(QueueName="proof")["QueueUrl"].rsplit("/", 1)[-1]

    def function(name: str, code: bytes, handler: str, variables: Mapping[str, str]) -> str:
        arn: str = functions.create_function(
            FunctionName=name,
            Role=role,
            Runtime="python3.11",
            Handler=handler,
            Code={"ZipFile": code},
            Environment={"Variables": dict(variables)},
            Timeout=60,
            MemorySize=512,
        )["FunctionArn"]
        return arn

    # The proof retires on its own, at the moment that the overlap is over: a schedule may take a minute more.
    retire = function("retire", _zipped(_DOES_NOTHING), "f.handle", {})
    common = {
        "ENVIRONMENT": "staging",
        "RETIRE_FUNCTION_ARN": retire,
        "RETIRE_ROLE_ARN": role,
        "RETIRE_DEAD_LETTERS_ARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
    }
    own = {
        "postgres": {"KINDS": "postgres-role,postgres-superuser", "ADMIN_SECRET_IDS": f"postgres-role={SUPERUSER}"},
        "redis": {"KINDS": "redis"},
    }
    arns = {}
    for engine, server in servers.items():
        code = package.build(f"rotate-{engine}").read_bytes()
        variables = {**common, **own[engine], "TARGET": engine, "CA_PEM": server.ca_pem}
        arns[engine] = function(f"rotate-{engine}", code, "rotation.handler.handle", variables)
        functions.add_permission(
            FunctionName=f"rotate-{engine}",
            StatementId="rotation",
            Action="lambda:InvokeFunction",
            Principal="secretsmanager.amazonaws.com",
            SourceAccount=ACCOUNT,
        )
    return arns


def _prepare_redis(made: Place) -> None:
    """The harness's own user, and a log of refusals that keeps them all."""
    login = RedisLogin(host=made.redis.host, port=made.redis.port, db=0, username="default", password=INITIAL_PASSWORD)
    with connect_redis(login, made.redis.ca_pem) as session:
        session.run("ACL", "SETUSER", WATCHER, "on", f">{INITIAL_PASSWORD}", "~*", "&*", "+@all")
        session.run("CONFIG", "SET", "acllog-max-len", "100000")


def _zipped(code: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("f.py", code)
    return buffer.getvalue()
