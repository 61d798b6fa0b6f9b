"""Who makes a request: a user, a role's session, an account's root, a service, a federated caller, or nobody.

IAM: reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum, unique

from iam.error import PolicyError

_ACCOUNT_ID = 12
_ARN = re.compile(r"^arn:([a-z-]+):(iam|sts)::(\d{12}):(.+)$")


@unique
class PrincipalKind(StrEnum):
    """Named as `aws:PrincipalType` is, where AWS has a name for it (IAM: reference_policies_variables.html)."""

    ROOT = "Account"
    USER = "User"
    ROLE = "Role"
    ROLE_SESSION = "AssumedRole"
    FEDERATED_USER = "FederatedUser"
    SERVICE = "Service"
    FEDERATED = "Federated"
    ANONYMOUS = "Anonymous"


@dataclass(frozen=True, kw_only=True)
class Principal:
    """A caller. `arn` is an ARN, a service's name, an identity provider, or `*` for anonymous.

    `entity_arn` is the role of a role's session, and the IAM user of a federated user's session.
    A ROLE is a session whose name does not matter, as in the question what a role may do.
    """

    kind: PrincipalKind
    arn: str
    account: str | None = None
    entity_arn: str | None = None

    @classmethod
    def parse(cls, arn: str, *, role_arn: str | None = None) -> Principal:
        """A principal from its ARN. A session's ARN lacks its role's path: give `role_arn` for a role that has one."""
        found = _ARN.match(arn)
        if found is None:
            raise PolicyError(
                f"{arn!r} is not the ARN of a principal; give an iam or sts ARN of a root, user, role or session"
            )
        partition, service, account, name = found.groups()
        prefix = f"arn:{partition}:iam::{account}"
        kind, _, rest = name.partition("/")
        match service, kind:
            case "iam", "root" if not rest:
                return cls(kind=PrincipalKind.ROOT, arn=arn, account=account)
            case "iam", "user" if rest:
                return cls(kind=PrincipalKind.USER, arn=arn, account=account)
            case "iam", "role" if rest:
                return cls(kind=PrincipalKind.ROLE, arn=arn, account=account)
            case "sts", "assumed-role" if rest.count("/") == 1:
                role = role_arn or f"{prefix}:role/{rest.partition('/')[0]}"
                return cls(kind=PrincipalKind.ROLE_SESSION, arn=arn, account=account, entity_arn=role)
            case "sts", "federated-user" if rest:
                user = f"{prefix}:user/{rest}"
                return cls(kind=PrincipalKind.FEDERATED_USER, arn=arn, account=account, entity_arn=user)
        raise PolicyError(f"{arn!r} names no principal; end it with root, user/…, role/…, assumed-role/…/… or similar")

    @classmethod
    def service(cls, name: str) -> Principal:
        """An AWS service by its principal's name, such as `lambda.amazonaws.com`."""
        return cls(kind=PrincipalKind.SERVICE, arn=name)

    @classmethod
    def federated(cls, provider: str) -> Principal:
        """Someone whom an identity provider vouches for, before a role is assumed."""
        return cls(kind=PrincipalKind.FEDERATED, arn=provider)

    @classmethod
    def anonymous(cls) -> Principal:
        """A request without a signature."""
        return cls(kind=PrincipalKind.ANONYMOUS, arn="*")

    @property
    def account_arn(self) -> str | None:
        """The ARN by which policies name the whole account."""
        partition = self.arn.split(":")[1] if self.account else ""
        return f"arn:{partition}:iam::{self.account}:root" if self.account else None

    @property
    def chain(self) -> tuple[str, ...]:
        """Every name that this principal goes by, from account to session."""
        return tuple(name for name in (self.account_arn, self.entity_arn, self.arn) if name)


def is_account_id(text: str) -> bool:
    """Whether `text` is the number of an account."""
    return len(text) == _ACCOUNT_ID and text.isdecimal()
