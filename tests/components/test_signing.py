"""Only code that this program's own profile signed becomes a function's."""

import asyncio

import pulumi

from components.aws.signing import CodeSigning, CodeSigningArgs
from tests.components.recording import RecordingMocks, record
from tests.components.surroundings import STAGING

ARGS = CodeSigningArgs(environment=STAGING, key_arn="arn:the-log-key", log_bucket="the-log-bucket")


def declared() -> RecordingMocks:
    return record(lambda: CodeSigning("signing", ARGS))


def test_code_that_its_profile_did_not_sign_is_refused_not_warned_of() -> None:
    recorded = declared()
    (profile,) = recorded.of("aws:signer/signingProfile:SigningProfile").values()
    assert profile["platformId"] == "AWSLambda-SHA384-ECDSA"
    (config,) = recorded.of("aws:lambda/codeSigningConfig:CodeSigningConfig").values()
    assert config["policies"] == {"untrustedArtifactOnDeployment": "Enforce"}
    assert config["allowedPublishers"] == {"signingProfileVersionArns": ["arn:mock:a-profile-version"]}


def test_the_profile_has_no_fixed_name_as_a_cancelled_one_keeps_its_name_for_ever() -> None:
    ((name, profile),) = declared().of("aws:signer/signingProfile:SigningProfile").items()
    assert name == "staging_functions"
    assert "name" not in profile


def test_packages_are_kept_in_versions_encrypted_and_logged() -> None:
    recorded = declared()
    (bucket,) = recorded.of("aws:s3/bucket:Bucket").values()
    assert bucket["bucket"] == "llm-observatory-code-222233334444-us-east-1"
    (versioning,) = recorded.of("aws:s3/bucketVersioning:BucketVersioning").values()
    assert versioning["versioningConfiguration"]["status"] == "Enabled"
    (logging,) = recorded.of("aws:s3/bucketLogging:BucketLogging").values()
    assert logging["targetBucket"] == "the-log-bucket"


def test_the_bucket_is_known_after_all_its_settings_since_an_unversioned_package_cannot_be_signed() -> None:
    waited: list[str] = []

    def program() -> None:
        made = CodeSigning("signing", ARGS)

        async def dependencies() -> list[str]:
            return [type(item).__name__ for item in await made.bucket.resources()]

        found: pulumi.Output[list[str]] = pulumi.Output.from_input(asyncio.ensure_future(dependencies()))
        found.apply(waited.extend)

    recorded = record(program)
    assert "SigningProfile" in waited
    order = [resource.token for resource in recorded.recorded]
    assert order.index("aws:s3/bucketVersioning:BucketVersioning") < order.index(
        "aws:signer/signingProfile:SigningProfile"
    )
