"""The targets that a function can be deployed for, and the class that rotates each kind of secret.

Names, not imports: a function carries the drivers of its own target only.
"""

from collections.abc import Mapping

_ASSISTED = "rotation.targets.assisted:Assisted"

TARGETS: Mapping[str, Mapping[str, str]] = {
    "postgres": {
        "postgres-role": "rotation.targets.postgres_role:PostgresRole",
        "postgres-superuser": "rotation.targets.postgres_superuser:PostgresSuperuser",
    },
    "redis": {"redis": "rotation.targets.redis_user:RedisUser"},
    "keyring": {"keyring": "rotation.targets.keyring:Keyring"},
    "assisted": {
        "grafana-admin": _ASSISTED,
        "iam-access-key": _ASSISTED,
        "ses-smtp": _ASSISTED,
        "openai": _ASSISTED,
        "anthropic": _ASSISTED,
        "sentry": _ASSISTED,
    },
}
