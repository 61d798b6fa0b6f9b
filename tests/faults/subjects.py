"""Every kind of credential whose crashes are tried, by name, made on the servers that it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from sandbox.servers.server import Server
from tests.faults import issuer_subjects, postgres_subjects
from tests.faults.keyring_subject import KeyringSubject
from tests.faults.postgres_subjects import PostgresServer
from tests.faults.redis_subject import RedisSubject
from tests.faults.subject import Subject


@dataclass
class Servers:
    """A PostgreSQL and a Redis that nothing else uses meanwhile."""

    postgres: Server
    redis: Server

    @cached_property
    def observed(self) -> PostgresServer:
        """PostgreSQL with a session that sees and sets everything."""
        return PostgresServer(self.postgres)

    def close(self) -> None:
        """End our sessions; the servers themselves are the caller's."""
        if "observed" in self.__dict__:
            self.observed.close()


Make = Callable[[Servers], Subject]

SUBJECTS: dict[str, Make] = {
    "postgres-role": lambda servers: postgres_subjects.role(servers.observed),
    "postgres-superuser": lambda servers: postgres_subjects.superuser(servers.observed),
    "postgres-recovery": lambda servers: postgres_subjects.recovery(servers.observed),
    "redis": lambda servers: RedisSubject(servers.redis),
    "keyring": lambda _: KeyringSubject(),
    "grafana-admin": lambda _: issuer_subjects.grafana(),
    "iam-access-key": lambda _: issuer_subjects.iam("iam-access-key"),
    "ses-smtp": lambda _: issuer_subjects.iam("ses-smtp"),
    "openai": lambda _: issuer_subjects.openai(),
    "sentry": lambda _: issuer_subjects.sentry(),
}
