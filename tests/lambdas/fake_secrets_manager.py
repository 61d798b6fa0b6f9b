# ruff: noqa: N803 - boto3 spells its arguments so
"""Secrets Manager in memory, with AWS's documented semantics of versions and labels, behind boto3's method names.

Each rule names the API page it comes from. `calls` records every call; `around` lets a test die before or after one.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"


@dataclass
class FakeVersion:
    value: str | None
    created: datetime
    stages: set[str] = field(default_factory=set)


@dataclass
class FakeSecret:
    name: str
    tags: dict[str, str]
    rotation_enabled: bool = True
    rotated: datetime | None = None
    versions: dict[str, FakeVersion] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return f"arn:aws:secretsmanager:us-east-1:222233334444:secret:{self.name}-AbCdEf"

    def holder(self, stage: str) -> str | None:
        return next((id_ for id_, version in self.versions.items() if stage in version.stages), None)


@contextmanager
def _quietly(operation: str) -> Iterator[None]:
    yield


class FakeSecretsManager:
    """One account's secrets. `now` moves one second with each new version, so that they have an order."""

    def __init__(self) -> None:
        self.secrets: dict[str, FakeSecret] = {}
        self.calls: Counter[str] = Counter()
        self.around: Callable[[str], Any] = _quietly
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self._ids = itertools.count()

    # What the service and Pulumi do, not the rotation function.

    def create(self, name: str, tags: dict[str, str], value: str) -> FakeSecret:
        secret = FakeSecret(name=name, tags=tags)
        secret.versions["bootstrap-" + "0" * 22] = FakeVersion(value, self.now, {CURRENT, "LLMOBS_BOOTSTRAP"})
        self.secrets[name] = secret
        return secret

    def rotate(self, name: str, token: str | None = None) -> str:
        """RotateSecret up to the first call of the function: an empty version with AWSPENDING."""
        secret = self._find(name)
        holder = secret.holder(PENDING)
        if token is not None and token == holder:
            return token
        if holder is not None and holder != secret.holder(CURRENT):
            raise _error("InvalidRequestException", "A previous rotation isn't complete.", "RotateSecret")
        token = token or f"token-{next(self._ids):026}"
        self._strip(secret, PENDING)
        secret.versions[token] = FakeVersion(None, self._tick(), {PENDING})
        return token

    def succeeded(self, name: str) -> None:
        """What the service does when the four steps have ended without an error.

        It notes LastRotatedDate (DescribeSecret) and takes AWSPENDING off (rotate-secrets_lambda-functions.html).
        """
        secret = self._find(name)
        secret.rotated = self.now
        if secret.holder(PENDING) == secret.holder(CURRENT):
            self._strip(secret, PENDING)

    def cancel_pending(self, name: str) -> None:
        """What a person does with a stuck rotation: take AWSPENDING off (troubleshooting page)."""
        self._strip(self._find(name), PENDING)

    def document(self, name: str, stage: str = CURRENT) -> str:
        secret = self._find(name)
        holder = secret.holder(stage)
        assert holder is not None
        value = secret.versions[holder].value
        assert value is not None
        return value

    # The client's methods.

    def describe_secret(self, *, SecretId: str) -> dict[str, Any]:
        with self._call("DescribeSecret"):
            secret = self._find(SecretId)
            rotated = {"LastRotatedDate": secret.rotated} if secret.rotated else {}
            return rotated | {
                "ARN": secret.arn,
                "Name": secret.name,
                "RotationEnabled": secret.rotation_enabled,
                "Tags": [{"Key": key, "Value": value} for key, value in secret.tags.items()],
                # "Versions that have no staging labels are not included" (DescribeSecret).
                "VersionIdsToStages": {id_: sorted(v.stages) for id_, v in secret.versions.items() if v.stages},
            }

    def get_secret_value(
        self, *, SecretId: str, VersionId: str | None = None, VersionStage: str | None = None
    ) -> dict[str, Any]:
        with self._call("GetSecretValue"):
            secret = self._find(SecretId)
            id_ = VersionId or secret.holder(VersionStage or CURRENT)
            version = secret.versions.get(id_ or "")
            # Both given: they must name one version (GetSecretValue, VersionStage).
            if version is None or version.value is None or (VersionStage and VersionStage not in version.stages):
                raise _error("ResourceNotFoundException", "can't find the specified secret value", "GetSecretValue")
            return {
                "ARN": secret.arn,
                "Name": secret.name,
                "VersionId": id_,
                "SecretString": version.value,
                "VersionStages": sorted(version.stages),
                "CreatedDate": version.created,
            }

    def put_secret_value(
        self, *, SecretId: str, ClientRequestToken: str, SecretString: str, VersionStages: list[str] | None = None
    ) -> dict[str, Any]:
        with self._call("PutSecretValue"):
            secret = self._find(SecretId)
            version = secret.versions.get(ClientRequestToken)
            if version is not None and version.value is not None:
                # "You can't modify an existing version" (PutSecretValue, ClientRequestToken).
                if version.value != SecretString:
                    raise _error("ResourceExistsException", "already exists", "PutSecretValue")
                return {"VersionId": ClientRequestToken}
            if version is None:
                version = secret.versions[ClientRequestToken] = FakeVersion(None, self._tick())
            version.value = SecretString
            for stage in VersionStages or [CURRENT]:
                self._attach(secret, stage, ClientRequestToken)
            return {"VersionId": ClientRequestToken}

    def update_secret_version_stage(
        self,
        *,
        SecretId: str,
        VersionStage: str,
        MoveToVersionId: str | None = None,
        RemoveFromVersionId: str | None = None,
    ) -> dict[str, Any]:
        with self._call("UpdateSecretVersionStage"):
            secret = self._find(SecretId)
            holder = secret.holder(VersionStage)
            if RemoveFromVersionId is not None and holder != RemoveFromVersionId:
                raise _error("InvalidParameterException", "label is not on that version", "UpdateSecretVersionStage")
            if RemoveFromVersionId is None and holder not in (None, MoveToVersionId):
                raise _error("InvalidParameterException", "label is on another version", "UpdateSecretVersionStage")
            if MoveToVersionId is None:
                secret.versions[str(RemoveFromVersionId)].stages.discard(VersionStage)
            elif MoveToVersionId not in secret.versions:
                raise _error("ResourceNotFoundException", "no such version", "UpdateSecretVersionStage")
            else:
                self._attach(secret, VersionStage, MoveToVersionId)
            return {}

    def list_secret_version_ids(
        self, *, SecretId: str, IncludeDeprecated: bool = False, NextToken: str | None = None
    ) -> dict[str, Any]:
        with self._call("ListSecretVersionIds"):
            versions = [
                {"VersionId": id_, "VersionStages": sorted(version.stages), "CreatedDate": version.created}
                for id_, version in self._find(SecretId).versions.items()
                if version.stages or IncludeDeprecated
            ]
            # Two a page, so that every reader has to turn pages.
            first = int(NextToken or 0)
            page: dict[str, Any] = {"Versions": versions[first : first + 2]}
            if versions[first + 2 :]:
                page["NextToken"] = str(first + 2)
            return page

    @contextmanager
    def _call(self, operation: str) -> Iterator[None]:
        self.calls[operation] += 1
        with self.around(operation):
            yield

    def _find(self, secret_id: str) -> FakeSecret:
        for secret in self.secrets.values():
            if secret_id in (secret.name, secret.arn):
                return secret
        raise _error("ResourceNotFoundException", "can't find the specified secret", "DescribeSecret")

    def _attach(self, secret: FakeSecret, stage: str, id_: str) -> None:
        holder = secret.holder(stage)
        if holder == id_:
            return
        self._strip(secret, stage)
        secret.versions[id_].stages.add(stage)
        if stage == CURRENT and holder is not None:
            # AWSPREVIOUS follows by itself (UpdateSecretVersionStage).
            self._attach(secret, PREVIOUS, holder)

    def _strip(self, secret: FakeSecret, stage: str) -> None:
        for version in secret.versions.values():
            version.stages.discard(stage)

    def _tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def _error(code: str, message: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)
