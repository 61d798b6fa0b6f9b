# ruff: noqa: ARG002 - an implementation takes what the interface gives
"""SMTP credentials of Amazon SES: an access key in disguise, so they rotate like one."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rotation import document as documents
from rotation.document import Document
from rotation.targets.iam_smtp_session import Connect, Login, connect
from rotation.targets.iam_user_key import UserKey
from rotation.targets.target import Fallbacks

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

# https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html, "values required to calculate the signature"
_STEPS = ("11111111", "{region}", "ses", "aws4_request", "SendRawEmail")
_VERSION = b"\x04"


def smtp_password(secret_access_key: str, region: str) -> str:
    """The SMTP password of an access key in one region, by AWS's published algorithm."""
    signature = f"AWS4{secret_access_key}".encode()
    for step in _STEPS:
        signature = hmac.new(signature, step.format(region=region).encode(), hashlib.sha256).digest()
    return base64.b64encode(_VERSION + signature).decode("ascii")


class SesSmtp(UserKey):
    """`username` is the key's id and `password` is derived; the secret half of the key itself is stored nowhere."""

    credential = frozenset({"username", "password"})
    value = "password"

    def __init__(
        self,
        ca_pem: str | None = None,
        *,
        iam: "IAMClient | None" = None,
        connect: Connect = connect,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__("username", iam, clock, sleep)
        self._ca_pem = ca_pem
        self._connect = connect

    def generate(self, name: str, current: Document, fallbacks: Fallbacks, *, urgent: bool) -> Document:
        """The document with the SMTP credentials of a key that IAM has just made; from the marker, the user's first."""
        region = documents.text(current, "region")
        made = self._two.issue(current, fallbacks, urgent=urgent)
        return {**current, "username": made.id, "password": smtp_password(made.secret, region)}

    def verify(self, document: Document) -> None:
        """Log in to SES over TLS until it accepts the password, and see that the key is the user's. Sends no mail."""
        login, user = Login.of(document), documents.text(document, "user_name")
        self._settled(lambda: self._connect(login, self._ca_pem), user, login.username)
