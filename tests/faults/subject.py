"""What the crash proof needs of something whose credential rotates: PostgreSQL, Redis, an issuer's API, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from rotation.targets.target import Target
from tests.lambdas.workbench import Bench


class Subject(Protocol):
    """One secret on a bench, and the server or issuer that holds its credential.

    cached: consumers may keep a value for as long as the overlap. Nobody may keep what only rotators use.
    revokes: retirement ends every version but AWSCURRENT's. A key ring's old keys go on verifying.
    starts_empty: the first rotation makes the first credential; others need one to be given.
    restorable: it can be brought back to credentials of before, as a database can and a vendor cannot.
    restarts: a restart of the server can lose something.
    """

    @property
    def name(self) -> str: ...
    @property
    def bench(self) -> Bench: ...
    @property
    def target(self) -> Target: ...
    @property
    def cached(self) -> bool: ...
    @property
    def revokes(self) -> bool: ...
    @property
    def starts_empty(self) -> bool: ...
    @property
    def restorable(self) -> bool: ...
    @property
    def restarts(self) -> bool: ...

    def logs_in(self, document: Mapping[str, Any]) -> bool:
        """Whether a consumer with this document gets in at the first attempt. Leaves no session behind."""

    def snapshot(self) -> Any:
        """All that the server or issuer knows of the secret's and its admin's credentials."""

    def restore(self, state: Any) -> None:
        """Bring that back."""

    def restart(self) -> None:
        """Lose what the server holds in memory only."""

    def rotate_admin(self) -> None:
        """Change the credential through which this one is changed, if there is such a thing."""

    def shape(self, state: Any, documents: Mapping[str, Mapping[str, Any]]) -> object:
        """A snapshot without salts: which of the documents, by version id, has its credential where."""

    def close(self) -> None:
        """End what belongs to this subject alone."""

    def working(self) -> set[str]:
        """The ids of all versions of the secret whose credential the server accepts, as it says itself."""
