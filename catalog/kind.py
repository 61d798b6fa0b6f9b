"""The kinds of secret: what their documents hold and which rotation target changes them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """What a credential is a credential for."""

    POSTGRES_SUPERUSER = "postgres-superuser"
    POSTGRES_RECOVERY = "postgres-recovery"
    POSTGRES_ROLE = "postgres-role"
    REDIS = "redis"
    KEYRING = "keyring"
    GRAFANA_ADMIN = "grafana-admin"
    IAM_ACCESS_KEY = "iam-access-key"
    SES_SMTP = "ses-smtp"
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    SENTRY = "sentry"
    ADMIN_KEY = "admin-key"


class FirstValue(StrEnum):
    """Where the first real value of a secret comes from."""

    SUPPLIED = "supplied"  # a person gives it to `secretsctl bootstrap`
    ROTATED = "rotated"  # the rotation function makes it


DATABASE_FIELDS = frozenset({"engine", "host", "port", "dbname", "sslmode", "sslrootcert"})
CACHE_FIELDS = frozenset({"engine", "host", "port", "db"})
MAIL_FIELDS = frozenset({"region", "host", "port"})


@dataclass(frozen=True, kw_only=True)
class KindSpec:
    """The shape of a kind.

    `target` names the rotation function; `constants` are fields that the catalogue gives, `connection_fields` those
    that the environment gives, `credentials` those that a rotation or a person gives. `overlaps` says that an old
    credential goes on working after a rotation, `assisted` that a person has to fetch the new value at its issuer.
    `admin` is the kind through whose secret this one is changed; where several secrets are of that kind, it is the one
    with the same `service`.
    """

    target: str
    credentials: frozenset[str]
    constants: frozenset[str] = frozenset()
    connection_fields: frozenset[str] = frozenset()
    first_value: FirstValue = FirstValue.SUPPLIED
    overlaps: bool = False
    assisted: bool = False
    admin: Kind | None = None


KINDS = MappingProxyType(
    {
        Kind.POSTGRES_SUPERUSER: KindSpec(
            target="postgres",
            credentials=frozenset({"password"}),
            constants=frozenset({"username"}),
            connection_fields=DATABASE_FIELDS,
            admin=Kind.POSTGRES_RECOVERY,
        ),
        Kind.POSTGRES_RECOVERY: KindSpec(
            target="postgres",
            credentials=frozenset({"password"}),
            constants=frozenset({"username"}),
            connection_fields=DATABASE_FIELDS,
            first_value=FirstValue.ROTATED,
            admin=Kind.POSTGRES_SUPERUSER,
        ),
        Kind.POSTGRES_ROLE: KindSpec(
            target="postgres",
            credentials=frozenset({"password"}),
            constants=frozenset({"username", "usernames", "member_of", "replication"}),
            connection_fields=DATABASE_FIELDS,
            first_value=FirstValue.ROTATED,
            overlaps=True,
            admin=Kind.POSTGRES_SUPERUSER,
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
            overlaps=True,
        ),
        Kind.GRAFANA_ADMIN: KindSpec(
            target="api",
            credentials=frozenset({"password"}),
            constants=frozenset({"username", "usernames"}),
            connection_fields=frozenset({"url"}),
            overlaps=True,
        ),
        Kind.IAM_ACCESS_KEY: KindSpec(
            target="iam",
            credentials=frozenset({"access_key_id", "secret_access_key"}),
            constants=frozenset({"user_name", "kms_key_id"}),
            overlaps=True,
        ),
        Kind.SES_SMTP: KindSpec(
            target="iam",
            credentials=frozenset({"username", "password"}),
            constants=frozenset({"user_name"}),
            connection_fields=MAIL_FIELDS,
            overlaps=True,
        ),
        Kind.OPENAI: KindSpec(
            target="api",
            credentials=frozenset({"key", "key_id"}),
            constants=frozenset({"service_account"}),
            connection_fields=frozenset({"url", "project"}),
            overlaps=True,
            admin=Kind.ADMIN_KEY,
        ),
        Kind.ANTHROPIC: KindSpec(
            target="api",
            credentials=frozenset({"key", "key_id"}),
            connection_fields=frozenset({"url"}),
            overlaps=True,
            assisted=True,
            admin=Kind.ADMIN_KEY,
        ),
        Kind.SENTRY: KindSpec(
            target="api",
            credentials=frozenset({"dsn", "key_id"}),
            connection_fields=frozenset({"url", "organization", "project"}),
            overlaps=True,
            admin=Kind.ADMIN_KEY,
        ),
        Kind.ADMIN_KEY: KindSpec(
            target="api",
            credentials=frozenset({"key"}),
            constants=frozenset({"service"}),
            connection_fields=frozenset({"url"}),
            assisted=True,
        ),
    }
)
TARGETS = tuple(sorted({spec.target for spec in KINDS.values()}))
