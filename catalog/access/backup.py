"""What the weekly backup may do: read values, and write them encrypted and locked under two fixed keys."""

from __future__ import annotations

from catalog import derive, names
from catalog.access.metric import count
from catalog.access.secret import BACKUP
from catalog.access.secrets import DECRYPT, ENCRYPT_AND_DECRYPT, on_secrets, through_secrets_manager
from catalog.access.statement import Policy, Statement, allow, policy
from catalog.environment import Environment
from catalog.model import Catalog, Secret

FUNCTION = BACKUP
FOLDER = "secrets/"
ARCHIVE_KEY = f"{FOLDER}archive.jsonl"
MANIFEST_KEY = f"{FOLDER}manifest.json"
OBJECT_ACTIONS = ("s3:GetObject", "s3:GetObjectRetention", "s3:PutObject")


def backed_up(catalog: Catalog) -> list[Secret]:
    """Every secret but the decoys: their values are worth nothing, and reading one is an alert."""
    return [secret for secret in catalog.secrets if not secret.decoy]


def backup_policy(environment: Environment, catalog: Catalog) -> Policy:
    """Values through Secrets Manager, the two objects in their newest version, and counts.

    Not s3:GetObjectVersion, s3:DeleteObject or s3:PutObjectRetention: the function can neither read nor shorten what it
    wrote before. To check what it wrote it asks with HeadObject, which takes s3:GetObject, and s3:GetObjectRetention to
    be told of the lock: docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    """
    secrets, bucket = backed_up(catalog), names.bucket_arn(environment, "backups")
    return policy(
        on_secrets(environment, "ReadValues", ("secretsmanager:GetSecretValue",), secrets),
        through_secrets_manager(environment, "DecryptValues", DECRYPT, secrets),
        allow("KeepArchiveAndManifest", OBJECT_ACTIONS, [f"{bucket}/{ARCHIVE_KEY}", f"{bucket}/{MANIFEST_KEY}"]),
        # Without it S3 answers 403 where there is no manifest yet (API_GetObject.html).
        allow("TellWhatIsMissing", ("s3:ListBucket",), [bucket]),
        _encrypt(environment),
        count(),
    )


def _encrypt(environment: Environment) -> Statement:
    """The backup key, through S3 and for this bucket alone.

    With a bucket key the encryption context is the bucket, without it the object:
    docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
    """
    bucket = names.bucket_arn(environment, "backups")
    return allow(
        "EncryptBackups",
        ENCRYPT_AND_DECRYPT,
        [names.keys_arn(environment)],
        {
            "StringEquals": {"kms:ViaService": f"s3.{environment.region}.amazonaws.com"},
            "StringLike": {"kms:EncryptionContext:aws:s3:arn": [bucket, f"{bucket}/{FOLDER}*"]},
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": [derive.key_alias(environment, "backup")]},
        },
    )
