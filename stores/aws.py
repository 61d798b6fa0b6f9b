"""AWS Secrets Manager as a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from catalog import derive, names
from catalog.environment import Environment
from catalog.kind import FirstValue
from catalog.model import Catalog, Secret
from stores.aws_session import deleted, refused, translated
from stores.document import Document
from stores.store import (
    PENDING,
    SUPPLIED,
    ConflictError,
    DeniedError,
    Metadata,
    NotBootstrappedError,
    NotFoundError,
    Reading,
    Store,
    StoreError,
    UnreachableError,
    Version,
)

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_secretsmanager.type_defs import (
        BatchGetSecretValueRequestTypeDef,
        ListSecretVersionIdsRequestTypeDef,
    )

SERVERS = frozenset({"postgres", "redis"})
"""The targets whose first values `secretsctl bootstrap` takes: everything else hangs on those servers' passwords."""
BATCH = 20
"""Most secrets in one BatchGetSecretValue:
docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html"""


class AwsStore(Store):
    """Reads and writes the secrets of one environment.

    Operators write without reading: `put` needs PutSecretValue; `describe`, `versions` and `names` see no value.
    """

    def __init__(self, client: SecretsManagerClient, environment: Environment, catalog: Catalog) -> None:
        self._client = client
        self._environment = environment
        self._catalog = catalog

    def get(self, name: str) -> Reading:
        """The current version: one GetSecretValue."""
        secret = self._secret("read", name)
        with translated("read", secret=name):
            answer = self._client.get_secret_value(SecretId=derive.secret_name(self._environment, secret))
        return self._reading(
            secret, answer["VersionId"], answer.get("VersionStages", []), answer.get("SecretString", "")
        )

    def get_many(self, names: Iterable[str]) -> Mapping[str, Reading | StoreError]:
        """As the contract says, twenty at a time; one by one where a batch is refused, as it is to consumers."""
        names = list(dict.fromkeys(names))
        answers: dict[str, Reading | StoreError] = {}
        for start in range(0, len(names), BATCH):
            batch = names[start : start + BATCH]
            try:
                answers |= self._batch([self._secret("read", name) for name in batch])
            except UnreachableError:
                raise
            except StoreError:
                answers |= super().get_many(batch)
        return {name: answers[name] for name in names}

    def put(self, name: str, document: Document, token: str) -> str:
        """As the contract says: one PutSecretValue."""
        secret = self._secret("write", name)
        with translated("write", secret=name):
            answer = self._client.put_secret_value(
                SecretId=derive.secret_name(self._environment, secret),
                ClientRequestToken=token,
                SecretString=document.text(),
            )
        return answer["VersionId"]

    def supply(self, name: str, document: Document, token: str) -> str:
        """Keep a value that a person gave for the next rotation, which verifies and publishes it; readers do not get
        it. Returns the version's id; a value supplied before loses the label. One PutSecretValue.
        """
        secret = self._secret("supply", name)
        with translated("supply", secret=name):
            answer = self._client.put_secret_value(
                SecretId=derive.secret_name(self._environment, secret),
                ClientRequestToken=token,
                SecretString=document.text(),
                VersionStages=[SUPPLIED],
            )
        return answer["VersionId"]

    def describe(self, name: str) -> Metadata:
        """As the contract says: one DescribeSecret, which is never stale (ListSecrets may be by five minutes)."""
        secret = self._secret("describe", name)
        with translated("describe", secret=name):
            answer = self._client.describe_secret(SecretId=derive.secret_name(self._environment, secret))
        if "DeletedDate" in answer:
            raise deleted("describe", name)
        return Metadata(
            name=name,
            versions=tuple(
                Version(id=version, labels=frozenset(labels))
                for version, labels in answer.get("VersionIdsToStages", {}).items()
            ),
            tags={tag["Key"]: tag["Value"] for tag in answer.get("Tags", []) if "Key" in tag and "Value" in tag},
            rotation_enabled=bool(answer.get("RotationEnabled")),
            changed=answer.get("LastChangedDate"),
            last_rotation=answer.get("LastRotatedDate"),
            next_rotation=answer.get("NextRotationDate"),
        )

    def versions(self, name: str) -> tuple[Version, ...]:
        """As the contract says: ListSecretVersionIds, all pages."""
        secret = self._secret("describe", name)
        with translated("list the versions of", secret=name):
            request: ListSecretVersionIdsRequestTypeDef = {
                "SecretId": derive.secret_name(self._environment, secret),
                "IncludeDeprecated": True,
            }
            page = self._client.list_secret_version_ids(**request)
            entries = list(page["Versions"])
            while page.get("NextToken"):  # boto3 has no paginator for this call
                request["NextToken"] = page["NextToken"]
                page = self._client.list_secret_version_ids(**request)
                entries += page["Versions"]
        entries.sort(key=lambda entry: entry["CreatedDate"], reverse=True)
        return tuple(
            Version(
                id=entry["VersionId"], labels=frozenset(entry.get("VersionStages", [])), created=entry["CreatedDate"]
            )
            for entry in entries
        )

    def names(self) -> tuple[str, ...]:
        """As the contract says: ListSecrets, all pages; may miss the last five minutes."""
        prefix = f"{names.SERVICE}/{self._environment.name}/"
        with translated("list the secrets"):
            pages = self._client.get_paginator("list_secrets").paginate(Filters=[{"Key": "name", "Values": [prefix]}])
            found = [entry["Name"] for page in pages for entry in page["SecretList"]]
        # The filter matches a prefix of any word of the name, without regard to case.
        return tuple(sorted(name.removeprefix(prefix) for name in found if name.startswith(prefix)))

    def rotate(self, name: str, token: str) -> str:
        """Start a rotation to the version `token`, or try that of an unfinished one again; returns the version's id.

        Returns at once: whether it worked shows in the labels and in the function's log.

        Raises:
            ConflictError: another rotation is under way.
        """
        secret = self._secret("rotate", name)
        try:
            with translated("rotate", secret=name):
                answer = self._client.rotate_secret(
                    SecretId=derive.secret_name(self._environment, secret), ClientRequestToken=token
                )
        except (NotFoundError, DeniedError, UnreachableError):
            raise
        except StoreError as exc:
            # InvalidRequestException: "A previous rotation isn't complete. That rotation will be reattempted."
            if self.describe(name).rotating_to is None:
                raise
            raise ConflictError(
                "rotate",
                secret=name,
                cause="another rotation is under way",
                remedy=f"follow it with `secretsctl rotate {name} --resume`",
            ) from exc
        return answer.get("VersionId", token)

    def abandon(self, name: str, version: str) -> None:
        """Give up an unfinished rotation: AWSPENDING is taken off its version. The next rotation begins anew."""
        secret = self._secret("give up the rotation of", name)
        with translated("give up the rotation of", secret=name):
            self._client.update_secret_version_stage(
                SecretId=derive.secret_name(self._environment, secret),
                VersionStage=PENDING,
                RemoveFromVersionId=version,
            )

    def _secret(self, what: str, name: str) -> Secret:
        if name not in self._catalog.by_name:
            raise NotFoundError(
                what, secret=name, cause="the catalogue has none of that name", remedy="see `secretsctl list`"
            )
        return self._catalog.by_name[name]

    def _batch(self, secrets: Sequence[Secret]) -> dict[str, Reading | StoreError]:
        by_id = {derive.secret_name(self._environment, secret): secret for secret in secrets}
        answers: dict[str, Reading | StoreError] = {}
        request: BatchGetSecretValueRequestTypeDef = {"SecretIdList": [*by_id]}
        while True:
            with translated("read the secrets"):
                page = self._client.batch_get_secret_value(**request)
            for value in page.get("SecretValues", []):
                secret = by_id[value["Name"]]
                try:
                    answers[secret.name] = self._reading(
                        secret, value["VersionId"], value.get("VersionStages", []), value.get("SecretString", "")
                    )
                except StoreError as exc:
                    answers[secret.name] = exc
            for error in page.get("Errors", []):
                secret = next(secret for id_, secret in by_id.items() if id_ in error.get("SecretId", ""))
                answers[secret.name] = refused(
                    "read", error.get("ErrorCode", "Unknown"), error.get("Message", ""), secret=secret.name
                )
            if not page.get("NextToken"):
                break
            request["NextToken"] = page["NextToken"]
        for secret in secrets:
            if secret.name not in answers:
                answers[secret.name] = refused("read", "ResourceNotFoundException", "", secret=secret.name)
        return answers

    def _reading(self, secret: Secret, version: str, labels: Sequence[str], text: str) -> Reading:
        if derive.BOOTSTRAP_LABEL in labels:
            by_hand = secret.spec.first_value is FirstValue.SUPPLIED and secret.spec.target not in SERVERS
            command = f"secretsctl set {secret.name}" if by_hand else "secretsctl bootstrap"
            raise NotBootstrappedError(
                "read", secret=secret.name, cause="it has no value yet", remedy=f"give it one with `{command}`"
            )
        document = Document.parsed(text)
        if document is None:
            raise StoreError(
                "read",
                secret=secret.name,
                cause="its current version is no JSON object",
                remedy="something else than this programme wrote it: find out with CloudTrail's PutSecretValue events",
            )
        return Reading(version=Version(id=version, labels=frozenset(labels)), document=document)
