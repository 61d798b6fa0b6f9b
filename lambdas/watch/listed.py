"""The secrets of an environment as Secrets Manager lists them: names, tags, dates and labels."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from watch.errors import WatchError
from watch.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_secretsmanager.type_defs import FilterTypeDef, SecretListEntryTypeDef

CURRENT = "AWSCURRENT"
BOOTSTRAP = "LLMOBS_BOOTSTRAP"  # stays for ever on the first version, which holds no credential


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One secret. `since` is the birth of the value in force, `is_marker` says that there has never been one.

    `is_read` is false when its versions could not be asked for, so that `since` is the next best date.
    """

    name: str
    tags: Mapping[str, str]
    since: datetime
    next_rotation: datetime | None
    is_marker: bool
    is_read: bool = True


class Listing:
    """Asks Secrets Manager for every secret under the environment's prefix or with its tags."""

    def __init__(self, client: "SecretsManagerClient") -> None:
        self._client = client

    def of(self, settings: Settings) -> list[Listed]:
        """All of them, each once, those waiting for their deletion left out (ListSecrets does so by itself).

        Raises:
            WatchError: ListSecrets was refused or got no answer.
        """
        by_name: list[FilterTypeDef] = [{"Key": "name", "Values": [settings.prefix]}]
        by_tag: list[FilterTypeDef] = [
            {"Key": "tag-key", "Values": ["Environment"]},
            {"Key": "tag-value", "Values": [settings.environment]},
            {"Key": "tag-value", "Values": [settings.service]},
        ]
        entries = {entry["Name"]: entry for entry in self._pages(by_name)}
        # A filter matches the start of any key and any value, so what it finds is only a candidate:
        # docs.aws.amazon.com/secretsmanager/latest/apireference/API_Filter.html
        ours = {"Environment": settings.environment, "Service": settings.service}
        tagged = {entry["Name"]: entry for entry in self._pages(by_tag) if ours.items() <= _tags(entry).items()}
        return [self._listed(entry) for _, entry in sorted((tagged | entries).items())]

    def _pages(self, filters: "list[FilterTypeDef]") -> "Iterator[SecretListEntryTypeDef]":
        try:
            for page in self._client.get_paginator("list_secrets").paginate(Filters=filters):
                yield from page["SecretList"]
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "Unknown")
            raise WatchError(f"ListSecrets was refused with {code}; check the function's role") from None
        except BotoCoreError as error:
            raise WatchError(
                f"ListSecrets got no answer ({type(error).__name__}); check the function's way to Secrets Manager"
            ) from None

    def _listed(self, entry: "SecretListEntryTypeDef") -> Listed:
        stages = entry.get("SecretVersionsToStages", {})
        holder = next((version for version, labels in stages.items() if CURRENT in labels), None)
        born, is_read = self._born(entry["ARN"], holder)
        return Listed(
            name=entry["Name"],
            tags=_tags(entry),
            since=born or entry.get("LastRotatedDate") or entry["CreatedDate"],
            next_rotation=entry.get("NextRotationDate"),
            is_marker=holder is None or BOOTSTRAP in stages[holder],
            is_read=is_read,
        )

    def _born(self, arn: str, version: str | None) -> tuple[datetime | None, bool]:
        """When the version was made, and whether that could be asked.

        LastRotatedDate is not it: a value that a person sets is a rotation too (API_RotationRulesType.html) and leaves
        that date alone, and after AWSCURRENT has gone back to an older version the date is too young. LastChangedDate
        moves with every tag (API_SecretListEntry.html).
        """
        if version is None:
            return None, True
        try:
            page = self._client.list_secret_version_ids(SecretId=arn)
            entries = page["Versions"]
            while page.get("NextToken"):
                page = self._client.list_secret_version_ids(SecretId=arn, NextToken=page["NextToken"])
                entries += page["Versions"]
        except (ClientError, BotoCoreError):
            # One secret that cannot be asked for must not blind the watch for the others: it is named at the end.
            return None, False
        return next((entry["CreatedDate"] for entry in entries if entry["VersionId"] == version), None), True


def _tags(entry: "SecretListEntryTypeDef") -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in entry.get("Tags", []) if "Key" in tag and "Value" in tag}
