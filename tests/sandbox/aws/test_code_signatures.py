"""The signature within a code package, and that configurations and jobs outlive the process."""

import io
import time
import zipfile
from pathlib import Path
from typing import Any

import boto3
import pytest

from sandbox.aws import process
from sandbox.aws.functions.signature import MEMBER, Signature, TamperedError, signature_of, signed
from sandbox.aws.settings import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET

KEY, OTHER_KEY = b"k" * 48, b"o" * 48
SIGNATURE = Signature(
    profile_version_arn="arn:aws:signer:us-east-1:222233334444:/signing-profiles/p/1",
    job_arn="arn:aws:signer:us-east-1:222233334444:/signing-jobs/j",
    expires=4102444800.0,
)


def package(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, content in files.items():
            target.writestr(name, content)
    return buffer.getvalue()


PACKAGE = package(a="A = 1\n", b="B = 2\n")


def test_a_signed_package_says_who_signed_it_and_keeps_its_files() -> None:
    content = signed(PACKAGE, SIGNATURE, KEY)
    assert signature_of(content, KEY) == SIGNATURE
    assert zipfile.ZipFile(io.BytesIO(content)).read("a") == b"A = 1\n"


def test_an_unsigned_package_and_what_is_no_zip_have_no_signature() -> None:
    assert signature_of(PACKAGE, KEY) is None
    assert signature_of(b"no zip", KEY) is None


def test_signing_again_replaces_the_signature() -> None:
    content = signed(signed(PACKAGE, SIGNATURE, OTHER_KEY), SIGNATURE, KEY)
    assert zipfile.ZipFile(io.BytesIO(content)).namelist().count(MEMBER) == 1
    assert signature_of(content, KEY) == SIGNATURE


def test_a_signature_of_another_key_is_refused() -> None:
    with pytest.raises(TamperedError, match="differs"):
        signature_of(signed(PACKAGE, SIGNATURE, OTHER_KEY), KEY)


def test_a_member_that_is_no_signature_is_refused() -> None:
    with pytest.raises(TamperedError, match="cannot be read"):
        signature_of(package(**{MEMBER: "{}"}), KEY)


def test_a_signature_expires() -> None:
    assert not SIGNATURE.expired
    assert Signature(profile_version_arn="p", job_arn="j", expires=time.time()).expired


def test_configurations_and_the_signing_key_are_there_after_a_restart(tmp_path: Path) -> None:
    def clients(endpoint: str) -> tuple[Any, Any, Any]:
        session = boto3.session.Session(ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET, region_name="us-east-1")
        make: Any = session.client
        return tuple(make(name, endpoint_url=endpoint) for name in ("lambda", "signer", "s3"))

    def sign(signer: Any, s3: Any) -> str:
        version = s3.put_object(Bucket="code", Key="code.zip", Body=PACKAGE)["VersionId"]
        source = {"s3": {"bucketName": "code", "key": "code.zip", "version": version}}
        return str(
            signer.start_signing_job(source=source, destination={"s3": {"bucketName": "code"}}, profileName="signing")[
                "jobId"
            ]
        )

    try:
        functions, signer, s3 = clients(process.start(tmp_path, "222233334444", "us-east-1").endpoint)
        publisher = signer.put_signing_profile(profileName="signing", platformId="AWSLambda-SHA384-ECDSA")[
            "profileVersionArn"
        ]
        s3.create_bucket(Bucket="code")
        s3.put_bucket_versioning(Bucket="code", VersioningConfiguration={"Status": "Enabled"})
        job = sign(signer, s3)
        publishers = {"SigningProfileVersionArns": [publisher]}
        made = functions.create_code_signing_config(AllowedPublishers=publishers)["CodeSigningConfig"]
        process.stop(tmp_path)
        functions, signer, s3 = clients(process.start(tmp_path, "222233334444", "us-east-1").endpoint)
        arn = made["CodeSigningConfigArn"]
        assert functions.get_code_signing_config(CodeSigningConfigArn=arn)["CodeSigningConfig"] == made
        assert signer.describe_signing_job(jobId=job)["status"] == "Succeeded"
        assert sign(signer, s3) != job
    finally:
        process.stop(tmp_path)
