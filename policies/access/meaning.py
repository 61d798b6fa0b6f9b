"""What the catalogue means each principal to do with each secret, said without a look at any policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from catalog import names
from catalog.model import Secret
from catalog.names import Duty
from policies.access.decision import ACTIONS, READ, SERVICE, WRITE
from policies.access.subject import Party, Relation, Target
from policies.intent import Intent

Actions = frozenset[str]


def _actions(operations: str) -> Actions:
    return frozenset(f"{SERVICE}:{operation}" for operation in operations.split())


_NONE: Actions = frozenset()
_ALL: Actions = frozenset(ACTIONS)
_READS = _actions("GetSecretValue DescribeSecret")
_LOOKS = _actions("DescribeSecret GetResourcePolicy ListSecretVersionIds")
_ROTATES = _READS | _actions("ListSecretVersionIds PutSecretValue UpdateSecretVersionStage")
_GUARDS = _actions("DeleteResourcePolicy PutResourcePolicy ValidateResourcePolicy")
_EVERY_SECRET: Mapping[str, Actions] = {
    Duty.OPERATOR: _actions(
        "CancelRotateSecret DescribeSecret ListSecretVersionIds PutSecretValue RestoreSecret RotateSecret "
        "UpdateSecretVersionStage"
    ),
    Duty.AUDITOR: _LOOKS,
    Duty.SECURITY_ADMIN: _LOOKS | _GUARDS,
    Duty.BREAK_GLASS: _READS,
    "preview": _LOOKS,
    "deploy": _LOOKS
    | _GUARDS
    | _actions(
        "CancelRotateSecret RemoveRegionsFromReplication ReplicateSecretToRegions RotateSecret TagResource "
        "UntagResource UpdateSecret"
    ),
    "watch": _actions("ListSecretVersionIds"),
    "retire": _actions("DescribeSecret"),
}
_EVERY_COPY = ("preview", "deploy", Duty.BREAK_GLASS)
_NO_SECRET = frozenset(("alert", "schedule-backup-secrets", "schedule-retire", "schedule-watch", "trail"))
# Nobody but readers and writers of a secret, whatever IAM grants him: catalog/access/secret.py.
_VALUE = frozenset((READ, WRITE, *_actions("UpdateSecretVersionStage DeleteSecret")))


@dataclass(frozen=True, kw_only=True)
class Meant:
    """What is in neither is nobody's promise: what an administrator of the account may do besides values."""

    must: Actions
    must_not: Actions


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """The catalogue's word on principals and secrets of one environment."""

    intent: Intent

    def of(self, party: Party, target: Target, secret: Secret) -> Meant:
        """What is meant of `party` and the `target` that holds `secret`."""
        if party.relation is Relation.OUTSIDE:
            return Meant(must=_NONE, must_not=_ALL)
        if party.relation is Relation.ACCOUNT:
            return Meant(must=_NONE, must_not=_VALUE)
        what = self.what(party)
        must = self.actions(what, secret, is_copy=target.is_copy) if what else _NONE
        return Meant(must=must, must_not=_ALL - must)

    def what(self, party: Party) -> str | None:
        """What a role is called in the catalogue, such as `api-server`; None if it has no such role."""
        prefix = names.named(self.intent.environment, "")
        what = party.name.removeprefix(prefix)
        return what if party.name.startswith(prefix) and what in self.roles else None

    @cached_property
    def roles(self) -> tuple[str, ...]:
        """Every role that has a meaning."""
        catalog = self.intent.catalog
        rotators = (names.rotator(target) for target in catalog.targets)
        return (*self._consumers, *_EVERY_SECRET, *rotators, "backup-secrets", "emergency", *sorted(_NO_SECRET))

    @cached_property
    def _consumers(self) -> tuple[str, ...]:
        return tuple(consumer.name for consumer in self.intent.catalog.consumers)

    def actions(self, what: str, secret: Secret, *, is_copy: bool) -> Actions:
        """What the role may do with the secret, or with its copy in the second region, which is there to be read."""
        if what in self._consumers:
            return _READS if what in secret.consumers else _NONE
        if is_copy and what not in _EVERY_COPY:
            return _NONE
        if what in _EVERY_SECRET:
            return _EVERY_SECRET[what]
        if what == names.rotator(secret.spec.target):
            return _ROTATES
        if what == "backup-secrets":
            return _NONE if secret.decoy else frozenset((READ,))
        if what == "emergency":
            return _NONE if secret.spec.assisted else _actions("DescribeSecret ListSecretVersionIds RotateSecret")
        return _NONE
