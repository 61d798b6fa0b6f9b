"""Code signing: only code that this program put there and had signed can become a function's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws

from catalog import derive, names
from catalog.environment import Environment
from components.aws import package as packages
from components.aws.bucket import Lifecycle, ManagedBucket, ManagedBucketArgs
from components.aws.surroundings import Surroundings

PLATFORM = "AWSLambda-SHA384-ECDSA"
UNSIGNED, SIGNED = "unsigned/", "signed/"
# What a function ran before can be put back and looked at; a signed package is never overwritten, so it stays.
OLD_PACKAGES = Lifecycle(noncurrent_expire_after=365)


@dataclass(frozen=True, kw_only=True)
class CodeSigningArgs:
    """`key_arn` encrypts the bucket of the packages; `log_bucket` gets its access logs."""

    environment: Environment
    key_arn: pulumi.Input[str]
    log_bucket: pulumi.Input[str]


class CodeSigning(pulumi.ComponentResource):
    """A bucket for packages, a profile that signs them, and a configuration that refuses what it did not sign.

    The profile's name ends at random: a cancelled profile keeps its name for ever, so a stack that was destroyed could
    not come back under a fixed one: docs.aws.amazon.com/signer/latest/api/API_CancelSigningProfile.html
    """

    bucket: pulumi.Output[str]
    profile: pulumi.Output[str]
    config_arn: pulumi.Output[str]

    def __init__(self, name: str, args: CodeSigningArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:signing:CodeSigning", name, None, opts)
        environment = args.environment
        tags = derive.environment_tags(environment)
        child = pulumi.ResourceOptions(parent=self)
        bucket = ManagedBucket(
            "code",
            ManagedBucketArgs(
                environment=environment,
                what="code",
                key_arn=args.key_arn,
                log_bucket=args.log_bucket,
                lifecycle=OLD_PACKAGES,
                retain=True,  # what Signer writes is no resource of ours, so the bucket is never empty
                is_key_named=False,  # Signer cannot be told a key
            ),
            child,
        )
        profile = aws.signer.SigningProfile(
            # Letters, digits and underscores: docs.aws.amazon.com/signer/latest/api/API_PutSigningProfile.html
            f"{environment.name}_functions",
            platform_id=PLATFORM,
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[bucket]),
        )
        config = aws.lambda_.CodeSigningConfig(
            name,
            description=f"{names.SERVICE} {environment.name}: code that its own profile signed",
            allowed_publishers=aws.lambda_.CodeSigningConfigAllowedPublishersArgs(
                signing_profile_version_arns=[profile.version_arn]
            ),
            policies=aws.lambda_.CodeSigningConfigPoliciesArgs(untrusted_artifact_on_deployment="Enforce"),
            tags=tags,
            opts=child,
        )
        # Known once the bucket has every setting: a package that came before the versioning could never be signed.
        self.bucket = pulumi.Output.all(bucket.name, profile.arn).apply(lambda known: str(known[0]))
        self.profile, self.config_arn = profile.name, config.arn
        self.register_outputs({"bucket": self.bucket, "profile": self.profile, "config_arn": self.config_arn})


@dataclass(frozen=True, kw_only=True)
class SignedCode:
    """Where a signed package is."""

    bucket: pulumi.Output[str]
    key: pulumi.Output[str]


def signed(name: str, surroundings: Surroundings, package: Path, opts: pulumi.ResourceOptions) -> SignedCode:
    """Puts `package` into the bucket and has it signed, once for each content.

    Another content makes another version of the object, hence another job, and its signed package has another key; the
    same content changes nothing: docs.aws.amazon.com/signer/latest/developerguide/signing-jobs-lambda.html
    """
    uploaded = aws.s3.BucketObjectv2(
        name,
        bucket=surroundings.code_bucket,
        key=f"{UNSIGNED}{package.name}",
        source=pulumi.FileAsset(str(package)),
        # The ETag of an encrypted object is no digest of its content:
        # docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
        source_hash=packages.digest(package),
        tags=derive.environment_tags(surroundings.environment),
        opts=opts,
    )
    job = aws.signer.SigningJob(
        name,
        profile_name=surroundings.signing_profile,
        source=aws.signer.SigningJobSourceArgs(
            s3=aws.signer.SigningJobSourceS3Args(bucket=uploaded.bucket, key=uploaded.key, version=uploaded.version_id)
        ),
        destination=aws.signer.SigningJobDestinationArgs(
            s3=aws.signer.SigningJobDestinationS3Args(bucket=surroundings.code_bucket, prefix=SIGNED)
        ),
        opts=opts,
    )
    place = job.signed_objects[0].s3s[0]
    return SignedCode(bucket=place.bucket, key=place.key)
