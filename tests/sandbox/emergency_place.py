"""A local AWS that has only what the emergency's machine touches, with IAM enforced.

Secrets of a small catalogue, one rotation function under the names that the machine's role may invoke, a bucket, a
topic and a queue that hears it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3

from catalog import derive, load, names
from catalog.access.boundary import boundary_policy
from catalog.access.emergency import emergency_policy, emergency_trust
from catalog.access.key import key_policy
from catalog.access.topic import topic_policy
from catalog.emergency.machine import MACHINE, definition, log_group
from catalog.emergency.rotation import Pace
from catalog.model import Catalog
from catalog.names import Duty
from sandbox.aws.settings import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET
from tests.contract.aws.harness import eventually, zipped

STAGING = load.environment("staging")
KEPT = ("db-password", "db-app-password", "jwt-secret", "redis-password", "grafana-secret-key", "sentry-dsn")
ROTATED = KEPT[:-1]
CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"
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
        sm.update_secret_version_stage(SecretId=secret, VersionStage="AWSPENDING", RemoveFromVersionId=token)
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
    functions = {target: _function(bare, target) for target in CATALOG.targets}
    secrets = bare.client("secretsmanager")
    for secret in CATALOG.secrets:
        secrets.create_secret(Name=full_name(secret.name), SecretString="first")
        secrets.rotate_secret(
            SecretId=full_name(secret.name),
            RotationLambdaARN=functions[secret.spec.target],
            RotationRules={"AutomaticallyAfterDays": 90},
            RotateImmediately=False,
        )
    for name in KEPT:  # their configuration is being tried out until then
        eventually(lambda name=name: PENDING not in bare.versions(name))  # type: ignore[misc]
    key = _key(bare)
    _bucket(bare, key)
    return Place(endpoint=endpoint, queue=_topic_with_queue(bare, key), machine=_machine(bare, key))


def _key(place: Place) -> str:
    """The key for logs: bucket, topic and log group are encrypted with it."""
    people = {"Effect": "Allow", "Principal": {"AWS": STAGING.account}, "Action": "sts:AssumeRole"}
    _role(place, Duty.SECURITY_ADMIN, _document(people), _document({"Effect": "Deny", "Action": "*", "Resource": "*"}))
    kms = place.client("kms")
    key: str = kms.create_key(Policy=json.dumps(key_policy(STAGING, "logs")))["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName=derive.key_alias(STAGING, "logs"), TargetKeyId=key)
    return key


def _bucket(place: Place, key: str) -> None:
    s3, bucket = place.client("s3"), names.bucket(STAGING, "audit-queries")
    s3.create_bucket(Bucket=bucket)
    encrypted = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [encrypted]})


def _topic_with_queue(place: Place, key: str) -> str:
    sns, sqs = place.client("sns"), place.client("sqs")
    settings = {"KmsMasterKeyId": key, "Policy": json.dumps(topic_policy(STAGING))}
    topic = sns.create_topic(Name=names.TOPIC)["TopicArn"]
    queue: str = sqs.create_queue(QueueName="hears")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    may = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(_document({**may, "Resource": arn}))})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    for name, value in settings.items():  # last: the topic's policy lets nobody subscribe a queue of ours
        sns.set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue=value)
    return queue


def _machine(place: Place, key: str) -> str:
    iam, name = place.client("iam"), names.named(STAGING, MACHINE)
    role = _role(place, MACHINE, emergency_trust(STAGING), emergency_policy(STAGING, CATALOG))
    boundary = iam.create_policy(
        PolicyName=names.named(STAGING, "boundary"), PolicyDocument=json.dumps(boundary_policy(STAGING))
    )["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
    place.client("logs").create_log_group(logGroupName=log_group(STAGING), kmsKeyId=key)
    destination = {"cloudWatchLogsLogGroup": {"logGroupArn": names.log_group_arn(STAGING, log_group(STAGING))}}
    arn: str = place.client("stepfunctions").create_state_machine(
        name=name,
        roleArn=role,
        definition=json.dumps(definition(STAGING, CATALOG, PACE)),
        loggingConfiguration={"level": "ALL", "includeExecutionData": False, "destinations": [destination]},
        tracingConfiguration={"enabled": True},
    )["stateMachineArn"]
    return arn


def _function(place: Place, target: str) -> str:
    what = names.rotator(target)
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    may = {"Effect": "Allow", "Action": ["secretsmanager:*", "logs:*"], "Resource": "*"}
    role = _role(place, what, _document(trust), _document(may))
    functions = place.client("lambda")
    arn: str = functions.create_function(
        FunctionName=names.named(STAGING, what),
        Role=role,
        Runtime="python3.11",
        Handler="f.handle",
        Code={"ZipFile": zipped(ROTATES)},
        Timeout=20,
    )["FunctionArn"]
    functions.add_permission(
        FunctionName=arn,
        StatementId="rotation",
        Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com",
        SourceAccount=STAGING.account,
    )
    return arn


def _role(place: Place, what: str, trust: Mapping[str, Any], policy: Mapping[str, Any]) -> str:
    iam, name = place.client("iam"), names.named(STAGING, what)
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName=what, PolicyDocument=json.dumps(policy))
    return arn


def _document(statement: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [statement]}
