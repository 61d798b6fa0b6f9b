"""The access keys of IAM users: the few calls that a rotation needs, with a different error for each trouble.

An IAM user has at most two access keys, and the secret half is shown once, when the key is made:
https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html
IAM is eventually consistent, so a key may be listed or accepted later than it was made, and the other way round:
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from rotation.errors import LoginRefusedError, RotationError, ServerBusyError, ServerUnreachableError

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

CLIENT = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 4})
# docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html, and the page of that name of STS
_REFUSED = {"InvalidClientTokenId", "SignatureDoesNotMatch"}
_BUSY = {"Throttling", "ThrottlingException", "RequestLimitExceeded", "ServiceFailure", "ServiceUnavailable"}
_GONE = "NoSuchEntity"


@dataclass(frozen=True, kw_only=True)
class Key:
    """One access key as IAM lists it. Its id is no secret: it travels in every request that it signs."""

    id: str
    active: bool
    created: datetime


@dataclass(frozen=True, kw_only=True)
class NewKey:
    """A key that was just made, with the half that nobody can ask for again."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Use:
    """The last use that IAM has on record. Region is `N/A` for services that have none, such as S3."""

    at: datetime
    service: str
    region: str


class CallError(RotationError):
    """AWS refused a call for none of the standard reasons; keeps its code and not its message."""

    def __init__(self, text: str, code: str) -> None:
        super().__init__(text)
        self.code = code


class Keys:
    """The function's own role makes these calls: no key of the user is needed to replace it."""

    def __init__(self, client: "IAMClient | None" = None) -> None:
        self._client = client or boto3.client("iam", config=CLIENT)

    def of(self, user: str) -> dict[str, Key]:
        """The user's keys by id. IAM may cut any list short (ListAccessKeys, MaxItems), so pages are turned."""
        with translated(f"ListAccessKeys of IAM user '{user}'"):
            page: Any = self._client.list_access_keys(UserName=user)
            entries = page["AccessKeyMetadata"]
            while page.get("IsTruncated"):
                page = self._client.list_access_keys(UserName=user, Marker=page["Marker"])
                entries += page["AccessKeyMetadata"]
        return {
            entry["AccessKeyId"]: Key(
                id=entry["AccessKeyId"], active=entry["Status"] == "Active", created=entry["CreateDate"]
            )
            for entry in entries
        }

    def create(self, user: str) -> NewKey:
        """Make a key. Not idempotent: an answer that is lost leaves a key whose secret half nobody knows."""
        with translated(f"CreateAccessKey for IAM user '{user}'"):
            made = self._client.create_access_key(UserName=user)["AccessKey"]
        return NewKey(id=made["AccessKeyId"], secret=made["SecretAccessKey"])

    def last_use(self, key: str) -> Use | None:
        """When and for what the key was last used; None when IAM knows of no use.

        Of all uses within 15 minutes IAM keeps the first
        (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html, for the same fields; how
        late a use shows is unverified). So only an overlap of more than half an hour sees everybody who goes on.
        """
        with translated(f"GetAccessKeyLastUsed of access key {key}"):
            used = self._client.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"]
        if used.get("LastUsedDate") is None:
            return None
        return Use(at=used["LastUsedDate"], service=used["ServiceName"], region=used["Region"])

    def activate(self, user: str, key: str) -> None:
        """Let an inactive key work again."""
        with translated(f"UpdateAccessKey of access key {key}"):
            self._client.update_access_key(UserName=user, AccessKeyId=key, Status="Active")

    def deactivate(self, user: str, key: str) -> None:
        """Take a key's power away; one that is gone has none."""
        with _gone_already(), translated(f"UpdateAccessKey of access key {key}"):
            self._client.update_access_key(UserName=user, AccessKeyId=key, Status="Inactive")

    def delete(self, user: str, key: str) -> None:
        """Delete a key for good; one that is gone is deleted."""
        with _gone_already(), translated(f"DeleteAccessKey of access key {key}"):
            self._client.delete_access_key(UserName=user, AccessKeyId=key)

    def require_owner(self, user: str, key: str) -> None:
        """The key is the user's and in this account; LoginRefusedError otherwise, which may pass with time."""
        if key not in self.of(user):
            raise LoginRefusedError(
                f"access key {key} is not one of IAM user '{user}' in this account; correct `user_name` or rotate again"
            )


@contextmanager
def _gone_already() -> Iterator[None]:
    try:
        yield
    except CallError as error:
        if error.code != _GONE:
            raise


@contextmanager
def translated(what: str) -> Iterator[None]:
    """LoginRefusedError, ServerBusyError, ServerUnreachableError, and CallError for the rest. No text of AWS in any."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "Unknown")
        if code in _REFUSED:
            raise LoginRefusedError(
                f"AWS refused {what} ({code}): the key is inactive, deleted, wrong or not known everywhere yet; "
                f"heal the secret, or rotate it again"
            ) from None
        if code in _BUSY:
            raise ServerBusyError(f"AWS has no room for {what} ({code}); try again later") from None
        advice = {
            _GONE: "no such user or key; correct `user_name` or create the user",
            "LimitExceeded": "the user has two keys, maybe of a run at this moment; try again in a minute",
        }.get(code, "check the function's role")
        raise CallError(f"AWS refused {what} ({code}): {advice}", code) from None
    except BotoCoreError as error:
        raise ServerUnreachableError(
            f"{what} got no answer ({type(error).__name__}); check the function's network path to AWS"
        ) from None
