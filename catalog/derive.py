"""Everything that follows from the catalogue and an environment: names, tags, documents, values, rows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from catalog import names
from catalog.environment import Environment
from catalog.kind import Kind
from catalog.model import Catalog, Secret
from catalog.names import SERVICE

BOOTSTRAP_LABEL = "LLMOBS_BOOTSTRAP"
"""Staging label of a secret's first version, the one without a credential. It stays there for ever, so the version is
never deprecated and pruned, and `pulumi refresh` never finds it missing and makes it again over a live value."""

ANY_SUFFIX = "-??????"
"""Matches the hyphen and six characters that Secrets Manager adds to a name in an ARN, and nothing longer:
docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples.html"""

Document = dict[str, object]


class DocumentError(ValueError):
    """A secret's document lacks a field; the text names both, never a value."""


def secret_name(environment: Environment, secret: Secret) -> str:
    """The secret's name in a store, such as `llm-observatory/prod/db-password`."""
    return f"{SERVICE}/{environment.name}/{secret.name}"


def secret_arn(environment: Environment, secret: Secret, region: str | None = None) -> str:
    """A pattern that matches the secret's ARN and no other, known before the secret exists.

    A replica's ARN differs in its region only:
    docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html
    """
    name = secret_name(environment, secret)
    return f"arn:aws:secretsmanager:{region or environment.region}:{environment.account}:secret:{name}{ANY_SUFFIX}"


def function_name(environment: Environment, target: str) -> str:
    """The name of the rotation function of `target`, and of its role."""
    return names.named(environment, names.rotator(target))


def log_group(environment: Environment, target: str) -> str:
    """The log group of the rotation function of `target`."""
    return names.function_log(environment, names.rotator(target))


def key_purpose(secret: Secret) -> str:
    """Which key encrypts the secret: its tier's."""
    return f"tier-{secret.tier}"


def key_purposes(catalog: Catalog) -> tuple[str, ...]:
    """Every KMS key of an environment: one a tier, one for logs, one for backups."""
    return (*(f"tier-{tier.number}" for tier in catalog.tiers), "logs", "backup")


def key_alias(environment: Environment, purpose: str) -> str:
    """The alias of the key for `purpose`, such as `alias/llm-observatory-prod-tier-1`."""
    return f"alias/{SERVICE}-{environment.name}-{purpose}"


def rotation_days(catalog: Catalog, secret: Secret) -> int:
    """Days between two rotations: the secret's own, else its tier's limit."""
    return secret.rotation.days or catalog.tier_by_number[secret.tier].max_rotation_days


def environment_tags(environment: Environment) -> dict[str, str]:
    """The tags of everything in an environment."""
    return {"Environment": environment.name, "Service": SERVICE}


def secret_tags(environment: Environment, catalog: Catalog, secret: Secret) -> dict[str, str]:
    """The tags of a secret; the rotation function obeys Kind, Environment and OverlapSeconds."""
    return environment_tags(environment) | {
        "Tier": str(secret.tier),
        "Owner": secret.owner,
        "Kind": secret.kind.value,
        "RotationDays": str(rotation_days(catalog, secret)),
        "OverlapSeconds": str(secret.rotation.overlap_seconds),
    }


def marker(environment: Environment, secret: Secret) -> Document:
    """The document of the first version: every field that is not secret, and no credential."""
    return _connection(environment, secret) | {
        field: value.replace("{environment}", environment.name) if isinstance(value, str) else value
        for field, value in secret.constants.items()
    }


def _connection(environment: Environment, secret: Secret) -> Document:
    """The fields that say where a credential is good, for the connection fields of the secret's kind."""
    database, cache, services = environment.database, environment.cache, environment.services
    match secret.kind:
        case Kind.POSTGRES_SUPERUSER | Kind.POSTGRES_RECOVERY | Kind.POSTGRES_ROLE:
            return {
                "engine": "postgres",
                "host": database.host,
                "port": database.port,
                "dbname": database.name,
                "sslmode": "verify-full",
                "sslrootcert": database.ca_path,
            }
        case Kind.REDIS:
            return {"engine": "redis", "host": cache.host, "port": cache.port, "db": cache.index}
        case Kind.GRAFANA_ADMIN:
            return {"url": services.grafana.url}
        case Kind.OPENAI:
            return {"url": services.openai.url, "project": services.openai.project}
        case Kind.ANTHROPIC:
            return {"url": services.anthropic.url}
        case Kind.SENTRY:
            sentry = services.sentry
            return {"url": sentry.url, "organization": sentry.organization, "project": sentry.project}
        case Kind.ADMIN_KEY:
            return {"url": getattr(services, str(secret.constants["service"])).url}
        case Kind.SES_SMTP:
            # docs.aws.amazon.com/general/latest/gr/ses.html; 587 is STARTTLS: ses/latest/dg/smtp-connect.html
            host = f"email-smtp.{environment.region}.amazonaws.com"
            return {"region": environment.region, "host": host, "port": 587}
        case _:
            return {}


def admin_secret(catalog: Catalog, secret: Secret) -> Secret | None:
    """The secret through which this one is changed, if its kind has such and the catalogue declares it."""
    candidates = [one for one in catalog.secrets if one.kind is secret.spec.admin]
    if secret.spec.admin is Kind.ADMIN_KEY:
        candidates = [one for one in candidates if one.constants["service"] == secret.kind.value]
    return candidates[0] if candidates else None


def supplied_names(secret: Secret) -> tuple[str, ...]:
    """The names whose values a person gives when the secret is set by hand."""
    return tuple(name for name, field in secret.names.items() if field in secret.spec.credentials)


def file_name(name: str) -> str:
    """The file that holds the value of `name`, such as `db_password.txt`."""
    return f"{name.lower()}.txt"


def values(catalog: Catalog, secret: Secret, document: Mapping[str, object]) -> dict[str, str]:
    """The value of every name of `secret`, and of every derived name over it.

    Raises:
        DocumentError: a field that a name needs is missing from the document.
    """
    plain = {name: _field(secret, document, field) for name, field in secret.names.items()}
    derived = {
        entry.name: entry.template.format_map(
            {field: quote(_field(secret, document, field), safe="") for field in entry.fields}
        )
        for entry in catalog.derived
        if entry.secret == secret.name
    }
    return plain | derived


def _field(secret: Secret, document: Mapping[str, object], field: str) -> str:
    if field not in document:
        raise DocumentError(
            f"secret '{secret.name}' has no field '{field}' yet; give it a first value with `secretsctl bootstrap`"
        )
    return str(document[field])


@dataclass(frozen=True, kw_only=True)
class Row:
    """One secret as a person reads it in a table."""

    name: str
    tier: str
    kind: str
    rotation_days: int
    overlap_seconds: int
    names: tuple[str, ...]
    consumers: tuple[str, ...]
    owner: str
    description: str
    decoy: bool


def rows(catalog: Catalog) -> list[Row]:
    """Every secret, in catalogue order."""
    return [
        Row(
            name=secret.name,
            tier=f"{secret.tier} {catalog.tier_by_number[secret.tier].title}",
            kind=secret.kind.value,
            rotation_days=rotation_days(catalog, secret),
            overlap_seconds=secret.rotation.overlap_seconds,
            names=(*secret.names, *(entry.name for entry in catalog.derived if entry.secret == secret.name)),
            consumers=tuple(secret.consumers),
            owner=secret.owner,
            description=secret.description,
            decoy=secret.decoy,
        )
        for secret in catalog.secrets
    ]
