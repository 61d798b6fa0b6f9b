"""How old the newest finished backup is: the age of the manifest that it leaves last. Its contents are not read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from watch.errors import WatchError
from watch.settings import Settings


class Objects(Protocol):
    """The one call of S3 that the watch makes, as boto3 has it."""

    def head_object(self, *, Bucket: str, Key: str) -> Mapping[str, Any]:  # noqa: N803 - boto3 spells it so
        """What is known of an object without reading it."""


def newest_backup(client: Objects, settings: Settings) -> datetime | None:
    """When the newest backup was finished, or None when there has never been one.

    HeadObject answers 404 only to those who may list the bucket, else 403:
    docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html

    Raises:
        WatchError: the manifest could not be looked at.
    """
    where = f"s3://{settings.backup_bucket}/{settings.manifest_key}"
    try:
        found = client.head_object(Bucket=settings.backup_bucket, Key=settings.manifest_key)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "Unknown")
        if code in ("404", "NoSuchKey", "NotFound"):
            return None
        raise WatchError(f"{where}: HeadObject was refused with {code}; check the bucket and the role") from None
    except BotoCoreError as error:
        raise WatchError(
            f"{where}: HeadObject got no answer ({type(error).__name__}); check the function's way to S3"
        ) from None
    finished: datetime = found["LastModified"]
    return finished
