"""The catalogue's types: every rule that a secret, a consumer or an environment must keep by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Self, TypeAlias

from pydantic import Field, model_validator

from catalog.base import EnvName, Model, SecretName
from catalog.consumer import Consumer
from catalog.derived import Derived
from catalog.kind import KINDS, Kind, KindSpec

Constant: TypeAlias = str | int | bool | list[str] | None


class Tier(Model):
    """How bad a leak is, and so how often the secret changes."""

    number: int = Field(ge=1, le=3, description="1 is critical, 2 important, 3 standard")
    title: str
    max_rotation_days: int = Field(ge=1, le=1000, description="longest gap between two rotations, in days")
    impact: str = Field(description="what a compromise means")


class Rotation(Model):
    """When a secret changes, and how long its old credential lives on."""

    days: int | None = Field(
        default=None, ge=1, le=1000, description="days between rotations; the tier's limit if absent"
    )
    overlap_seconds: int = Field(
        default=0,
        ge=0,
        description="how long an old credential works after a rotation; at least twice the longest cache",
    )


class Secret(Model):
    """One container in a store: one JSON document, versioned as a whole."""

    name: SecretName
    description: str = Field(min_length=1)
    tier: int = Field(description="number of a tier")
    kind: Kind
    owner: str = Field(min_length=1, description="the team that answers for it")
    constants: dict[str, Constant] = Field(
        default_factory=dict, description="fields of the document that are not secret; '{environment}' is replaced"
    )
    names: dict[EnvName, str] = Field(
        default_factory=dict, description="names that applications know, each with a field of the document"
    )
    consumers: list[SecretName] = Field(default_factory=list)
    rotation: Rotation = Rotation()
    decoy: bool = Field(
        default=False, description="nobody uses it: whoever reads it is looking around, and an alert says so"
    )

    @property
    def spec(self) -> KindSpec:
        """What its kind says: fields, connection, rotation target."""
        return KINDS[self.kind]

    @property
    def fields(self) -> frozenset[str]:
        """Every field that a full document of this secret has."""
        return self.spec.constants | self.spec.connection_fields | self.spec.credentials

    @model_validator(mode="after")
    def _constants_are_those_of_the_kind(self) -> Self:
        given = frozenset(self.constants)
        if missing := sorted(self.spec.constants - given):
            raise ValueError(f"kind '{self.kind}' needs the constants {missing}; add them under 'constants'")
        if unknown := sorted(given - self.spec.constants):
            raise ValueError(f"kind '{self.kind}' has no constants {unknown}; it has {sorted(self.spec.constants)}")
        return self

    @model_validator(mode="after")
    def _only_a_decoy_is_of_no_use(self) -> Self:
        if self.decoy and (self.kind is not Kind.KEYRING or self.names or self.consumers):
            raise ValueError("a decoy is of kind 'keyring' and has no names and no consumers; remove them, or 'decoy'")
        if not self.decoy and not self.names:
            raise ValueError("field 'names' is missing or empty: no application could ask for it; add a name")
        return self

    @model_validator(mode="after")
    def _names_point_to_fields(self) -> Self:
        for name, field in self.names.items():
            if field not in self.fields:
                raise ValueError(f"{name} points to field {field!r}, which is none of {sorted(self.fields)}")
        return self

    @model_validator(mode="after")
    def _turns_are_taken_by_two(self) -> Self:
        if "usernames" in self.spec.constants:
            turns, first = self.constants["usernames"], self.constants["username"]
            if not isinstance(turns, list) or len(turns) != 2 or len(set(turns)) != 2 or first != turns[0]:
                raise ValueError(
                    f"usernames must be two different names that begin with username {first!r}, not {turns!r}"
                )
        return self

    @model_validator(mode="after")
    def _an_admin_key_is_of_a_service(self) -> Self:
        if self.kind is Kind.ADMIN_KEY:
            known = sorted(kind.value for kind, spec in KINDS.items() if spec.admin is Kind.ADMIN_KEY)
            if self.constants["service"] not in known:
                raise ValueError(f"service must be one of {known}, not {self.constants['service']!r}")
        return self


class Catalog(Model):
    """All tiers, consumers, secrets and derived names of the programme."""

    tiers: list[Tier]
    consumers: list[Consumer]
    secrets: list[Secret]
    derived: list[Derived] = Field(default_factory=list)

    @cached_property
    def by_name(self) -> Mapping[str, Secret]:
        """The secrets by name."""
        return MappingProxyType({secret.name: secret for secret in self.secrets})

    @cached_property
    def tier_by_number(self) -> Mapping[int, Tier]:
        """The tiers by number."""
        return MappingProxyType({tier.number: tier for tier in self.tiers})

    @property
    def targets(self) -> tuple[str, ...]:
        """The rotation targets that some secret has, sorted."""
        return tuple(sorted({secret.spec.target for secret in self.secrets}))

    @property
    def decoys(self) -> tuple[Secret, ...]:
        """The secrets that nobody uses, in catalogue order."""
        return tuple(secret for secret in self.secrets if secret.decoy)

    def read_by(self, consumer: str) -> list[Secret]:
        """The secrets that `consumer` reads, in catalogue order."""
        return [secret for secret in self.secrets if consumer in secret.consumers]

    def targeting(self, target: str) -> list[Secret]:
        """The secrets that the rotation function of `target` rotates."""
        return [secret for secret in self.secrets if secret.spec.target == target]

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        for what, names in {
            "tier": [str(tier.number) for tier in self.tiers],
            "consumer": [consumer.name for consumer in self.consumers],
            "secret": [secret.name for secret in self.secrets],
            "IAM user": [str(s.constants["user_name"]) for s in self.secrets if "user_name" in s.constants],
            "name": [n for s in self.secrets for n in s.names] + [d.name for d in self.derived],
        }.items():
            if twice := [name for name, count in Counter(names).items() if count > 1]:
                raise ValueError(f"{what} {twice[0]!r} is declared twice; keep one")
        return self

    @model_validator(mode="after")
    def _no_name_is_another_ones_partial_arn(self) -> Self:
        # An ARN ends in a hyphen and six characters, so 'jwt-secret' could be found for a partial ARN of 'jwt':
        # docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
        for name in self.by_name:
            if name[-7:-6] == "-" and name[:-7] in self.by_name:
                raise ValueError(f"secret '{name}' can be mistaken for the ARN of '{name[:-7]}'; rename one")
        return self

    @model_validator(mode="after")
    def _references_exist(self) -> Self:
        consumers = {consumer.name for consumer in self.consumers}
        for secret in self.secrets:
            if secret.tier not in self.tier_by_number:
                known = sorted(self.tier_by_number)
                raise ValueError(
                    f"secret '{secret.name}', field 'tier': {secret.tier} is no tier; choose one of {known}"
                )
            if unknown := [name for name in secret.consumers if name not in consumers]:
                raise ValueError(
                    f"secret '{secret.name}', field 'consumers': {unknown[0]!r} is no consumer; "
                    f"declare it under 'consumers' or choose one of {sorted(consumers)}"
                )
        return self

    @model_validator(mode="after")
    def _templates_use_fields_that_exist(self) -> Self:
        for derived in self.derived:
            secret = self.by_name.get(derived.secret)
            if secret is None:
                raise ValueError(f"derived '{derived.name}', field 'secret': there is no secret {derived.secret!r}")
            if secret.decoy:
                raise ValueError(f"derived '{derived.name}', field 'secret': {derived.secret!r} is a decoy; remove it")
            if missing := [field for field in derived.fields if field not in secret.fields]:
                raise ValueError(
                    f"derived '{derived.name}', field 'template': secret '{secret.name}' has no field {missing[0]!r}; "
                    f"it has {sorted(secret.fields)}"
                )
        return self

    @model_validator(mode="after")
    def _every_consumer_reads_something(self) -> Self:
        # IAM refuses a policy whose Resource is empty.
        if idle := [consumer.name for consumer in self.consumers if not self.read_by(consumer.name)]:
            raise ValueError(f"consumer '{idle[0]}' reads no secret; name it under 'consumers' of one, or remove it")
        return self

    @model_validator(mode="after")
    def _roles_have_one_admin(self) -> Self:
        admins = [secret.name for secret in self.secrets if secret.kind is Kind.POSTGRES_SUPERUSER]
        roles = [secret.name for secret in self.secrets if secret.kind is Kind.POSTGRES_ROLE]
        if roles and len(admins) != 1:
            raise ValueError(
                f"secret '{roles[0]}' is rotated through the one secret of kind 'postgres-superuser', and there are "
                f"{len(admins)}; keep exactly one"
            )
        return self

    @model_validator(mode="after")
    def _recovery_is_another_role(self) -> Self:
        superusers = [one for one in self.secrets if one.kind in (Kind.POSTGRES_SUPERUSER, Kind.POSTGRES_RECOVERY)]
        roles = Counter(one.constants["username"] for one in superusers)
        if twice := [role for role, count in roles.items() if count > 1]:
            raise ValueError(
                f"role {twice[0]!r} is both superuser and recovery; give the secret of kind 'postgres-recovery' a "
                f"username of its own: it heals the superuser, and must not fall with it"
            )
        return self

    @model_validator(mode="after")
    def _overlap_outlives_every_cache(self) -> Self:
        cache = {consumer.name: consumer.cache_seconds for consumer in self.consumers}
        for secret in self.secrets:
            if not secret.spec.overlaps:
                continue
            needed = 2 * max((cache[name] for name in secret.consumers), default=0)
            if secret.rotation.overlap_seconds < needed:
                raise ValueError(
                    f"secret '{secret.name}', field 'rotation.overlap_seconds': {secret.rotation.overlap_seconds} s is "
                    f"under twice the longest cache of its consumers; set at least {needed}"
                )
        return self
