"""A consumer in the sandbox: logs in to the real servers with the files that `secretsctl fetch` wrote."""

from __future__ import annotations

import psycopg
import redis

from catalog import derive, load
from sandbox.aws.process import LocalAws
from sandbox.identity import ADMINISTRATOR_IDENTITY
from sandbox.place import Place


def fetched(place: Place, name: str) -> str:
    """The fetched value of `name`."""
    return (place.fetched / derive.file_name(name)).read_text(encoding="utf-8")


def database_user(place: Place) -> str:
    """Logs in afresh with DATABASE_URL and returns the role that PostgreSQL saw. Raises psycopg.OperationalError."""
    with psycopg.connect(fetched(place, "DATABASE_URL"), connect_timeout=10) as connection:
        row = connection.execute("select session_user").fetchone()
    assert row is not None
    return str(row[0])


def cache_user(place: Place) -> str:
    """Logs in afresh with REDIS_URL and returns the user that Redis saw. Raises redis.RedisError."""
    client = redis.Redis.from_url(fetched(place, "REDIS_URL"), ssl_ca_certs=str(place.ca_file), decode_responses=True)
    with client:
        return str(client.acl_whoami())


def was_rotated(place: Place, cloud: LocalAws, name: str) -> bool:
    """Whether the secret `name` changed since its first real value, decided from its labels."""
    client = ADMINISTRATOR_IDENTITY.client(cloud, "secretsmanager")
    secret_id = derive.secret_name(place.declared, load.catalog().by_name[name])
    stages = client.describe_secret(SecretId=secret_id)["VersionIdsToStages"].values()
    return not any({"AWSPREVIOUS", derive.BOOTSTRAP_LABEL} <= set(labels) for labels in stages)
