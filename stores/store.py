"""What every store can do, and how it fails: the contract that file, AWS and the stores to come share.

A store is asked by the catalogue's names, such as `db-app-password`; how it calls them itself is its own affair.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from catalog.derive import BOOTSTRAP_LABEL
from stores.document import Document

CURRENT = "AWSCURRENT"
PENDING = "AWSPENDING"
PREVIOUS = "AWSPREVIOUS"
SUPPLIED = "LLMOBS_SUPPLIED"
"""Staging labels in AWS's words; a store with other words maps its own to these. SUPPLIED is ours: a value that a
person gave, until a rotation has taken it up (lambdas/rotation/steps.py)."""


class StoreError(RuntimeError):
    """A store could not do what was asked. The text says what, for which secret, why, and what to do; never a value."""

    def __init__(self, what: str, *, secret: str | None = None, cause: str, remedy: str) -> None:
        subject = f" secret '{secret}'" if secret else ""
        super().__init__(f"cannot {what}{subject}: {cause}; {remedy}")
        self.secret = secret


class NotFoundError(StoreError):
    """The store has no such secret, or the catalogue has none of that name."""


class NotBootstrappedError(StoreError):
    """The secret exists and has no value yet."""


class DeniedError(StoreError):
    """The store knows us and says no, or does not know us."""


class UnreachableError(StoreError):
    """No answer from the store."""


class ConflictError(StoreError):
    """Someone else wrote first, or is at it now."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of a secret, without its value. `created` is None where the store does not say."""

    id: str
    labels: frozenset[str] = frozenset()
    created: datetime | None = None

    @property
    def is_marker(self) -> bool:
        """Whether it is the bootstrap marker, which holds no credential; decided from its labels alone."""
        return BOOTSTRAP_LABEL in self.labels


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One version with its value."""

    version: Version
    document: Document


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What a store tells about a secret without reading a value. Dates are aware, None where there is none.

    `versions` are those with a label; use `Store.versions` for the dates of versions.
    """

    name: str
    versions: tuple[Version, ...]
    tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    rotation_enabled: bool = False
    changed: datetime | None = None
    last_rotation: datetime | None = None
    next_rotation: datetime | None = None

    def holder(self, label: str) -> Version | None:
        """The version that carries a label, if any."""
        return next((version for version in self.versions if label in version.labels), None)

    @property
    def current(self) -> Version | None:
        """The version that readers get."""
        return self.holder(CURRENT)

    @property
    def is_marker(self) -> bool:
        """Whether readers would get the bootstrap marker."""
        return self.current is not None and self.current.is_marker

    @property
    def has_value(self) -> bool:
        """Whether readers get a credential."""
        return self.current is not None and not self.is_marker

    @property
    def rotating_to(self) -> Version | None:
        """The version that an unfinished rotation made. AWSPENDING beside AWSCURRENT is the end of a finished one:
        docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
        """
        pending = self.holder(PENDING)
        return None if pending is None or CURRENT in pending.labels else pending


class Store(ABC):
    """Keeps one document a secret, in versions. Every method raises StoreError and nothing else of its store."""

    @abstractmethod
    def get(self, name: str) -> Reading:
        """The current version of a secret.

        Raises:
            NotBootstrappedError: it has no value yet.
        """

    def get_many(self, names: Iterable[str]) -> Mapping[str, Reading | StoreError]:
        """The current version of each secret, or why it could not be read: one failure does not hide the others.

        Raises:
            UnreachableError: the store does not answer at all.
        """
        answers: dict[str, Reading | StoreError] = {}
        for name in names:
            try:
                answers[name] = self.get(name)
            except UnreachableError:
                raise
            except StoreError as exc:
                answers[name] = exc
        return answers

    @abstractmethod
    def put(self, name: str, document: Document, token: str) -> str:
        """Make `document` the current version and return its id; the one before becomes AWSPREVIOUS.

        `token`, 32 to 64 characters, makes it safe to repeat: a token that was used already with the same document does
        nothing, with another document it is refused.

        Raises:
            ConflictError: the token stands for another document.
        """

    @abstractmethod
    def describe(self, name: str) -> Metadata:
        """Labels, tags and dates of a secret. Reads no value."""

    @abstractmethod
    def versions(self, name: str) -> tuple[Version, ...]:
        """Every version that holds a value, labelled or not, with its date; newest first. Reads no value."""

    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The names of the secrets of this environment that exist in the store, sorted, in the catalogue or not."""
