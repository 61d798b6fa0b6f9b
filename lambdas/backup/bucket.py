"""The bucket of backups: objects under fixed keys, whose versions are the history; checked after each writing."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from backup.errors import BackupError
from backup.manifest import Stored
from backup.settings import Settings

STORAGE_CLASS = "GLACIER_IR"
LOCK_MODE = "COMPLIANCE"


class Objects(Protocol):
    """The calls of S3 that a backup makes, as boto3 has them."""

    def put_object(self, **request: Any) -> Mapping[str, Any]:
        """Write a version of an object."""

    def head_object(self, **request: Any) -> Mapping[str, Any]:
        """What is known of an object without reading it."""

    def get_object(self, **request: Any) -> Mapping[str, Any]:
        """Read an object."""


class Bucket:
    """Writes and checks archives and manifests."""

    def __init__(self, client: Objects, settings: Settings) -> None:
        self._client = client
        self._settings = settings

    def last_manifest(self) -> bytes | None:
        """The manifest of the last backup; None when there is none.

        Raises:
            BackupError: it cannot be read.
        """
        key = self._settings.manifest_key
        try:
            found: bytes = self._client.get_object(Bucket=self._settings.bucket, Key=key)["Body"].read()
        except ClientError as error:
            if _code(error) == "NoSuchKey":
                return None
            raise self._refused("GetObject", key, _code(error)) from None
        except BotoCoreError as error:
            raise self._refused("GetObject", key, type(error).__name__) from None
        return found

    def write_archive(self, content: bytes, content_type: str, now: datetime) -> Stored:
        """Write the archive and check what S3 says that it holds: bytes, checksum, key, class and lock.

        Raises:
            BackupError: it was not written, or S3 holds something else than it was given.
        """
        key = self._settings.archive_key
        version = self._put(key, content, content_type, STORAGE_CLASS)
        try:
            # ChecksumMode needs kms:Decrypt: docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
            held = self._client.head_object(Bucket=self._settings.bucket, Key=key, ChecksumMode="ENABLED")
        except (ClientError, BotoCoreError) as error:
            code = _code(error) if isinstance(error, ClientError) else type(error).__name__
            raise self._refused("HeadObject", key, code) from None
        if wrong := self._differences(held, version, content, now):
            raise BackupError(
                f"s3://{self._settings.bucket}/{key}: version {version} is not what was written: {'; '.join(wrong)}; "
                f"look at the bucket's settings and run the backup again"
            )
        return Stored(version_id=version, size=len(content), sha256=hashlib.sha256(content).hexdigest())

    def write_manifest(self, content: bytes, content_type: str) -> None:
        """Write the manifest: from here on the backup counts as done.

        Raises:
            BackupError: it was not written.
        """
        self._put(self._settings.manifest_key, content, content_type, "STANDARD")

    def _put(self, key: str, content: bytes, content_type: str, storage_class: str) -> str:
        try:
            answer = self._client.put_object(
                Bucket=self._settings.bucket,
                Key=key,
                Body=content,
                ContentType=content_type,
                StorageClass=storage_class,
                ServerSideEncryption="aws:kms",
                SSEKMSKeyId=self._settings.key_arn,
                # Required where a lock is the default: docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=_checksum(content),
            )
        except ClientError as error:
            raise self._refused("PutObject", key, _code(error)) from None
        except BotoCoreError as error:
            raise self._refused("PutObject", key, type(error).__name__) from None
        return str(answer.get("VersionId", ""))

    def _differences(self, held: Mapping[str, Any], version: str, content: bytes, now: datetime) -> list[str]:
        wanted = {
            "VersionId": version,
            "ContentLength": len(content),
            "ChecksumSHA256": _checksum(content),
            "ServerSideEncryption": "aws:kms",
            "SSEKMSKeyId": self._settings.key_arn,
            "StorageClass": STORAGE_CLASS,
            "ObjectLockMode": LOCK_MODE,
        }
        wrong = [
            f"{name} is {held.get(name)!r}, not {value!r}" for name, value in wanted.items() if held.get(name) != value
        ]
        until = held.get("ObjectLockRetainUntilDate")
        # A minute for the two clocks to differ in.
        least = now + timedelta(days=self._settings.lock_days, minutes=-1)
        if not isinstance(until, datetime) or until < least:
            wrong.append(f"ObjectLockRetainUntilDate is {until}, before {least:%Y-%m-%d}")
        return wrong if version else [*wrong, "the bucket keeps no versions"]

    def _refused(self, operation: str, key: str, code: str) -> BackupError:
        where = f"s3://{self._settings.bucket}/{key}"
        return BackupError(f"{where}: {operation} failed with {code}; check the bucket, its key and the role")


def _checksum(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode("ascii")


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "Unknown")
