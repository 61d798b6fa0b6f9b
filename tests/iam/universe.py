"""The small finite world of the comparison: callers, actions, resources and values of context keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

HOME, ABROAD = "111111111111", "222222222222"
ACTIONS = ("kms:Decrypt", "kms:DescribeKey", "sm:GetValue", "sm:PutValue")
RESOURCES = (
    f"arn:aws:sm:eu:{HOME}:secret:red/app-1",
    f"arn:aws:sm:eu:{HOME}:secret:blue/app-1",
    f"arn:aws:kms:eu:{HOME}:key/k",
)
TEAM = "aws:PrincipalTag/team"
# Every value that a key may have in a request.
VALUES: Mapping[str, tuple[str, ...]] = {
    "t:one": ("x", "X", "xy", "red"),
    "t:many": ("x", "xy", "z", ""),
    "t:size": ("5", "10", "x"),
    "t:flag": ("true", "false"),
    "t:source": ("arn:aws:sns:eu:1:t", "arn:aws:sns:eu:1:t:u"),
    TEAM: ("red", "x"),
}
Circumstances = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A caller with the names by which a policy may mean it, written out; `foreign` is outside the owner's account."""

    kind: str
    arn: str
    direct: frozenset[str]
    entity: frozenset[str] = frozenset()
    account: frozenset[str] = frozenset()
    whole_chain: frozenset[str]
    foreign: bool = False

    @property
    def names(self) -> Mapping[str, frozenset[str]]:
        return {"direct": self.direct | {"*"}, "entity": self.entity, "account": self.account}


def _set(*names: str) -> frozenset[str]:
    return frozenset(names)


def _root(account: str) -> str:
    return f"arn:aws:iam::{account}:root"


USER, ROLE = f"arn:aws:iam::{HOME}:user/u", f"arn:aws:iam::{HOME}:role/r"
SESSION = f"arn:aws:sts::{HOME}:assumed-role/r/s"
FEDERATED = f"arn:aws:sts::{HOME}:federated-user/u"
FOREIGN_USER, FOREIGN_ROLE = f"arn:aws:iam::{ABROAD}:user/u", f"arn:aws:iam::{ABROAD}:role/r"
FOREIGN_SESSION = f"arn:aws:sts::{ABROAD}:assumed-role/r/s"
SERVICE, PROVIDER = "lambda.amazonaws.com", "accounts.example.com"
_HOME, _ABROAD = _set(HOME, _root(HOME)), _set(ABROAD, _root(ABROAD))

CALLERS = {
    "user": Caller(kind="user", arn=USER, direct=_set(USER), account=_HOME, whole_chain=_set(_root(HOME), USER)),
    "session": Caller(
        kind="session",
        arn=SESSION,
        direct=_set(SESSION),
        entity=_set(ROLE),
        account=_HOME,
        whole_chain=_set(_root(HOME), ROLE, SESSION),
    ),
    "federated": Caller(
        kind="federated",
        arn=FEDERATED,
        direct=_set(FEDERATED),
        entity=_set(USER),
        account=_HOME,
        whole_chain=_set(_root(HOME), USER, FEDERATED),
    ),
    "root": Caller(kind="root", arn=_root(HOME), direct=_HOME, whole_chain=_set(_root(HOME))),
    "foreign user": Caller(
        kind="user",
        arn=FOREIGN_USER,
        direct=_set(FOREIGN_USER),
        account=_ABROAD,
        whole_chain=_set(_root(ABROAD), FOREIGN_USER),
        foreign=True,
    ),
    "foreign session": Caller(
        kind="session",
        arn=FOREIGN_SESSION,
        direct=_set(FOREIGN_SESSION),
        entity=_set(FOREIGN_ROLE),
        account=_ABROAD,
        whole_chain=_set(_root(ABROAD), FOREIGN_ROLE, FOREIGN_SESSION),
        foreign=True,
    ),
    "foreign root": Caller(
        kind="root", arn=_root(ABROAD), direct=_ABROAD, whole_chain=_set(_root(ABROAD)), foreign=True
    ),
    "service": Caller(kind="service", arn=SERVICE, direct=_set(SERVICE), whole_chain=_set(SERVICE)),
    "web": Caller(kind="web", arn=PROVIDER, direct=_set(PROVIDER), whole_chain=_set(PROVIDER)),
    "nobody": Caller(kind="nobody", arn="*", direct=_set(), whole_chain=_set("*")),
}
