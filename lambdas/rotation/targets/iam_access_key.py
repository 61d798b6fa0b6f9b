# ruff: noqa: ARG002 - an implementation takes what the interface gives
"""AWS access keys of an IAM user: a second key while consumers move, then the first is made inactive and deleted."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3

from rotation import document as documents
from rotation.document import Document
from rotation.targets.iam_keys import CLIENT, translated
from rotation.targets.iam_user_key import UserKey
from rotation.targets.target import Fallbacks

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_sts import STSClient

Sts = Callable[[str, str], "STSClient"]


def _sts(key_id: str, secret: str) -> "STSClient":
    return boto3.client("sts", aws_access_key_id=key_id, aws_secret_access_key=secret, config=CLIENT)


class IamAccessKey(UserKey):
    """Both halves of a key; the keys themselves need no right in IAM."""

    credential = frozenset({"access_key_id", "secret_access_key"})
    value = "secret_access_key"

    def __init__(
        self,
        ca_pem: str | None = None,
        *,
        iam: "IAMClient | None" = None,
        sts: Sts = _sts,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        del ca_pem  # public authorities vouch for AWS
        super().__init__("access_key_id", iam, clock, sleep)
        self._sts = sts

    def generate(self, name: str, current: Document, fallbacks: Fallbacks, *, urgent: bool) -> Document:
        """The document with a key that IAM has just made; from the marker, the user's first."""
        made = self._two.issue(current, fallbacks, urgent=urgent)
        return {**current, "access_key_id": made.id, "secret_access_key": made.secret}

    def verify(self, document: Document) -> None:
        """Sign a call with the key until AWS accepts it, and see that it is the user's.

        GetCallerIdentity needs no permission (https://docs.aws.amazon.com/STS/latest/APIReference/
        API_GetCallerIdentity.html), so this says nothing about what the user may do.
        """
        user, key_id = documents.text(document, "user_name"), documents.text(document, "access_key_id")
        sts = self._sts(key_id, documents.text(document, "secret_access_key"))

        def use() -> None:
            with translated(f"GetCallerIdentity with access key {key_id}"):
                sts.get_caller_identity()

        self._settled(use, user, key_id)
