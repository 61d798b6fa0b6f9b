"""KMS in the path of a secret: Secrets Manager calls it for the caller, with the secret as encryption context.

Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html. The calls of a forward
access session have no aws:SourceIp here (unverified), and the aws/secretsmanager key is open to every principal of the
account.
"""

from collections.abc import Callable, Mapping

from iam.context import ContextValue
from sandbox.aws.access.circumstances import of_request
from sandbox.aws.access.keys import Keys
from sandbox.aws.access.need import Need
from sandbox.aws.access.rules.kms import encryption_context
from sandbox.aws.caller import Caller
from sandbox.aws.errors import AwsError

_SERVICE = "secretsmanager.amazonaws.com"
# "You can identify these validation calls because the value of the SecretVersionId key encryption context field in
# these requests is RequestToValidateKeyAccess": security-encryption.html#security-encryption-using-cmk.
_VALIDATION = "RequestToValidateKeyAccess"

Allowed = Callable[[Caller, Need, dict[str, ContextValue]], bool]
KeyUse = Callable[[Caller, str, str, str, Mapping[str, str], bool], None]
"""Told of every use of a key: caller, operation, region, key ARN, encryption context, and whether it was allowed."""


class SecretKeys:
    """The keys of secrets, as one request's caller may use them; `key_id` None is the aws/secretsmanager key."""

    def __init__(self, *, caller: Caller, keys: Keys, allowed: Allowed, used: KeyUse, now: float) -> None:
        """`allowed` decides one need of the caller; `used` is told of it, for CloudTrail."""
        self._used = used
        self._caller = caller
        self._keys = keys
        self._allowed = allowed
        self._now = now

    def check_usable(self, region: str, key_id: str | None, *, secret_arn: str) -> None:
        """A key that a secret is to have: the caller must be able to encrypt and decrypt with it."""
        self._check(region, key_id, ("GenerateDataKey", "Decrypt"), secret_arn, _VALIDATION)
        self._check_encrypts(region, key_id)

    def check_encrypt(self, region: str, key_id: str | None, *, secret_arn: str, version_id: str) -> None:
        """AccessDeniedException unless the caller may; EncryptionFailure unless the key exists and is enabled."""
        self._check(region, key_id, ("GenerateDataKey",), secret_arn, version_id)
        self._check_encrypts(region, key_id)

    def check_decrypt(self, region: str, key_id: str | None, *, secret_arn: str, version_id: str) -> None:
        """AccessDeniedException unless the caller may; DecryptionFailure unless the key exists and is enabled."""
        self._check(region, key_id, ("Decrypt",), secret_arn, version_id)
        if key_id is not None and not self._keys.works(region, key_id):
            raise AwsError(
                "DecryptionFailure",
                "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
            )

    def may_decrypt(self, region: str, key_id: str | None, *, secret_arn: str, version_id: str) -> bool:
        """Whether `check_decrypt` would pass."""
        try:
            self.check_decrypt(region, key_id, secret_arn=secret_arn, version_id=version_id)
        except AwsError:
            return False
        return True

    def _check(
        self, region: str, key_id: str | None, actions: tuple[str, ...], secret_arn: str, version_id: str
    ) -> None:
        if key_id is None:
            return
        request = of_request(region=region, service="kms", now=self._now, source_ip=None, agent=_SERVICE)
        request |= {
            "aws:CalledVia": [_SERVICE],
            "aws:CalledViaFirst": _SERVICE,
            "aws:CalledViaLast": _SERVICE,
            "kms:ViaService": f"secretsmanager.{region}.amazonaws.com",
        }
        context = {"SecretARN": secret_arn, "SecretVersionId": version_id}
        given = encryption_context(context)
        arn = self._keys.arn(region, key_id)
        for action in actions:
            need = Need(action=f"kms:{action}", resource=arn, given=given)
            allowed = self._allowed(self._caller, need, request)
            self._used(self._caller, action, region, arn, context, allowed)
            if not allowed:
                raise AwsError("AccessDeniedException", "Access to KMS is not allowed")

    def _check_encrypts(self, region: str, key_id: str | None) -> None:
        # https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html (EncryptionFailure)
        if key_id is not None and not self._keys.works(region, key_id):
            raise AwsError(
                "EncryptionFailure",
                "Secrets Manager can't encrypt the protected secret text using the provided KMS key. Check that the "
                "KMS key is available, enabled, and not in an invalid state.",
            )
