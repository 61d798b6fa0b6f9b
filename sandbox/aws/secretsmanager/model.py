"""A secret as the service keeps it: metadata and versions. Values live apart, encrypted, in storage."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

CURRENT = "AWSCURRENT"
PENDING = "AWSPENDING"
PREVIOUS = "AWSPREVIOUS"

Kind = Literal["string", "binary"]


@dataclass(frozen=True, kw_only=True)
class Value:
    """The secret value of one version; never printed."""

    kind: Kind
    data: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version: its labels and times (seconds since the epoch). `kind` is None while it holds no value.

    A version without value but with labels exists: "AWSPENDING staging label might be attached to an empty secret
    version" (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html).
    """

    id: str
    created: float
    stages: tuple[str, ...] = ()
    kind: Kind | None = None
    accessed: float | None = None
    key_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class RotationRules:
    """When to rotate: days or an expression, and the window's length in hours ("3h")."""

    days: int | None = None
    schedule: str | None = None
    duration: str | None = None


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """The rotation configuration. `anchor`, when it was configured or last rotated, starts the next interval.

    The next rotation is due at `starts` and shown as `next_date`, the end of its window: "If rotation is unsuccessful,
    this date may be in the past" (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html).
    """

    enabled: bool
    lambda_arn: str
    rules: RotationRules | None
    anchor: float
    next_date: float | None = None
    starts: float | None = None


@dataclass(frozen=True, kw_only=True)
class Replica:
    """A copy in another region."""

    region: str
    key_id: str | None
    status: str = "InSync"
    message: str = "Replication succeeded"


@dataclass(frozen=True, kw_only=True)
class Secret:
    """One secret with the metadata of all its versions; times are seconds since the epoch."""

    arn: str
    name: str
    region: str
    created: float
    changed: float
    description: str | None = None
    key_id: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, Version] = field(default_factory=dict)
    accessed: float | None = None
    rotated: float | None = None
    deletion_date: float | None = None
    rotation: Rotation | None = None
    policy: str | None = None
    primary_region: str | None = None
    replicas: tuple[Replica, ...] = ()

    @property
    def is_replica(self) -> bool:
        """True for a copy whose primary lives in another region."""
        return self.primary_region is not None and self.primary_region != self.region

    def holder(self, stage: str) -> Version | None:
        """The version that carries the label, if any: a label is on one version at a time."""
        return next((version for version in self.versions.values() if stage in version.stages), None)

    def with_version(self, version: Version) -> "Secret":
        """The secret with one version added or replaced."""
        return replace(self, versions={**self.versions, version.id: version})

    def without_version(self, version_id: str) -> "Secret":
        """The secret without one version."""
        return replace(self, versions={key: value for key, value in self.versions.items() if key != version_id})
