# ruff: noqa: N803 - boto3 spells its arguments so
"""What a backup writes to, in memory: a bucket that keeps versions, encrypts and locks, and metrics."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

NOW = datetime(2026, 6, 7, 3, 30, tzinfo=UTC)
KEY_ARN = "arn:aws:kms:us-east-1:222233334444:key/backup"
ARCHIVE, MANIFEST = "secrets/archive.jsonl", "secrets/manifest.json"


def refusal(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "a text of AWS"}}, operation)


@dataclass
class FakeBucket:
    """`held` changes what HeadObject answers; `refused` maps an operation, or operation and key, to an error."""

    versions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    held: dict[str, Any] = field(default_factory=dict)
    refused: dict[str, Exception] = field(default_factory=dict)

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ChecksumSHA256: str, **settings: Any) -> dict[str, Any]:
        self._check("PutObject", Key)
        assert Bucket == "backups"
        # S3 refuses a body that is not what the checksum says (API_PutObject.html).
        assert base64.b64encode(hashlib.sha256(Body).digest()).decode() == ChecksumSHA256
        history = self.versions.setdefault(Key, [])
        version = f"v{len(history) + 1}"
        history.append({"Body": Body, "VersionId": version, "ChecksumSHA256": ChecksumSHA256, **settings})
        return {"VersionId": version}

    def head_object(self, *, Bucket: str, Key: str, ChecksumMode: str) -> dict[str, Any]:
        self._check("HeadObject", Key)
        assert ChecksumMode == "ENABLED"
        newest = self.versions[Key][-1]
        shown = {name: value for name, value in newest.items() if name != "Body"}
        lock = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": NOW + timedelta(days=70)}
        return {**shown, "ContentLength": len(newest["Body"]), **lock, **self.held}

    def get_object(self, *, Bucket: str, Key: str) -> Mapping[str, Any]:
        self._check("GetObject", Key)
        if not self.versions.get(Key):
            raise refusal("NoSuchKey", "GetObject")
        return {"Body": io.BytesIO(self.versions[Key][-1]["Body"])}

    def content(self, key: str) -> bytes:
        """The newest version's."""
        body: bytes = self.versions[key][-1]["Body"]
        return body

    def _check(self, operation: str, key: str) -> None:
        for refused in (operation, f"{operation} {key}"):
            if refused in self.refused:
                raise self.refused[refused]


@dataclass
class FakeCounts:
    """PutMetricData: the last count by name."""

    counts: dict[str, float] = field(default_factory=dict)
    refuses: Exception | None = None

    def put_metric_data(self, *, Namespace: str, MetricData: list[dict[str, Any]]) -> object:
        if self.refuses is not None:
            raise self.refuses
        assert Namespace == "LlmObservatory/Secrets"
        for datum in MetricData:
            assert datum["Dimensions"] == [{"Name": "Environment", "Value": "staging"}]
            self.counts[datum["MetricName"]] = datum["Value"]
        return {}
