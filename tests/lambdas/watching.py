# ruff: noqa: N803 - boto3 spells its arguments so
"""What the watch asks and tells, in memory: a list of secrets in pages of two, a manifest, and metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

Entry = dict[str, Any]


def refusal(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "a text of AWS"}}, operation)


@dataclass
class FakeListing:
    """ListSecrets and ListSecretVersionIds; `refused` maps an operation, or an ARN, to an error code."""

    entries: list[Entry] = field(default_factory=list)
    born: dict[str, datetime] = field(default_factory=dict)
    refused: dict[str, Exception] = field(default_factory=dict)
    filters: list[Any] = field(default_factory=list)

    def add(self, name: str, born: datetime, *labels: str, **changed: Any) -> Entry:
        version = f"version-of-{name}"
        self.born[version] = born
        entry: Entry = {
            "ARN": f"arn:{name}",
            "Name": name,
            "CreatedDate": born,
            "Tags": [{"Key": "Environment", "Value": "staging"}, {"Key": "Service", "Value": "llm-observatory"}],
            "SecretVersionsToStages": {version: ["AWSCURRENT", *labels]},
            **changed,
        }
        self.entries.append(entry)
        return entry

    def get_paginator(self, operation: str) -> FakeListing:
        assert operation == "list_secrets"
        return self

    def paginate(self, *, Filters: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        if "ListSecrets" in self.refused:
            raise self.refused["ListSecrets"]
        self.filters.append(Filters)
        found = [entry for entry in self.entries if all(_accepts(one, entry) for one in Filters)]
        for first in range(0, len(found) or 1, 2):
            yield {"SecretList": found[first : first + 2]}

    def list_secret_version_ids(self, *, SecretId: str, NextToken: str | None = None) -> dict[str, Any]:
        if SecretId in self.refused:
            raise self.refused[SecretId]
        if NextToken is None:  # the version asked for is on the second page
            return {"Versions": [], "NextToken": "2"}
        entry = next(entry for entry in self.entries if entry["ARN"] == SecretId)
        return {
            "Versions": [
                {"VersionId": version, "CreatedDate": self.born[version]}
                for version in entry["SecretVersionsToStages"]
                if version in self.born
            ]
        }


def _accepts(given: Mapping[str, Any], entry: Entry) -> bool:
    """A filter matches the start of the name, of any tag's key or of any tag's value (API_Filter.html)."""
    texts = {
        "name": [entry["Name"]],
        "tag-key": [tag["Key"] for tag in entry["Tags"]],
        "tag-value": [tag["Value"] for tag in entry["Tags"]],
    }[given["Key"]]
    return any(text.startswith(value) for text in texts for value in given["Values"])


@dataclass
class FakeManifest:
    """HeadObject; `found` is when the manifest was written, or an error."""

    found: datetime | Exception

    def head_object(self, *, Bucket: str, Key: str) -> Mapping[str, Any]:
        assert (Bucket, Key) == ("backups", "secrets/manifest.json")
        if isinstance(self.found, Exception):
            raise self.found
        return {"LastModified": self.found}


@dataclass
class FakeMetrics:
    """PutMetricData: keeps what it was given."""

    put: list[Mapping[str, Any]] = field(default_factory=list)
    refuses: Exception | None = None

    def put_metric_data(self, *, Namespace: str, MetricData: Sequence[Mapping[str, Any]]) -> object:
        if self.refuses is not None:
            raise self.refuses
        assert Namespace == "LlmObservatory/Secrets"
        assert 0 < len(MetricData) <= 1000
        self.put.extend(MetricData)
        return {}

    def values(self, name: str) -> dict[str, float]:
        """By secret, or under '' for the environment."""
        found = {}
        for datum in self.put:
            dimensions = {one["Name"]: one["Value"] for one in datum["Dimensions"]}
            assert dimensions.pop("Environment") == "staging"
            if datum["MetricName"] == name:
                found[dimensions.get("Secret", "")] = datum["Value"]
        return found
