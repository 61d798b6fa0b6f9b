"""What every operation works with: storage, the clock, the seams to KMS and Lambda, and how a secret is found."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sandbox.aws.errors import AwsError
from sandbox.aws.secretsmanager.model import Secret, Value
from sandbox.aws.secretsmanager.names import candidates, in_region
from sandbox.aws.secretsmanager.storage import SecretStorage

Request = Mapping[str, Any]
Result = dict[str, Any]


class Keys(Protocol):
    """The KMS keys as this request's caller may use them; None is the account's aws/secretsmanager key, which all may.

    Each check raises AccessDeniedException where the caller may not.
    """

    def check_usable(self, region: str, key_id: str | None, *, secret_arn: str) -> None:
        """A key that a secret is to have: EncryptionFailure when it does not exist or is not enabled."""

    def check_encrypt(self, region: str, key_id: str | None, *, secret_arn: str, version_id: str) -> None:
        """A value is written: EncryptionFailure when the key does not exist or is not enabled."""

    def check_decrypt(self, region: str, key_id: str | None, *, secret_arn: str, version_id: str) -> None:
        """A value is read: DecryptionFailure when the key does not exist or is not enabled."""

    def may_decrypt(self, region: str, key_id: str | None, *, secret_arn: str, version_id: str) -> bool:
        """Whether `check_decrypt` would pass."""


class Functions(Protocol):
    """The Lambda side of rotation."""

    def check_invocable(self, arn: str, *, source_arn: str) -> None:
        """Raise the documented error when Secrets Manager may not invoke the function for this secret."""

    def invoke(self, arn: str, event: Mapping[str, str]) -> str | None:
        """Run the function and wait: None when it returned, else what failed (never a secret)."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """One request's surroundings. `authorize` raises unless the caller may do another operation with its parameters."""

    account: str
    region: str
    storage: SecretStorage
    keys: Keys
    functions: Functions
    wake_rotation: Callable[[], None]
    authorize: Callable[[str, Request], None]
    clock: Callable[[], float] = time.time

    def find(self, secret_id: str) -> Secret:
        """The secret that an ARN, a partial ARN or a name means; one past its recovery window is gone."""
        arn, name = candidates(secret_id)
        secret = self.storage.by_arn(arn) if arn is not None else None
        if secret is None:
            secret = self.storage.by_name(self.region, name)
            if secret is not None and secret_id.startswith("arn:") and not secret.arn.startswith(secret_id):
                secret = None
        if secret is not None and secret.deletion_date is not None and secret.deletion_date <= self.clock():
            self.storage.delete(secret.arn)
            secret = None
        if secret is None or secret.region != self.region:
            raise AwsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        return secret

    def usable(self, secret_id: str) -> Secret:
        """The secret, unless it is marked for deletion."""
        secret = self.find(secret_id)
        if secret.deletion_date is not None:
            raise AwsError(
                "InvalidRequestException",
                "You can't perform this operation on the secret because it was marked for deletion.",
            )
        return secret

    def writable(self, secret_id: str) -> Secret:
        """The secret, unless it is marked for deletion or a replica."""
        secret = self.usable(secret_id)
        if secret.is_replica:
            raise AwsError(
                "InvalidRequestException",
                "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
            )
        return secret

    def save(self, secret: Secret, values: dict[str, Value] | None = None) -> Secret:
        """Store a changed secret and bring its replicas up to date, in one transaction."""
        with self.storage.change():
            self.storage.save(secret, values)
            for target in secret.replicas:
                copy = self.storage.by_arn(in_region(secret.arn, target.region))
                if copy is not None:
                    self.storage.save(mirror(secret, copy), values)
        return secret


def mirror(primary: Secret, copy: Secret) -> Secret:
    """The replica after its primary changed: all but its key follows, its resource policy too.

    "Secrets Manager replicates the encrypted secret data and metadata such as tags and resource policies":
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html
    """
    return replace(
        copy,
        changed=primary.changed,
        description=primary.description,
        tags=primary.tags,
        policy=primary.policy,
        versions={key: replace(version, key_id=copy.key_id) for key, version in primary.versions.items()},
        rotated=primary.rotated,
        rotation=primary.rotation,
    )
