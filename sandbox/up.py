"""`make up`: from nothing to a consumer that logs in with what it fetched, each step safe to run again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from catalog import load
from sandbox import consumer, vpc
from sandbox import engine as engines
from sandbox.aws import process as aws
from sandbox.aws.functions.runtime import ensure_runtime
from sandbox.cluster import make_cluster
from sandbox.engine import Engine
from sandbox.identity import ADMINISTRATOR_IDENTITY, OPERATOR, Identity, acting_as
from sandbox.place import Place
from sandbox.servers import postgres, redis
from sandbox.servers.errors import ServerError
from sandbox.servers.server import Server
from sandbox.stack import Stack, StackError
from sandbox.steps import TALK, Steps, say

APPLICATION = "db-app-password"
READER = "api-server"
"""The consumer that `make up` logs in as; it reads APPLICATION."""
SECRETSCTL = (sys.executable, "-m", "secretsctl")


class UpError(RuntimeError):
    """A step after the deployment failed; its own words were shown before."""


@dataclass(frozen=True, kw_only=True)
class Servers:
    """The servers of a sandbox that are running."""

    postgres: Server
    redis: Server
    aws: aws.LocalAws


def install() -> None:
    """Installs the servers' packages where they are missing."""
    for server in (postgres, redis):
        try:
            say(f"{server.PACKAGE}: {server.find()}")
        except ServerError:
            server.install(say)


def start(place: Place) -> Servers:
    """Starts PostgreSQL, Redis and the local AWS, or finds those that run."""
    place.make()
    first = place.first_values
    database = postgres.start(place.servers / "postgres", initial_password=first.get("DB_PASSWORD"))
    cache = redis.start(place.servers / "redis", initial_password=first.get("REDIS_PASSWORD"))
    cloud = aws.start(place.root / "aws", account=place.declared.account, region=place.declared.region)
    place.write_stack_file(postgres=database, redis=cache, network=vpc.network(cloud))
    make_cluster(cloud, place.declared.cluster.name)
    return Servers(postgres=database, redis=cache, aws=cloud)


def stop(place: Place) -> None:
    """Stops the servers of the sandbox that run."""
    aws.stop(place.root / "aws")
    redis.stop(place.servers / "redis")
    postgres.stop(place.servers / "postgres")


def variables(place: Place, cloud: aws.LocalAws, identity: Identity = ADMINISTRATOR_IDENTITY) -> Mapping[str, str]:
    """What makes a process talk to this sandbox and to nothing else, as `identity`."""
    return {
        "AWS_ENDPOINT_URL": cloud.endpoint,
        **identity.variables,
        "AWS_REGION": place.declared.region,
        "AWS_DEFAULT_REGION": place.declared.region,
        "LLMOBS_ENV": place.name,
        "LLMOBS_CONFIG": str(place.stack_file),
    }


def variables_as(place: Place, cloud: aws.LocalAws, what: str) -> Mapping[str, str]:
    """The same as the role of a consumer, a duty or a function. IdentityError when nobody here can become it."""
    return variables(place, cloud, acting_as(cloud, place.declared, what))


