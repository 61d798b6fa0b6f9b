"""The kinds of secret: what their documents hold and which rotation target changes them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """What a credential is a credential for."""

    POSTGRES_SUPERUSER = "postgres-superuser"
    POSTGRES_ROLE = "postgres-role"
    REDIS = "redis"
    KEYRING = "keyring"
    GRAFANA_ADMIN = "grafana-admin"
    IAM_ACCESS_KEY = "iam-access-key"
    SES_SMTP = "ses-smtp"
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    SENTRY = "sentry"


class FirstValue(StrEnum):
    """Where the first real value of a secret comes from."""

    SUPPLIED = "supplied"  # a person gives it to `secretsctl bootstrap`
    ROTATED = "rotated"  # the rotation function makes it


DATABASE_FIELDS = frozenset({"engine", "host", "port", "dbname", "sslmode", "sslrootcert"})
CACHE_FIELDS = frozenset({"engine", "host", "port", "db"})


@dataclass(frozen=True, kw_only=True)
class KindSpec:
    """The shape of a kind.

    `target` names the rotation function; `constants` are fields that the catalogue gives, `connection_fields` those
    that the environment gives, `credentials` those that a rotation or a person gives. `overlaps` says that an old
    credential goes on working after a rotation.
    """

    target: str
    credentials: frozenset[str]
    constants: frozenset[str] = frozenset()
    connection_fields: frozenset[str] = frozenset()
    first_value: FirstValue = FirstValue.SUPPLIED
    overlaps: bool = False


def _assisted(*credentials: str, constants: tuple[str, ...] = ()) -> KindSpec:
    return KindSpec(target="assisted", credentials=frozenset(credentials), constants=frozenset(constants))


KINDS = MappingProxyType(
    {
        Kind.POSTGRES_SUPERUSER: KindSpec(
            target="postgres",
            credentials=frozenset({"password"}),
            constants=frozenset({"username"}),
            connection_fields=DATABASE_FIELDS,
        ),
        Kind.POSTGRES_ROLE: KindSpec(
            target="postgres",
            credentials=frozenset({"password"}),
            constants=frozenset({"username", "usernames", "member_of", "replication"}),
            connection_fields=DATABASE_FIELDS,
            first_value=FirstValue.ROTATED,
            overlaps=True,
        ),
        Kind.REDIS: KindSpec(
            target="redis",
            credentials=frozenset({"password"}),
            constants=frozenset({"username"}),
            connection_fields=CACHE_FIELDS,
            overlaps=True,
        ),
        Kind.KEYRING: KindSpec(
            target="keyring",
            credentials=frozenset({"kid", "key", "ring"}),
            constants=frozenset({"retention_days"}),
            first_value=FirstValue.ROTATED,
        ),
        Kind.GRAFANA_ADMIN: _assisted("password", constants=("username",)),
        Kind.IAM_ACCESS_KEY: _assisted("access_key_id", "secret_access_key", constants=("kms_key_id",)),
        Kind.SES_SMTP: _assisted("password"),
        Kind.OPENAI: _assisted("key"),
        Kind.ANTHROPIC: _assisted("key"),
        Kind.SENTRY: _assisted("dsn"),
    }
)
TARGETS = tuple(sorted({spec.target for spec in KINDS.values()}))
