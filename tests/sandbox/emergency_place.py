"""A local AWS that has only what the emergency's machine touches, with IAM enforced.

Secrets of a small catalogue, a rotation function under each name that the machine's role may invoke, the function
`retire`, a bucket, a topic and a queue that hears it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import boto3

from catalog import derive, load, names
from catalog.emergency.pace import Pace
from catalog.model import Catalog
from sandbox.aws.settings import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET
from tests.contract.aws.harness import eventually, zipped
from tests.sandbox.emergency_machine import Account, document, make_role
from tests.sandbox.emergency_machine import furnished as machine_and_queue

STAGING = load.environment("staging")
KEPT = ("db-password", "db-app-password", "jwt-secret", "redis-password", "grafana-secret-key", "anthropic-api-key")
ROTATED = KEPT[:-1]
BY_HAND = KEPT[-1]
CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"
PACE = Pace(seconds=1, looks=25)

# Fails while the secret has the tag Broken; holds its value back while it has the tag Slow.
ROTATES = """
import time
import boto3

sm = boto3.client("secretsmanager")

def handle(event, context):
    secret, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    described = sm.describe_secret(SecretId=secret)
    tags = {tag["Key"] for tag in described.get("Tags", [])}
    stages = described["VersionIdsToStages"]
    if "Broken" in tags:
        raise RuntimeError("broken")
    if "Slow" in tags and step == "createSecret":
        time.sleep(3)
    if step == "createSecret":
        sm.put_secret_value(SecretId=secret, ClientRequestToken=token, SecretString=token, VersionStages=["AWSPENDING"])
    if step == "finishSecret":
        current = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
        sm.update_secret_version_stage(
            SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current)
        time.sleep(1)  # so that AWSPENDING is seen beside AWSCURRENT, before the service clears it
"""

# Fails while the secret has the tag Held, answers that it is in use while it has the tag Used.
RETIRES = """
import boto3

sm = boto3.client("secretsmanager")

def handle(event, context):
    described = sm.describe_secret(SecretId=event["secret"])
    tags = {tag["Key"] for tag in described.get("Tags", [])}
    holders = {label: id for id, labels in described["VersionIdsToStages"].items() for label in labels}
    if "Held" in tags:
        raise RuntimeError("held")
    if "Used" in tags:
        return {"outcome": "straggling", "stragglers": ["somebody"], "until": None}
    if holders["AWSCURRENT"] != event["version"]:
        return {"outcome": "superseded", "stragglers": [], "until": None}
    if "AWSPREVIOUS" not in holders:
        return {"outcome": "nothing to retire", "stragglers": [], "until": None}
    sm.update_secret_version_stage(
        SecretId=event["secret"], VersionStage="AWSPREVIOUS", RemoveFromVersionId=holders["AWSPREVIOUS"])
    return {"outcome": "retired", "stragglers": [], "until": None}
