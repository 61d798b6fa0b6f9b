"""Both servers present what the catalogue's certificates hold: after `make up`, and after every renewal."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import pytest

from catalog import load
from rotation.targets.certificate_handshake import Presented, presented
from sandbox import consumer, up
from sandbox.aws import process as aws
from sandbox.identity import acting_as
from sandbox.place import Place
from sandbox.servers import process

pytestmark = [pytest.mark.e2e, pytest.mark.servers]

DELIVERY_SECONDS = 60
MACHINES = {"postgres": "database", "redis": "cache"}


def document(place: Place, cloud: aws.LocalAws, server: str) -> dict[str, Any]:
    """The current certificate, as the server's machine reads it."""
    client = acting_as(cloud, place.declared, MACHINES[server]).client(cloud, "secretsmanager")
    name = f"llm-observatory/{place.name}/{server}-certificate"
    value: dict[str, Any] = json.loads(client.get_secret_value(SecretId=name)["SecretString"])
    return value


def shown(place: Place, server: str) -> Presented:
    """What a client that trusts the consumers' bundle gets to see."""
    environment = load.environment(place.name, place.stack_file)
    at = environment.database if server == "postgres" else environment.cache
    return presented(server, at.host, at.port, place.ca_file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("server", MACHINES)
def test_the_server_presents_the_certificate_that_the_private_ca_issued_to_it(
    place: Place, cloud: aws.LocalAws, server: str
) -> None:
    current = document(place, cloud, server)
    assert shown(place, server).serial == current["serial"]
    authority = load.environment(place.name, place.stack_file).certificate_authority
    assert current["issuer_arn"] == authority.arn
    assert current["validity_days"] == 135


@pytest.mark.parametrize("server", MACHINES)
def test_a_renewal_is_in_force_when_it_is_over_and_consumers_log_in(
    place: Place, cloud: aws.LocalAws, server: str
) -> None:
    before = shown(place, server).serial
    done = subprocess.run(
        [str(load.ROOT / "bin" / "secretsctl"), "rotate", f"{server}-certificate"],
        env={**os.environ, **up.variables_as(place, cloud, "operator")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    current = document(place, cloud, server)
    assert current["serial"] != before
    # The command returns when AWSCURRENT has moved, and the delivery begins then.
    assert process.until(lambda: shown(place, server).serial == current["serial"], DELIVERY_SECONDS)
    assert consumer.database_user(place) in ("app", "app_b")
    assert consumer.cache_user(place) == "default"
