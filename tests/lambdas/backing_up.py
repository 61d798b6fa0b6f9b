"""A backup over fakes, as its tests need it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from backup import handler
from backup.handler import Clients
from backup.settings import Settings
from tests.lambdas.fake_secrets_manager import FakeSecretsManager
from tests.lambdas.storing import ARCHIVE, KEY_ARN, MANIFEST, NOW, FakeBucket, FakeCounts

PREFIX = "llm-observatory/staging/"
CANARY = "canary-Zm9yYmlkZGVu"
VARIABLES = {
    "ENVIRONMENT": "staging",
    "SERVICE": "llm-observatory",
    "DECLARED": json.dumps({"db-password": "postgres-superuser", "jwt-secret": "keyring", "sentry-dsn": "sentry"}),
    "BUCKET": "backups",
    "ARCHIVE_KEY": ARCHIVE,
    "MANIFEST_KEY": MANIFEST,
    "KEY_ARN": KEY_ARN,
    "LOCK_DAYS": "70",
}


class Bench:
    """A backup over fakes: two secrets with a value, and one that is still a marker."""

    def __init__(self) -> None:
        self.secrets = FakeSecretsManager()
        self.bucket = FakeBucket()
        self.counts = FakeCounts()
        for name in ("db-password", "jwt-secret", "sentry-dsn"):
            self.secrets.create(PREFIX + name, {}, '{"host": "h"}')
        for name in ("db-password", "jwt-secret"):
            self.give(name)

    def give(self, name: str, document: str = f'{{ "password" : "{CANARY}" }}') -> None:
        token = f"{name}-{self.secrets.calls['PutSecretValue']}".ljust(32, "0")
        self.secrets.put_secret_value(SecretId=PREFIX + name, ClientRequestToken=token, SecretString=document)

    def run(self) -> Mapping[str, Any]:
        secrets: Any = self.secrets
        bucket: Any = self.bucket
        counts: Any = self.counts
        clients = Clients(secretsmanager=secrets, s3=bucket, cloudwatch=counts)
        return handler.back_up(clients, Settings.read(VARIABLES), NOW)

    def breaks(self, name: str, error: Exception) -> None:
        real = self.secrets.get_secret_value

        def read(**asked: Any) -> Any:
            if asked["SecretId"] == PREFIX + name:
                raise error
            return real(**asked)

        self.secrets.get_secret_value = read  # type: ignore[method-assign]

    def saved(self) -> dict[str, str]:
        """The documents of the newest archive, by name."""
        lines = self.bucket.content(ARCHIVE).decode().splitlines()
        return {line["name"]: line["document"] for line in map(json.loads, lines)}

    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.bucket.content(MANIFEST))
        return found