def without_aws(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without the caller's AWS settings, any of which can lead a client to another endpoint."""
    return {name: value for name, value in environment.items() if not name.startswith("AWS_")}


def engine() -> Engine:
    """The engine, found or built."""
    return engines.find_or_build(engines.default_cache(), say)


def stack(place: Place, cloud: aws.LocalAws, chosen: Engine) -> Stack:
    """The stack in this sandbox, made where it was missing."""
    made = Stack(place=place, engine=chosen, variables=variables(place, cloud))
    made.make()
    return made


def up(place: Place) -> None:
    """Takes every step that is not taken yet, and says at the end what to try next.

    Raises:
        UpError, and the error of the layer that a step is in, each with what to do.
    """
    steps = Steps()
    with steps.step("servers", "PostgreSQL and Redis are installed"):
        install()
    with steps.step("engine", "the Pulumi engine is there"):
        chosen = engine()
    with steps.step("runtime", "the Lambda runtime is there"):
        ensure_runtime()
    with steps.step("start", "PostgreSQL, Redis and the local AWS answer on loopback"):
        servers = start(place)
        say(f"PostgreSQL on port {servers.postgres.port}, Redis on port {servers.redis.port}")
        say(f"AWS at {servers.aws.endpoint}")
    with steps.step("deploy", f"stack {place.name} is deployed and complies with the tier pack"):
        servers = _start_over_if_killed(place, servers, chosen)
        outcome = stack(place, servers.aws, chosen).up()
        say(f"resources: {outcome}")
    operator = variables_as(place, servers.aws, OPERATOR)
    with steps.step("bootstrap", "every secret that can rotate here has a real value, by an operator who reads none"):
        _bootstrap(place, operator)
    reader = variables_as(place, servers.aws, READER)
    with steps.step("read", f"{READER} logs in with what it fetched"):
        _fetch(place, reader)
    with steps.step("rotate", "the application's password changes, and a fresh login succeeds"):
        if _rotate(place, operator, servers.aws):
            _fetch(place, reader)
    _secretsctl(operator, "list")
    TALK.print(f"\n{steps.summary()}\n")
    TALK.print(_NEXT.format(python=os.path.relpath(sys.executable), name=place.name), highlight=False)


def _start_over_if_killed(place: Place, servers: Servers, chosen: Engine) -> Servers:
    try:
        if not stack(place, servers.aws, chosen).was_killed():
            return servers
    except StackError as exc:
        if not place.first_values or "EOF" not in str(exc):  # EOF: a state file that was half written
            raise
    if not place.first_values:
        raise UpError(
            "an update was killed while resources were being made, and the secrets have values already; "
            "look at `pulumi refresh --import-pending-creates`, or give the sandbox up with `make down`"
        )
    say("an update was killed half-way, before any secret had a value: deploying from the start")
    aws.stop(place.root / "aws")
    for folder in ("aws", "state"):
        shutil.rmtree(place.root / folder)
    place.stack_file.unlink()  # its salt belongs to the state
    return start(place)


_NEXT = """[bold]Try next[/]
  eval "$({python} -m sandbox env --env {name})"                   # as the operator, who reads no value
  secretsctl rotate db-readonly-password
  printf %s "$KEY" | secretsctl set openai-api-key
  eval "$({python} -m sandbox env --env {name} --as api-server)"   # as a consumer
  secretsctl fetch --to secrets/
  secretsctl run -- psql -c 'select session_user'
  make preview; make down"""


def _bootstrap(place: Place, operator: Mapping[str, str]) -> None:
    supplied = "".join(f"{name}={value}\n" for name, value in place.first_values.items())
    _secretsctl(operator, "bootstrap", supplied=supplied)
    place.forget_first_values()


def _fetch(place: Place, reader: Mapping[str, str]) -> None:
    _secretsctl(reader, "fetch", "--to", str(place.fetched))
    say(f"PostgreSQL: logged in as {consumer.database_user(place)}; Redis: as {consumer.cache_user(place)}")


def _rotate(place: Place, operator: Mapping[str, str], cloud: aws.LocalAws) -> bool:
    if consumer.was_rotated(place, cloud, APPLICATION):
        say("rotated before; `secretsctl rotate` does it again once the overlap is over")
        return False
    _secretsctl(operator, "rotate", APPLICATION, "--resume")  # a try that an earlier run left goes on
    return True


def _secretsctl(ours: Mapping[str, str], *command: str, supplied: str | None = None) -> None:
    done = subprocess.run(  # noqa: S603
        [*SECRETSCTL, *command],
        env={**without_aws(os.environ), **ours, "PYTHONPATH": str(load.ROOT)},
        input=supplied,
        stdin=None if supplied is not None else subprocess.DEVNULL,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise UpError(
            f"`secretsctl {command[0]}` failed with code {done.returncode}; run `make up` again when it is mended"
        )
