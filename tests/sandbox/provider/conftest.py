"""A provider in this process, against a local AWS of this process."""

import json
import logging
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from pulumi.runtime.proto import provider_pb2

from sandbox.aws import process
from sandbox.aws.settings import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET
from sandbox.provider.server import AwsProvider
from sandbox.provider.values import Asset, encode
from tests.sandbox.provider import moto_additions
from tests.sandbox.provider.driver import Driver, RefusedError
from tests.sandbox.provider.surroundings_access import AccessSurroundings

REGION = "us-east-1"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of these tests."""
    config.addinivalue_line("markers", "layered: stock moto cannot keep it, so it runs on the sandbox's own local AWS")


@dataclass(kw_only=True)
class Surroundings(AccessSurroundings):
    """What a resource may need beside it, made on demand and once."""

    driver: Any
    folder: Path
    made: dict[str, Any] = field(default_factory=dict)

    @property
    def trust(self) -> str:
        return TRUST

    def allowing(self, action: str) -> str:
        statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    def __getattr__(self, name: str) -> Any:
        if name not in self.made:
            self.made[name] = getattr(self, f"_{name}")()
        return self.made[name]

    def _name(self) -> str:
        return f"it-{uuid.uuid4().hex[:8]}"

    def _key(self) -> str:
        return str(self.driver.create("aws:kms/key:Key", {}).id)

    def _other_key(self) -> str:
        return str(self.driver.create("aws:kms/key:Key", {}).id)

    def _role(self) -> Any:
        return self.driver.create("aws:iam/role:Role", {"assumeRolePolicy": self.trust})

    def _policy(self) -> str:
        return str(
            self.driver.create("aws:iam/policy:Policy", {"policy": self.allowing("s3:GetObject")}).outputs["arn"]
        )

    def _secret(self) -> str:
        return str(self.driver.create("aws:secretsmanager/secret:Secret", {"recoveryWindowInDays": 0}).id)

    def _secret_with_value(self) -> str:
        secret = self._secret()
        self.driver.create(
            "aws:secretsmanager/secretVersion:SecretVersion", {"secretId": secret, "secretString": "marker"}
        )
        return secret

    def _topic(self) -> str:
        return str(self.driver.create("aws:sns/topic:Topic", {}).id)

    def _queue(self) -> str:
        return str(self.driver.create("aws:sqs/queue:Queue", {}).id)

    def _bucket(self) -> str:
        return str(self.driver.create("aws:s3/bucket:Bucket", {"forceDestroy": True}).id)

    def _other_bucket(self) -> str:
        return self._bucket()

    def _locked_bucket(self) -> str:
        return str(self.driver.create("aws:s3/bucket:Bucket", {"objectLockEnabled": True}).id)

    def _trail_bucket(self) -> str:
        bucket, service = self._bucket(), {"Service": "cloudtrail.amazonaws.com"}
        places = {"s3:GetBucketAcl": f"arn:aws:s3:::{bucket}", "s3:PutObject": f"arn:aws:s3:::{bucket}/*"}
        statements = [
            {"Effect": "Allow", "Principal": service, "Action": action, "Resource": place}
            for action, place in places.items()
        ]
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.driver.create("aws:s3/bucketPolicy:BucketPolicy", {"bucket": bucket, "policy": policy})
        return bucket

    def _trail_topic(self) -> str:
        topic, service = self._topic(), {"Service": "cloudtrail.amazonaws.com"}
        statement = {"Effect": "Allow", "Principal": service, "Action": "SNS:Publish", "Resource": topic}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.driver.create("aws:sns/topicPolicy:TopicPolicy", {"arn": topic, "policy": policy})
        return topic

    def _trail_role(self) -> str:
        trust = TRUST.replace("lambda.amazonaws.com", "cloudtrail.amazonaws.com")
        role = self.driver.create("aws:iam/role:Role", {"assumeRolePolicy": trust})
        self.driver.create("aws:iam/rolePolicy:RolePolicy", {"role": role.id, "policy": self.allowing("logs:*")})
        return str(role.outputs["arn"])

    def _trail_log(self) -> str:
        return f"{self.driver.create('aws:cloudwatch/logGroup:LogGroup', {}).outputs['arn']}:*"

    def _scheduler_role(self) -> str:
        trust = TRUST.replace("lambda.amazonaws.com", "scheduler.amazonaws.com")
        return str(self.driver.create("aws:iam/role:Role", {"assumeRolePolicy": trust}).outputs["arn"])

    def _log_group(self) -> str:
        return str(self.driver.create("aws:cloudwatch/logGroup:LogGroup", {}).id)

    def _rule(self) -> str:
        inputs = {"scheduleExpression": "rate(1 day)"}
        return str(self.driver.create("aws:cloudwatch/eventRule:EventRule", inputs).id)

    def _schedule_group(self) -> str:
        return str(self.driver.create("aws:scheduler/scheduleGroup:ScheduleGroup", {}).id)

    def _workgroup(self) -> str:
        return str(self.driver.create("aws:athena/workgroup:Workgroup", {}).id)

    def _database(self) -> str:
        return str(self.driver.create("aws:glue/catalogDatabase:CatalogDatabase", {}).outputs["name"])

    def _alarm(self) -> str:
        watched = {"metricName": "Failures", "namespace": "Observatory", "statistic": "Sum", "period": 60}
        limit = {"comparisonOperator": "GreaterThanThreshold", "threshold": 1, "evaluationPeriods": 1}
        return str(self.driver.create("aws:cloudwatch/metricAlarm:MetricAlarm", {**watched, **limit}).id)

    def _queue_arn(self) -> str:
        return str(self.driver.create("aws:sqs/queue:Queue", {}).outputs["arn"])

    def _code(self) -> Asset:
        (self.folder / "code").mkdir(exist_ok=True)
        (self.folder / "code" / "handler.py").write_text("def handle(event, context):\n    return 1\n")
        return Asset(archive=True, fields={"path": str(self.folder / "code"), "hash": "a"})

    def _function(self, **more: Any) -> Any:
        return self.driver.create(
            "aws:lambda/function:Function",
            {
                **more,
                "code": self.code,
                "role": self.role.outputs["arn"],
                "handler": "handler.handle",
                "runtime": "python3.11",
            },
        )


@pytest.fixture(scope="session")
def local_aws() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto_additions.install()
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    # Without this moto looks for Docker to run a function in, and fails where there is none.
    settings = urllib.request.Request(
        f"{url}/moto-api/config", data=b'{"lambda": {"use_docker": false}}', method="POST"
    )
    urllib.request.urlopen(settings).close()
    yield url
    server.stop()


@pytest.fixture(scope="session")
def layered_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    state = tmp_path_factory.mktemp("aws")
    yield process.start(state, "222233334444", REGION).endpoint
    process.stop(state)


@pytest.fixture
def aws_environment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Stock moto, or the sandbox's own local AWS for a type whose case says that moto cannot keep it."""
    layered = request.node.get_closest_marker("layered") is not None
    local_aws = str(request.getfixturevalue("layered_aws" if layered else "local_aws"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", local_aws)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ADMINISTRATOR_KEY if layered else "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", ADMINISTRATOR_SECRET if layered else "local")
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    return local_aws


@pytest.fixture
def driver(aws_environment: str) -> Driver:
    made = Driver(provider=AwsProvider())
    made.provider.configure(provider_pb2.ConfigureRequest(args=encode({"region": REGION})), made.context)
    return made


@pytest.fixture
def aws(aws_environment: str) -> Any:
    # A session of its own: the default one keeps the credentials of the first test that asked.
    make: Any = boto3.session.Session().client

    def client(service: str) -> Any:
        return make(service, region_name=REGION, endpoint_url=aws_environment)

    return client


@pytest.fixture
def around(driver: Driver, tmp_path: Path) -> Surroundings:
    return Surroundings(driver=driver, folder=tmp_path)


@pytest.fixture
def refused() -> type[RefusedError]:
    return RefusedError
