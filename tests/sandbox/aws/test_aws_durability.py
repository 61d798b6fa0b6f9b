"""Nothing that was answered is lost: every test ends the process with SIGKILL and starts it again."""

import io
import json
import os
import signal
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws import process
from tests.contract.aws.harness import ContractAws, eventually, token

ACCOUNT, REGION = "222233334444", "us-east-1"
SLOW_ROTATION = """
import boto3, time

def handle(event, context):
    print("step", event["Step"], event["ClientRequestToken"])
    secret, token = event["SecretId"], event["ClientRequestToken"]
    sm = boto3.client("secretsmanager")
    if event["Step"] == "createSecret":
        sm.put_secret_value(SecretId=secret, ClientRequestToken=token, SecretString="new", VersionStages=["AWSPENDING"])
    if event["Step"] == "setSecret":
        time.sleep(1.5)
    if event["Step"] == "finishSecret":
        stages = sm.describe_secret(SecretId=secret)["VersionIdsToStages"]
        current = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
        sm.update_secret_version_stage(
            SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current)
"""


class Restartable:
    """A local AWS that can be killed and started again on the same state."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.aws = self._started()

    def crash(self) -> ContractAws:
        """SIGKILL, then a new process."""
        local = process.find(self.state)
        assert local is not None
        os.kill(local.pid, signal.SIGKILL)
        os.waitpid(local.pid, 0)
        self.aws = self._started()
        return self.aws

    def _started(self) -> ContractAws:
        local = process.start(self.state, ACCOUNT, REGION, retry_delays=(0.2,))
        return ContractAws(kind="sandbox", endpoint=local.endpoint, account=ACCOUNT, region=REGION)


@pytest.fixture(scope="module")
def restartable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restartable]:
    """One local AWS whose state grows from test to test; stopped at the end."""
    subject = Restartable(tmp_path_factory.mktemp("durable"))
    yield subject
    process.stop(subject.state)


def test_keys_roles_functions_queues_topics_objects_and_logs_are_there_after_a_kill(restartable: Restartable) -> None:
    aws = restartable.aws
    kms, iam, s3 = aws.client("kms"), aws.client("iam"), aws.client("s3")
    key = kms.create_key(Description="k")["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/k", TargetKeyId=key)
    signing = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"plain")["CiphertextBlob"]
    signed = kms.sign(KeyId=signing, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")["Signature"]
    function = aws.function("def handle(e, c):\n    print('here'); return 41")
    iam.attach_role_policy(
        RoleName="llmobs-contract", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    )
    role = iam.get_role(RoleName="llmobs-contract")["Role"]
    big = os.urandom(300_000)
    s3.create_bucket(Bucket="llmobs-bucket")
    s3.put_object(Bucket="llmobs-bucket", Key="k", Body=big)
    queue = aws.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    aws.client("sqs").send_message(QueueUrl=queue, MessageBody="m")
    topic = aws.client("sns").create_topic(Name="t")["TopicArn"]
    aws.client("ssm").put_parameter(Name="p", Value="v", Type="String")
    aws.client("events").put_rule(Name="r", ScheduleExpression="rate(1 day)")
    aws.client("lambda").invoke(FunctionName=function)

    aws = restartable.crash()
    kms = aws.client("kms")
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"plain"
    assert kms.describe_key(KeyId="alias/k")["KeyMetadata"]["Arn"] == key
    assert kms.verify(KeyId=signing, Message=b"m", Signature=signed, SigningAlgorithm="ECDSA_SHA_256")["SignatureValid"]
    iam = aws.client("iam")
    assert iam.get_role(RoleName="llmobs-contract")["Role"] == role
    attached = iam.list_attached_role_policies(RoleName="llmobs-contract")["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in attached] == ["AWSLambdaBasicExecutionRole"]
    assert json.loads(aws.client("lambda").invoke(FunctionName=function)["Payload"].read()) == 41
    assert sum(line == "here" for line in aws.log_of(function)) == 2
    assert aws.client("s3").get_object(Bucket="llmobs-bucket", Key="k")["Body"].read() == big
    local_queue = aws.client("sqs").get_queue_url(QueueName="q")["QueueUrl"]
    assert aws.client("sqs").receive_message(QueueUrl=local_queue)["Messages"][0]["Body"] == "m"
    assert aws.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["TopicArn"] == topic
    assert aws.client("ssm").get_parameter(Name="p")["Parameter"]["Value"] == "v"
    assert aws.client("events").describe_rule(Name="r")["ScheduleExpression"] == "rate(1 day)"


def test_what_is_deleted_stays_deleted_and_its_bytes_leave_the_disk(restartable: Restartable) -> None:
    s3 = restartable.aws.client("s3")
    s3.create_bucket(Bucket="llmobs-emptied")
    s3.put_object(Bucket="llmobs-emptied", Key="k", Body=os.urandom(200_000))
    s3.delete_object(Bucket="llmobs-emptied", Key="k")
    s3 = restartable.crash().client("s3")
    assert s3.list_objects_v2(Bucket="llmobs-emptied")["KeyCount"] == 0


def test_secrets_with_all_their_versions_labels_and_policies_are_there_after_a_kill(restartable: Restartable) -> None:
    aws = restartable.aws
    secret = aws.secret(Tags=[{"Key": "Tier", "Value": "1"}])
    for value in ("second", "third"):
        aws.sm.put_secret_value(SecretId=secret, SecretString=value)
    before = aws.sm.describe_secret(SecretId=secret)
    after = restartable.crash().sm.describe_secret(SecretId=secret)
    assert {**before, "ResponseMetadata": 0} == {**after, "ResponseMetadata": 0}
    assert restartable.aws.sm.get_secret_value(SecretId=secret)["SecretString"] == "third"


def test_every_acknowledged_write_survives_a_kill_at_any_moment(restartable: Restartable) -> None:
    aws = restartable.aws
    secret = aws.secret()
    written = [aws.sm.put_secret_value(SecretId=secret, SecretString=f"v{n}")["VersionId"] for n in range(20)]
    listed = restartable.crash().sm.list_secret_version_ids(SecretId=secret, IncludeDeprecated=True)["Versions"]
    assert set(written) <= {version["VersionId"] for version in listed}


def test_a_rotation_in_flight_is_finished_by_the_next_process(restartable: Restartable) -> None:
    aws = restartable.aws
    secret, function = aws.secret(), aws.function(SLOW_ROTATION)
    version = aws.sm.rotate_secret(
        SecretId=secret, RotationLambdaARN=function, RotationRules={"AutomaticallyAfterDays": 30}
    )["VersionId"]
    eventually(lambda: _pending_has_value(aws, secret, version))
    aws = restartable.crash()
    eventually(lambda: aws.sm.describe_secret(SecretId=secret).get("LastRotatedDate"), seconds=30)
    assert aws.sm.get_secret_value(SecretId=secret)["VersionId"] == version


def test_an_accepted_event_is_run_by_the_next_process(restartable: Restartable) -> None:
    aws = restartable.aws
    function = aws.function("import time\ndef handle(e, c):\n    time.sleep(1); print('done', e['n'])")
    aws.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=b'{"n": 5}')
    aws = restartable.crash()
    eventually(lambda: any("done 5" in line for line in aws.log_of(function)), seconds=30)


def test_no_value_is_readable_in_the_state_folder(restartable: Restartable) -> None:
    planted = token()
    restartable.aws.secret(planted)
    restartable.crash()
    assert not [
        path for path in restartable.state.rglob("*") if path.is_file() and planted.encode() in path.read_bytes()
    ]


def test_ten_threads_that_swap_one_label_never_lose_an_update(restartable: Restartable) -> None:
    aws = restartable.aws
    secret = aws.secret()
    first = aws.holder(secret, "AWSCURRENT")
    versions = [token() for _ in range(10)]
    for version in versions:
        aws.sm.put_secret_value(
            SecretId=secret, ClientRequestToken=version, SecretString=version, VersionStages=[f"V-{version[:8]}"]
        )

    def swap(version: str) -> bool:
        client: Any = aws.sm
        try:
            client.update_secret_version_stage(
                SecretId=secret, VersionStage="AWSCURRENT", RemoveFromVersionId=first, MoveToVersionId=version
            )
        except client.exceptions.InvalidParameterException:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(swap, versions)) == 1


def test_a_zip_of_many_files_keeps_its_executable_bits(restartable: Restartable) -> None:
    aws = restartable.aws
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("f.py", "import os\ndef handle(e, c): return os.access('tool', os.X_OK)")
        entry = zipfile.ZipInfo("tool")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, "#!/bin/sh\n")
    function = aws.function("def handle(e, c): return 0")
    aws.client("lambda").update_function_code(FunctionName=function, ZipFile=buffer.getvalue())
    assert json.loads(aws.client("lambda").invoke(FunctionName=function)["Payload"].read()) is True


def _pending_has_value(aws: ContractAws, secret: str, version: str) -> bool:
    listed = aws.sm.list_secret_version_ids(SecretId=secret)["Versions"]
    return any(item["VersionId"] == version for item in listed)


def test_an_execution_that_was_interrupted_is_failed_with_the_reason_and_not_running_for_ever(
    restartable: Restartable,
) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = restartable.aws.client("iam").create_role(
        RoleName="waits", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    states = restartable.aws.client("stepfunctions")
    definition = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": True}}}
    machine = states.create_state_machine(name="waits", roleArn=role, definition=json.dumps(definition))
    execution = states.start_execution(stateMachineArn=machine["stateMachineArn"], input="{}")["executionArn"]
    time.sleep(1.5)  # moto's own thread reaches the state and is written within a second
    ended = restartable.crash().client("stepfunctions").describe_execution(executionArn=execution)
    assert ended["status"] == "FAILED"
    assert "restarted" in ended["cause"]


def test_a_metric_an_alarm_and_a_notification_survive(restartable: Restartable) -> None:
    sns, cloudwatch = restartable.aws.client("sns"), restartable.aws.client("cloudwatch")
    topic = sns.create_topic(Name="survives")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="on-call@example.com")
    settings = {"Namespace": "n", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 5}
    compared = {"DatapointsToAlarm": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold"}
    cloudwatch.put_metric_alarm(AlarmName="survives", AlarmActions=[topic], **settings, **compared)
    cloudwatch.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 2.0}])

    def state() -> str:
        found: str = restartable.aws.client("cloudwatch").describe_alarms(AlarmNames=["survives"])["MetricAlarms"][0][
            "StateValue"
        ]
        return found

    eventually(lambda: state() == "ALARM")
    aws = restartable.crash()
    assert state() == "ALARM"
    local = process.find(restartable.state)
    assert local is not None
    mail = local.ask("GET", "mail")["mail"]
    assert [entry["to"] for entry in mail] == ["on-call@example.com"]
    assert [metric["MetricName"] for metric in aws.client("cloudwatch").list_metrics(Namespace="n")["Metrics"]] == ["m"]