"""


def _small_catalogue() -> Catalog:
    whole = load.catalog().model_dump(mode="json")
    kept = [secret for secret in whole["secrets"] if secret["name"] in KEPT]
    used = {name for secret in kept for name in secret["consumers"]}
    consumers = [consumer for consumer in whole["consumers"] if consumer["name"] in used]
    return Catalog.model_validate(whole | {"secrets": kept, "consumers": consumers, "derived": []})


CATALOG = _small_catalogue()


@dataclass(frozen=True, kw_only=True)
class Place:
    """A local AWS with the machine in it."""

    endpoint: str
    machine: str
    queue: str

    def client(self, service: str) -> Any:
        """A client of the administrator."""
        create: Any = boto3.client
        return create(
            service,
            region_name=STAGING.region,
            endpoint_url=self.endpoint,
            aws_access_key_id=ADMINISTRATOR_KEY,
            aws_secret_access_key=ADMINISTRATOR_SECRET,
        )

    def versions(self, name: str) -> dict[str, str]:
        """The version under each label of a secret."""
        stages = self.client("secretsmanager").describe_secret(SecretId=full_name(name))["VersionIdsToStages"]
        return {label: version for version, labels in stages.items() for label in labels}

    def current(self) -> dict[str, str]:
        """The current version of every secret."""
        return {name: self.versions(name)[CURRENT] for name in KEPT}

    def tag(self, name: str, key: str) -> None:
        """Make the function fail on a secret, or be slow with it."""
        self.client("secretsmanager").tag_resource(SecretId=full_name(name), Tags=[{"Key": key, "Value": "yes"}])

    def untag(self, name: str, key: str) -> None:
        """Take that away again."""
        self.client("secretsmanager").untag_resource(SecretId=full_name(name), TagKeys=[key])

    def made_anew(self, name: str, labels: Sequence[str]) -> str:
        """The secret with one version and these labels on it; returns its id."""
        secrets = self.client("secretsmanager")
        secrets.delete_secret(SecretId=full_name(name), ForceDeleteWithoutRecovery=True)
        self.create(name)
        version = self.versions(name)[CURRENT]
        for label in labels:
            secrets.update_secret_version_stage(SecretId=full_name(name), VersionStage=label, MoveToVersionId=version)
        return version

    def create(self, name: str) -> None:
        """The secret with a first value, and rotation switched on."""
        secrets, target = self.client("secretsmanager"), CATALOG.by_name[name].spec.target
        secrets.create_secret(Name=full_name(name), SecretString="first")
        secrets.rotate_secret(
            SecretId=full_name(name),
            RotationLambdaARN=names.function_arn(STAGING, names.rotator(target)),
            RotationRules={"AutomaticallyAfterDays": 90},
            RotateImmediately=False,
        )
        eventually(lambda: PENDING not in self.versions(name))  # its configuration is being tried out until then

    def start(self, given: Mapping[str, Any]) -> str:
        """A new execution's ARN."""
        states = self.client("stepfunctions")
        return str(states.start_execution(stateMachineArn=self.machine, input=json.dumps(given))["executionArn"])

    def ended(self, execution: str) -> dict[str, Any]:
        """DescribeExecution once it runs no more."""
        states = self.client("stepfunctions")

        def found() -> dict[str, Any] | None:
            described: dict[str, Any] = states.describe_execution(executionArn=execution)
            return described if described["status"] != "RUNNING" else None

        return eventually(found, seconds=120)

    def run(self, incident: str, scope: Any) -> dict[str, Any]:
        """What one execution came to."""
        return self.ended(self.start({"incident": incident, "scope": scope, "reason": "a laptop was stolen"}))

    def heard(self) -> dict[str, Any]:
        """The one message of the topic, taken from the queue."""
        sqs = self.client("sqs")

        def received() -> list[Any]:
            found: list[Any] = sqs.receive_message(QueueUrl=self.queue, WaitTimeSeconds=1).get("Messages", [])
            return found

        [message] = eventually(received)
        sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        told: dict[str, Any] = json.loads(json.loads(message["Body"])["Message"])
        return told


def full_name(name: str) -> str:
    """The name that the secret has in AWS."""
    return derive.secret_name(STAGING, CATALOG.by_name[name])


def furnished(endpoint: str) -> Place:
    """The place, once all that the machine touches is there."""
    bare = Place(endpoint=endpoint, machine="", queue="")
    for target in CATALOG.targets:
        _rotator(bare, target)
    _function(bare, names.RETIRE, RETIRES)
    for secret in CATALOG.secrets:
        bare.create(secret.name)
    machine, queue = machine_and_queue(_account(bare))
    return Place(endpoint=endpoint, queue=queue, machine=machine)


def _account(place: Place) -> Account:
    return Account(client=place.client, environment=STAGING, catalog=CATALOG, pace=PACE)


def _rotator(place: Place, target: str) -> None:
    arn = _function(place, names.rotator(target), ROTATES)
    place.client("lambda").add_permission(
        FunctionName=arn,
        StatementId="rotation",
        Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com",
        SourceAccount=STAGING.account,
    )


def _function(place: Place, what: str, code: str) -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    may = {"Effect": "Allow", "Action": ["secretsmanager:*", "logs:*"], "Resource": "*"}
    role = make_role(_account(place), what, document(trust), document(may))
    arn: str = place.client("lambda").create_function(
        FunctionName=names.named(STAGING, what),
        Role=role,
        Runtime="python3.11",
        Handler="f.handle",
        Code={"ZipFile": zipped(code)},
        Timeout=20,
    )["FunctionArn"]
    return arn
