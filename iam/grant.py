"""A grant on a KMS key: lets one principal call some operations, perhaps only with a given encryption context.

KMS: grants.html, and API_GrantConstraints.html of the KMS API Reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from iam.context import Context
from iam.principal import Principal, PrincipalKind
from iam.principals import Reach, reach_of

_CONTEXT = "kms:encryptioncontext:"
# "AWS KMS applies the grant constraints only to cryptographic operations that support an encryption context".
_CRYPTOGRAPHIC = frozenset(
    (
        "Decrypt",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "ReEncryptFrom",
        "ReEncryptTo",
    )
)


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One grant; `operations` are names such as `Decrypt`, and a constraint that is None does not constrain."""

    name: str
    grantee: str
    operations: frozenset[str]
    context_equals: Mapping[str, str] | None = None
    context_subset: Mapping[str, str] | None = None

    def reach(self, principal: Principal, action: str, context: Context) -> Reach:
        """How closely this grant lets `principal` do `action`.

        That a role as grantee is limited by its boundary as it is under a key policy is unverified.
        """
        service, _, operation = action.partition(":")
        if service.lower() != "kms" or operation not in self.operations:
            return Reach.NONE
        if operation in _CRYPTOGRAPHIC and not self._context_fits(_encryption_context(context)):
            return Reach.NONE
        if principal.kind is PrincipalKind.SERVICE:
            return Reach.DIRECT if principal.arn == self.grantee else Reach.NONE
        return reach_of(self.grantee, principal)

    def _context_fits(self, given: Mapping[str, str]) -> bool:
        if self.context_equals is not None and given != _folded(self.context_equals):
            return False
        return self.context_subset is None or _folded(self.context_subset).items() <= given.items()


def _folded(pairs: Mapping[str, str]) -> dict[str, str]:
    # "the key in each key-value pair is not case sensitive, but the value is"
    return {key.lower(): value for key, value in pairs.items()}


def _encryption_context(context: Context) -> dict[str, str]:
    return {
        key.removeprefix(_CONTEXT): values[0]
        for key, values in context.items()
        if key.startswith(_CONTEXT) and len(values) == 1
    }
