"""The targets that a function can be deployed for, and the class that rotates each kind of secret.

Names, not imports: a function carries the drivers of its own target only.
"""

from collections.abc import Mapping

TARGETS: Mapping[str, Mapping[str, str]] = {
    "postgres": {
        "postgres-role": "rotation.targets.postgres_role:PostgresRole",
        "postgres-superuser": "rotation.targets.postgres_superuser:PostgresSuperuser",
        "postgres-recovery": "rotation.targets.postgres_recovery:PostgresRecovery",
    },
    "redis": {"redis": "rotation.targets.redis_user:RedisUser"},
    "keyring": {"keyring": "rotation.targets.keyring:Keyring"},
    "iam": {
        "iam-access-key": "rotation.targets.iam_access_key:IamAccessKey",
        "ses-smtp": "rotation.targets.iam_smtp:SesSmtp",
    },
    "api": {
        "grafana-admin": "rotation.targets.api_grafana:GrafanaAdmin",
        "openai": "rotation.targets.api_openai:OpenAi",
        "anthropic": "rotation.targets.api_anthropic:Anthropic",
        "sentry": "rotation.targets.api_sentry:Sentry",
        "admin-key": "rotation.targets.api_supplied:Supplied",
    },
    "certificate": {"certificate": "rotation.targets.certificate:Certificate"},
}
