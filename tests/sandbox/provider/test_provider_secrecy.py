"""What must not be stored is not, and what is secret stays secret."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from sandbox.provider.connection import local_endpoint
from sandbox.provider.resource import ProviderError
from sandbox.provider.server import AwsProvider
from sandbox.provider.values import decode, encode

SECRET = "aws:secretsmanager/secret:Secret"
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
MARKER = "planted-marker-5e1"


@pytest.fixture
def version(driver: Any) -> Any:
    secret = driver.create(SECRET, {"recoveryWindowInDays": 0})
    return driver.create(
        VERSION,
        {
            "secretId": secret.id,
            "secretStringWo": MARKER,
            "secretStringWoVersion": 1,
            "versionStages": ["AWSCURRENT", "LLMOBS_BOOTSTRAP"],
        },
        secret=("secretStringWo",),
    )


def test_a_write_only_value_reaches_aws_and_no_output(version: Any, aws: Any) -> None:
    secret_id, _, version_id = version.id.partition("|")
    stored = aws("secretsmanager").get_secret_value(SecretId=secret_id, VersionId=version_id)
    assert stored["SecretString"] == MARKER
    assert MARKER not in str(version.wire)
    assert "secretString" not in version.outputs
    assert version.outputs["hasSecretStringWo"] is True


def test_a_write_only_value_is_an_input_only_as_a_secret_that_the_engine_encrypts(version: Any) -> None:
    assert "secretStringWo" in decode(version.inputs).secrets


def test_a_refresh_forgets_the_write_only_value_and_reads_none(driver: Any, version: Any) -> None:
    found = driver.read(version)
    assert MARKER not in str(found.wire)
    assert MARKER not in str(found.inputs)


def test_another_write_only_value_changes_nothing_until_its_version_does(driver: Any, version: Any) -> None:
    inputs = {**decode(version.inputs).values, "secretStringWo": "another"}
    assert not driver.diff(version, inputs).diffs
    assert list(driver.diff(version, {**inputs, "secretStringWoVersion": 2}).replaces) == ["secretStringWoVersion"]
    assert not driver.diff(version, {**inputs, "secretStringWoVersion": 2}).deleteBeforeReplace


def test_a_refresh_reads_the_labels_that_a_rotation_has_moved(driver: Any, version: Any, aws: Any) -> None:
    secret_id = version.id.partition("|")[0]
    aws("secretsmanager").put_secret_value(SecretId=secret_id, SecretString="rotated")
    found = driver.read(version)
    assert "AWSCURRENT" not in found.outputs["versionStages"]


def test_a_version_of_a_deleted_secret_is_gone(driver: Any, version: Any, aws: Any) -> None:
    aws("secretsmanager").delete_secret(SecretId=version.id.partition("|")[0], RecoveryWindowInDays=7)
    assert driver.read(version) is None


def test_a_secret_input_is_a_secret_output(driver: Any) -> None:
    secret = driver.create(SECRET, {"description": "kept quiet"}, secret=("description",))
    assert "description" in secret.secrets
    assert "kept quiet" not in str({name: value for name, value in secret.outputs.items() if name != "description"})


def test_a_secret_is_deleted_after_its_window_or_at_once(driver: Any, aws: Any) -> None:
    waiting = driver.create(SECRET, {"recoveryWindowInDays": 7})
    driver.delete(waiting)
    assert aws("secretsmanager").describe_secret(SecretId=waiting.id)["DeletedDate"]
    at_once = driver.create(SECRET, {"recoveryWindowInDays": 0})
    driver.delete(at_once)
    with pytest.raises(aws("secretsmanager").exceptions.ResourceNotFoundException):
        aws("secretsmanager").describe_secret(SecretId=at_once.id)


def test_a_name_is_made_once_and_kept_by_updates(driver: Any) -> None:
    made = driver.create(SECRET, {})
    assert made.outputs["name"].startswith("it-")
    updated = driver.update(made, {"description": "later"})
    assert updated.outputs["name"] == made.outputs["name"]


def test_a_given_name_makes_a_replacement_delete_first_and_a_made_one_does_not(driver: Any) -> None:
    role = {"assumeRolePolicy": '{"Version": "2012-10-17", "Statement": []}', "path": "/a/"}
    named = driver.create("aws:iam/role:Role", {**role, "name": "a-name-of-its-own"})
    assert driver.diff(named, {**role, "name": "a-name-of-its-own", "path": "/b/"}).deleteBeforeReplace
    unnamed = driver.create("aws:iam/role:Role", role)
    assert not driver.diff(unnamed, {**role, "path": "/b/"}).deleteBeforeReplace


def test_a_policy_that_says_the_same_differently_is_no_change(driver: Any) -> None:
    one = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*"],"Resource":"*"}]}'
    same = '{"Statement": [{"Resource": ["*"], "Action": "s3:Get*", "Effect": "Allow"}], "Version": "2012-10-17"}'
    policy = driver.create("aws:iam/policy:Policy", {"policy": one})
    assert not driver.diff(policy, {"policy": same}).diffs


def test_a_drift_at_aws_is_seen_by_the_next_refresh(driver: Any, aws: Any) -> None:
    secret = driver.create(SECRET, {})
    aws("secretsmanager").update_secret(SecretId=secret.id, Description="by hand")
    found = driver.read(secret)
    assert list(driver.diff(found, {}).diffs) == ["description"]


def test_an_error_of_aws_has_its_code_and_message_and_no_traceback(driver: Any, refused: type[Exception]) -> None:
    with pytest.raises(refused, match="AWS refused CreateAlias: NotFoundException") as caught:
        driver.create("aws:kms/alias:Alias", {"name": "alias/nowhere", "targetKeyId": "no-such-key"})
    assert "Traceback" not in str(caught.value)


def test_a_resource_whose_creation_fails_half_way_is_reported_with_its_id(
    driver: Any, refused: type[Exception], aws: Any
) -> None:
    with pytest.raises(refused):
        driver.create(
            "aws:iam/role:Role",
            {
                "name": "half-made",
                "assumeRolePolicy": '{"Version": "2012-10-17", "Statement": []}',
                "managedPolicyArns": ["arn:aws:iam::123456789012:policy/no-such-policy"],
            },
        )
    assert aws("iam").get_role(RoleName="half-made")
    assert b"half-made" in driver.context.metadata[0][1]


def test_an_unknown_type_says_where_to_add_it(driver: Any, refused: type[Exception]) -> None:
    with pytest.raises(refused, match=r"does not know the type 'aws:rds/instance:Instance'"):
        driver.create("aws:rds/instance:Instance", {})


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({}, "needs 'secretId'"),
        ({"secretId": "a"}, "exactly one of"),
        ({"secretId": "a", "secretStringWo": "b"}, "go together"),
        ({"secretId": "a", "secretString": "b", "versionStages": "c"}, "has to be a set of strings"),
    ],
)
def test_wrong_inputs_are_refused_before_anything_is_made(
    driver: Any, refused: type[Exception], inputs: dict[str, Any], reason: str
) -> None:
    with pytest.raises(refused, match=reason):
        driver.check(VERSION, inputs)


def test_the_caller_is_known(driver: Any) -> None:
    request = provider_pb2.InvokeRequest(tok="aws:index/getCallerIdentity:getCallerIdentity", args=encode({}))
    answer = decode(getattr(driver.provider.invoke(request, driver.context), "return")).values
    assert answer["accountId"] == "123456789012"


def test_an_account_that_is_not_allowed_is_refused(driver: Any, refused: type[Exception]) -> None:
    arguments = encode({"region": "us-east-1", "allowedAccountIds": '["222233334444"]'})
    with pytest.raises(refused, match=r"AWS account ID not allowed: 123456789012"):
        AwsProvider().configure(provider_pb2.ConfigureRequest(args=arguments), driver.context)


def test_configuration_that_would_be_ignored_is_refused(driver: Any) -> None:
    response = driver.provider.check_config(
        provider_pb2.CheckRequest(news=encode({"region": "us-east-1", "profile": "prod"})), driver.context
    )
    assert [failure.property for failure in response.failures] == ["profile"]


@pytest.mark.parametrize("url", [None, "", "https://kms.us-east-1.amazonaws.com", "http://10.0.0.7:5000"])
def test_an_endpoint_elsewhere_is_refused(url: str | None) -> None:
    with pytest.raises(ProviderError, match="AWS_ENDPOINT_URL"):
        local_endpoint(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:5000", "http://localhost:5000", "http://[::1]:5000"])
def test_an_endpoint_on_this_machine_is_taken(url: str) -> None:
    assert local_endpoint(url) == url


def test_the_process_does_not_start_without_a_local_aws() -> None:
    env = {"PATH": os.environ["PATH"], "AWS_ENDPOINT_URL": "https://kms.us-east-1.amazonaws.com"}
    root = Path(__file__).parents[3]
    result = subprocess.run(
        [sys.executable, "-m", "sandbox.provider", "127.0.0.1:1"],
        cwd=root,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stdout == ""
    assert "which is not on this machine" in result.stderr
    assert "Traceback" not in result.stderr
