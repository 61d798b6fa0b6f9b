"""The versions and labels of a secret: the few calls of Secrets Manager that a rotation needs, in its own words."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from rotation import document
from rotation.document import Document
from rotation.errors import RotationError, ServiceError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"
BOOTSTRAP = "LLMOBS_BOOTSTRAP"  # stays for ever on the first version, which holds no credential
SUPPLIED = "LLMOBS_SUPPLIED"  # a value that a person gave, until a rotation has taken it up


@dataclass(frozen=True, kw_only=True)
class Secret:
    """What DescribeSecret says. `stages` maps version ids to their labels; unlabelled versions are absent.

    `rotated` is when Secrets Manager last saw a rotation end, None before the first.
    """

    arn: str
    name: str
    tags: Mapping[str, str]
    rotation_enabled: bool
    stages: Mapping[str, frozenset[str]]
    rotated: datetime | None = None

    def holder(self, stage: str) -> str | None:
        """The id of the version that carries a label."""
        return next((version for version, stages in self.stages.items() if stage in stages), None)

    @property
    def unfinished(self) -> str | None:
        """The version of a rotation that has not ended; AWSPENDING beside AWSCURRENT is the end of one.

        Source: docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
        """
        pending = self.holder(PENDING)
        return None if pending == self.holder(CURRENT) else pending

    def is_marker(self, stage: str) -> bool:
        """Whether the version under this label is the bootstrap marker; decided from labels, no value is read."""
        holder = self.holder(stage)
        return holder is not None and BOOTSTRAP in self.stages[holder]


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version with its value."""

    id: str
    created: datetime
    document: Document = field(repr=False)


class SecretVersions:
    """Reads and labels versions. Every refusal becomes a ServiceError that holds AWS's code and no value."""

    def __init__(self, client: "SecretsManagerClient") -> None:
        self._client = client

    def describe(self, secret_id: str) -> Secret:
        """The secret's tags and labels now."""
        with _translated("DescribeSecret", secret_id):
            answer = self._client.describe_secret(SecretId=secret_id)
        return Secret(
            arn=answer["ARN"],
            name=answer["Name"],
            tags={tag["Key"]: tag["Value"] for tag in answer.get("Tags", []) if "Key" in tag and "Value" in tag},
            rotation_enabled=bool(answer.get("RotationEnabled")),
            stages={version: frozenset(stages) for version, stages in answer.get("VersionIdsToStages", {}).items()},
            rotated=answer.get("LastRotatedDate"),
        )

    def labelled(self, secret_id: str, stage: str) -> Version | None:
        """The version under a label, or None when there is none or it has no value."""
        return self._get(secret_id, {"VersionStage": stage})

    def pending(self, secret_id: str, token: str) -> Version | None:
        """The token's version while it is AWSPENDING; None as soon as it has no value or the label has moved on.

        Giving id and label together makes the read a check: AWS answers ResourceNotFound unless both name one version
        (GetSecretValue, parameter VersionStage).
        """
        return self._get(secret_id, {"VersionId": token, "VersionStage": PENDING})

    def others(self, secret_id: str, known: frozenset[str]) -> Iterator[Version]:
        """Every version that still exists and is not known yet, read one by one, newest first.

        Labelled or not: AWS keeps an unlabelled version for at least 24 hours (PutSecretValue), and after a crash the
        only working credential can be one of them.
        """
        with _translated("ListSecretVersionIds", secret_id):
            page = self._client.list_secret_version_ids(SecretId=secret_id, IncludeDeprecated=True)
            entries = page["Versions"]
            while page.get("NextToken"):
                page = self._client.list_secret_version_ids(
                    SecretId=secret_id, IncludeDeprecated=True, NextToken=page["NextToken"]
                )
                entries += page["Versions"]
        for entry in sorted(entries, key=lambda entry: entry["CreatedDate"], reverse=True):
            if entry["VersionId"] not in known:
                version = self._get(secret_id, {"VersionId": entry["VersionId"]})
                if version is not None:
                    yield version

    def put_pending(self, secret_id: str, token: str, value: Document) -> bool:
        """Store a value as the token's version, labelled AWSPENDING; False when that version has another value already.

        AWS never lets a version's value change (PutSecretValue, ClientRequestToken): this is a compare-and-swap.
        """
        try:
            with _translated("PutSecretValue", secret_id):
                self._client.put_secret_value(
                    SecretId=secret_id,
                    ClientRequestToken=token,
                    SecretString=json.dumps(value, separators=(",", ":")),
                    VersionStages=[PENDING],
                )
        except ServiceError as error:
            if error.code == "ResourceExistsException":
                return False
            raise
        return True

    def promote(self, secret: Secret, token: str) -> None:
        """Move AWSCURRENT to the token's version, only if it still is where `secret` says."""
        holder = secret.holder(CURRENT)
        if holder is None:
            raise no_current(secret)
        with _translated("UpdateSecretVersionStage", secret.name):
            self._client.update_secret_version_stage(
                SecretId=secret.arn, VersionStage=CURRENT, MoveToVersionId=token, RemoveFromVersionId=holder
            )

    def clear(self, secret: Secret, stage: str, version: str) -> None:
        """Take a label off a version; nothing happens when it is gone already."""
        try:
            with _translated("UpdateSecretVersionStage", secret.name):
                self._client.update_secret_version_stage(
                    SecretId=secret.arn, VersionStage=stage, RemoveFromVersionId=version
                )
        except ServiceError:
            # Secrets Manager clears AWSPENDING by itself after a rotation, at a moment that it does not document.
            if stage in self.describe(secret.arn).stages.get(version, frozenset()):
                raise

    def _get(self, secret_id: str, which: dict[str, str]) -> Version | None:
        try:
            with _translated("GetSecretValue", secret_id):
                answer = self._client.get_secret_value(SecretId=secret_id, **which)
        except ServiceError as error:
            if error.code == "ResourceNotFoundException":
                return None
            raise
        return Version(
            id=answer["VersionId"],
            created=answer["CreatedDate"],
            document=document.parse(answer.get("SecretString", "")),
        )


def no_current(secret: Secret) -> RotationError:
    """The error about a secret without AWSCURRENT."""
    return RotationError(f"secret '{secret.name}': no version is AWSCURRENT; run `pulumi up` to write the first one")


@contextmanager
def _translated(operation: str, secret_id: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise ServiceError(operation, secret_id, error.response.get("Error", {}).get("Code", "Unknown")) from None
    except BotoCoreError as error:
        raise RotationError(
            f"secret '{secret_id}': {operation} got no answer ({type(error).__name__}); "
            f"check the function's network path to Secrets Manager"
        ) from None
