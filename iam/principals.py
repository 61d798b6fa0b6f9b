"""The Principal element of a statement: whom it names, and how closely it names a caller."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from iam.error import PolicyError
from iam.principal import Principal, PrincipalKind, is_account_id

_AWS_ARN = re.compile(
    r"^arn:[a-z-]+:(iam::\d{12}:(root|user/[^*?]+|role/[^*?]+)"
    r"|sts::\d{12}:(assumed-role/[^*?/]+/[^*?/]+|federated-user/[^*?]+))$"
)
# What AWS shows for a user or role that was deleted: it matches nobody.
_UNIQUE_ID = re.compile(r"^A(IDA|ROA)[A-Z0-9]+$")
_KINDS = ("AWS", "Service", "Federated", "CanonicalUser")


class Reach(IntEnum):
    """How closely a Principal element names a caller; a closer one is freer of other policies.

    IAM: reference_policies_evaluation-logic_policy-eval-denyallow.html, "Resource-based policies".
    """

    NONE = 0
    ACCOUNT = 1  # delegates to the account: its own policies must allow as well
    ENTITY = 2  # the role behind a session: needs no other policy, but boundary and session policies limit it
    DIRECT = 3  # the user, the session or everyone: no implicit deny elsewhere limits it


@dataclass(frozen=True, kw_only=True)
class Principals:
    """A parsed Principal or NotPrincipal element."""

    aws: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    federated: tuple[str, ...] = ()
    canonical: tuple[str, ...] = ()

    @classmethod
    def parse(cls, value: object, where: str) -> Principals:
        """Reads `"*"` or a map of kinds; `where` begins the message of an error."""
        if value == "*":
            return cls(aws=("*",))
        if not isinstance(value, Mapping) or not value:
            raise PolicyError(f'{where} must be "*" or an object; give for example {{"AWS": "<ARN>"}}')
        if unknown := sorted(str(kind) for kind in value if kind not in _KINDS):
            raise PolicyError(f"{where} has the unknown kind {unknown[0]!r}; use {', '.join(_KINDS)}")
        lists = {str(kind): _texts(names, f"{where}.{kind}") for kind, names in value.items()}
        for name in lists.get("AWS", ()):
            _check_aws(name, f"{where}.AWS")
        for kind in ("Service", "Federated"):
            if wild := [name for name in lists.get(kind, ()) if "*" in name or "?" in name]:
                raise PolicyError(f"{where}.{kind} {wild[0]!r} has a wildcard; name the {kind.lower()} principal fully")
        return cls(
            aws=lists.get("AWS", ()),
            services=lists.get("Service", ()),
            federated=lists.get("Federated", ()),
            canonical=lists.get("CanonicalUser", ()),
        )

    def reach(self, principal: Principal) -> Reach:
        """The closest way in which one of the names means `principal`."""
        if principal.kind is PrincipalKind.SERVICE and principal.arn in self.services:
            return Reach.DIRECT
        if principal.kind is PrincipalKind.FEDERATED and principal.arn in self.federated:
            return Reach.DIRECT
        return max((reach_of(name, principal) for name in self.aws), default=Reach.NONE)

    def spares(self, principal: Principal) -> bool:
        """Whether a NotPrincipal with Deny leaves `principal` alone: each of its names is listed, the account too.

        AWS only says that a deny "might" hit a caller whose account or role is not listed, and advises to list all
        (IAM: reference_policies_elements_notprincipal.html); that it always does is unverified.
        """
        if "*" in self.aws:
            return True
        if principal.account is None:
            return self.reach(principal) is not Reach.NONE
        listed = set(self.aws)
        if principal.account in listed and principal.account_arn:
            listed.add(principal.account_arn)
        return listed.issuperset(principal.chain)


def reach_of(name: str, principal: Principal) -> Reach:
    """How closely one entry under `AWS` names `principal`.

    `*` is everyone, and free of implicit denies elsewhere (IAM: reference_policies_elements_principal.html says so of
    `*` narrowed by aws:PrincipalArn). That `{"AWS": "*"}` covers services too is unverified.
    """
    if name == "*" or (name == principal.arn and principal.kind is not PrincipalKind.ROLE):
        return Reach.DIRECT
    if name == principal.entity_arn or name == principal.arn:
        return Reach.ENTITY
    if principal.account is not None and name in (principal.account, principal.account_arn):
        return Reach.DIRECT if principal.kind is PrincipalKind.ROOT else Reach.ACCOUNT
    return Reach.NONE


def _check_aws(name: str, where: str) -> None:
    if name != "*" and not is_account_id(name) and not _AWS_ARN.match(name) and not _UNIQUE_ID.match(name):
        raise PolicyError(
            f"{where} {name!r} names no principal; give *, an account id, or the full ARN of a root, user, role or "
            "session (part of a name can not be a wildcard)"
        )


def _texts(value: object, where: str) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names or not all(isinstance(name, str) and name for name in names):
        raise PolicyError(f"{where} must be a text or a list of texts; name at least one principal")
    return tuple(names)
