# ruff: noqa: ARG002 - an implementation takes what the interface gives
"""AWS access keys of an IAM user: a second key while consumers move, then the first is made inactive and deleted."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3

from rotation import document as documents
from rotation.document import Document
from rotation.targets.iam_keys import CLIENT, Keys, translated
from rotation.targets.iam_settling import settle
from rotation.targets.iam_two_keys import TwoKeys
from rotation.targets.target import Fallbacks

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_sts import STSClient

Sts = Callable[[str, str], "STSClient"]


def _sts(key_id: str, secret: str) -> "STSClient":
    return boto3.client("sts", aws_access_key_id=key_id, aws_secret_access_key=secret, config=CLIENT)


class IamAccessKey:
    """The function's role makes and ends the keys of `user_name`; the keys themselves need no right in IAM.

    A key that was just made works already, so there is nothing to apply: testSecret waits until AWS accepts it, and
    only then is it published.
    """

    credential = frozenset({"access_key_id", "secret_access_key"})
    value = "secret_access_key"
    overlaps = True
    issued = True
    retires = True

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
        self._keys = Keys(iam)
        self._two = TwoKeys(self._keys, "access_key_id", clock, sleep=sleep)
        self._sts = sts
        self._sleep = sleep

    def generate(self, name: str, current: Document, fallbacks: Fallbacks, *, urgent: bool) -> Document:
        """The document with a key that IAM has just made; from the marker, the user's first."""
        made = self._two.issue(current, fallbacks, urgent=urgent)
        return {**current, "access_key_id": made.id, "secret_access_key": made.secret}

    def apply(self, current: Document, pending: Callable[[], Document], fallbacks: Fallbacks) -> None:
        """Nothing but the check that the rotation is still ours: IAM made the key active."""
        pending()

    def verify(self, document: Document) -> None:
        """Sign a call with the key until AWS accepts it, and see that it is the user's.

        GetCallerIdentity needs no permission (https://docs.aws.amazon.com/STS/latest/APIReference/
        API_GetCallerIdentity.html), so this says nothing about what the user may do.
        """
        user, key_id = documents.text(document, "user_name"), documents.text(document, "access_key_id")
        sts = self._sts(key_id, documents.text(document, "secret_access_key"))

        def attempt() -> None:
            with translated(f"GetCallerIdentity with access key {key_id}"):
                sts.get_caller_identity()
            self._keys.require_owner(user, key_id)

        settle(attempt, self._sleep)

    def heal(self, current: Document, fallbacks: Fallbacks) -> None:
        """Make AWSCURRENT's key active again if it is inactive."""
        self._two.heal(current)

    def retire(
        self, current: Document, previous: Document, fallbacks: Fallbacks, quiet_since: datetime | None
    ) -> Sequence[str]:
        """Make the old key inactive unless somebody used it; the next rotation deletes it."""
        return self._two.retire(current, previous, fallbacks, quiet_since)
