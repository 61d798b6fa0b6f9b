"""What the daily watch may do: look at dates, labels and tags of secrets and at the age of the backup, and count."""

from __future__ import annotations

from catalog import names
from catalog.access.backup import MANIFEST_KEY
from catalog.access.metric import count
from catalog.access.secrets import on_secrets
from catalog.access.statement import Policy, allow, policy
from catalog.environment import Environment
from catalog.model import Catalog

FUNCTION = "watch"


def watch_policy(environment: Environment, catalog: Catalog) -> Policy:
    """Nothing here reads a value or decrypts: a version's date is no part of its value.

    HeadObject asks for s3:GetObject, and for s3:ListBucket to say that there is no object; without kms:Decrypt the
    manifest itself stays closed: docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    """
    bucket = names.bucket_arn(environment, "backups")
    return policy(
        # ListSecrets knows no resource:
        # docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
        allow("ListSecrets", ("secretsmanager:ListSecrets",), ("*",)),
        on_secrets(environment, "ListVersions", ("secretsmanager:ListSecretVersionIds",), catalog.secrets),
        allow("LookAtTheManifest", ("s3:GetObject",), [f"{bucket}/{MANIFEST_KEY}"]),
        allow("TellWhatIsMissing", ("s3:ListBucket",), [bucket]),
        count(),
    )
