"""Code signing of functions, and the jobs that sign.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html and
https://docs.aws.amazon.com/signer/latest/api/API_StartSigningJob.html.
"""

import io
import time
import uuid
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.harness import ContractAws

pytestmark = pytest.mark.diverges


def package(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, content in files.items():
            target.writestr(f"{name}.py", content)
    return buffer.getvalue()


UNSIGNED = package(handler="def handle(event, context):\n    return 1\n")


class Signing:
    """A signing profile, a versioned bucket, and what they make."""

    def __init__(self, aws: ContractAws) -> None:
        if aws.kind == "real":
            pytest.skip("a signing profile cannot be deleted, and its name is taken for ever")
        self.functions, self.signer, self.s3 = aws.client("lambda"), aws.client("signer"), aws.client("s3")
        self.bucket = f"contract-{uuid.uuid4().hex[:12]}"
        self.s3.create_bucket(Bucket=self.bucket)
        self.s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        self.profile = f"contract_{uuid.uuid4().hex[:12]}"
        answer = self.signer.put_signing_profile(profileName=self.profile, platformId="AWSLambda-SHA384-ECDSA")
        self.publisher = answer["profileVersionArn"]
        self.role = aws.client("iam").create_role(
            RoleName=f"contract-{uuid.uuid4().hex[:12]}",
            AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", '
            '"Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}',
        )["Role"]["Arn"]
        self.made: list[str] = []

    def config(self, policy: str, *publishers: str) -> str:
        return str(
            self.functions.create_code_signing_config(
                AllowedPublishers={"SigningProfileVersionArns": list(publishers or [self.publisher])},
                CodeSigningPolicies={"UntrustedArtifactOnDeployment": policy},
            )["CodeSigningConfig"]["CodeSigningConfigArn"]
        )

    def signed(self, content: bytes) -> bytes:
        version = self.s3.put_object(Bucket=self.bucket, Key="code.zip", Body=content)["VersionId"]
        job = self.signer.start_signing_job(
            source={"s3": {"bucketName": self.bucket, "key": "code.zip", "version": version}},
            destination={"s3": {"bucketName": self.bucket, "prefix": "signed/"}},
            profileName=self.profile,
        )["jobId"]
        for _ in range(60):
            described = self.signer.describe_signing_job(jobId=job)
            if described["status"] != "InProgress":
                break
            time.sleep(0.5)
        assert described["status"] == "Succeeded"
        done = described["signedObject"]["s3"]
        assert done["key"] == f"signed/{job}.zip"
        return bytes(self.s3.get_object(Bucket=done["bucketName"], Key=done["key"])["Body"].read())

    def deploy(self, content: bytes, config: str | None = None) -> Any:
        name = f"contract-{uuid.uuid4().hex[:12]}"
        answer = self.functions.create_function(
            FunctionName=name,
            Role=self.role,
            Handler="handler.handle",
            Runtime="python3.11",
            Code={"ZipFile": content},
            **({"CodeSigningConfigArn": config} if config else {}),
        )
        self.made.append(name)
        return answer

    def refused(self, content: bytes, config: str) -> str:
        with pytest.raises(ClientError) as caught:
            self.deploy(content, config)
        return str(caught.value.response["Error"]["Code"])


@pytest.fixture
def signing(aws: ContractAws) -> Iterator[Signing]:
    made = Signing(aws)
    yield made
    for name in made.made:
        made.functions.delete_function(FunctionName=name)


def test_a_configuration_is_kept_and_changed(signing: Signing) -> None:
    arn = signing.config("Warn")
    signing.functions.update_code_signing_config(CodeSigningConfigArn=arn, Description="later")
    config = signing.functions.get_code_signing_config(CodeSigningConfigArn=arn)["CodeSigningConfig"]
    assert config["AllowedPublishers"] == {"SigningProfileVersionArns": [signing.publisher]}
    assert config["Description"] == "later"
    assert arn.endswith(config["CodeSigningConfigId"])


def test_enforce_refuses_code_that_nobody_signed(signing: Signing) -> None:
    assert signing.refused(UNSIGNED, signing.config("Enforce")) == "CodeVerificationFailedException"


def test_enforce_takes_code_that_an_allowed_publisher_signed_and_says_who(signing: Signing) -> None:
    answer = signing.deploy(signing.signed(UNSIGNED), signing.config("Enforce"))
    assert answer["SigningProfileVersionArn"] == signing.publisher
    assert ":/signing-jobs/" in answer["SigningJobArn"]


def test_enforce_refuses_the_signature_of_somebody_else(signing: Signing) -> None:
    other = signing.publisher.rsplit("/", 1)[0] + "/aaaaaaaaaa"
    config = signing.config("Enforce", other)
    assert signing.refused(signing.signed(UNSIGNED), config) == "CodeVerificationFailedException"


def test_warn_takes_code_that_nobody_signed(signing: Signing) -> None:
    assert "SigningJobArn" not in signing.deploy(UNSIGNED, signing.config("Warn"))


def test_a_package_that_was_changed_after_signing_is_refused_even_with_warn(signing: Signing) -> None:
    content = io.BytesIO(signing.signed(UNSIGNED))
    with zipfile.ZipFile(content, "a") as target:
        target.writestr("more.py", "MORE = 1\n")
    assert signing.refused(content.getvalue(), signing.config("Warn")) == "InvalidCodeSignatureException"


def test_a_configuration_put_on_a_function_counts_for_the_next_code_and_not_for_the_one_that_runs(
    signing: Signing,
) -> None:
    name = signing.deploy(UNSIGNED)["FunctionName"]
    config = signing.config("Enforce")
    signing.functions.put_function_code_signing_config(FunctionName=name, CodeSigningConfigArn=config)
    digest = signing.functions.get_function_configuration(FunctionName=name)["CodeSha256"]
    with pytest.raises(ClientError, match="CodeVerificationFailedException"):
        signing.functions.update_function_code(FunctionName=name, ZipFile=package(handler="def handle(*_):\n    0\n"))
    assert signing.functions.get_function_configuration(FunctionName=name)["CodeSha256"] == digest
    signing.functions.delete_function_code_signing_config(FunctionName=name)
    signing.functions.update_function_code(FunctionName=name, ZipFile=package(handler="def handle(*_):\n    0\n"))


def test_a_configuration_in_use_cannot_be_deleted(signing: Signing) -> None:
    config = signing.config("Warn")
    name = signing.deploy(UNSIGNED, config)["FunctionName"]
    listed = signing.functions.list_functions_by_code_signing_config(CodeSigningConfigArn=config)["FunctionArns"]
    assert [arn.rsplit(":", 1)[1] for arn in listed] == [name]
    with pytest.raises(ClientError, match="ResourceConflictException"):
        signing.functions.delete_code_signing_config(CodeSigningConfigArn=config)


def test_a_job_needs_a_profile_that_is_active(signing: Signing) -> None:
    signing.signer.cancel_signing_profile(profileName=signing.profile)
    with pytest.raises(ClientError, match="ValidationException"):
        signing.signed(UNSIGNED)
