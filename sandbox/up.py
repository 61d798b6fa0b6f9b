"""`make up`: from nothing to a consumer that logs in with what it fetched, each step safe to run again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from catalog import load
from sandbox import consumer
from sandbox import engine as engines
from sandbox.aws import process as aws
from sandbox.aws.functions.runtime import ensure_runtime
from sandbox.aws.settings import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET
from sandbox.engine import Engine
from sandbox.place import Place
from sandbox.servers import postgres, redis
from sandbox.servers.errors import ServerError
from sandbox.servers.server import Server
from sandbox.stack import Stack, StackError
from sandbox.steps import TALK, Steps, say

APPLICATION = "db-app-password"
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
    place.write_stack_file(postgres=database, redis=cache)
    return Servers(postgres=database, redis=cache, aws=cloud)


def stop(place: Place) -> None:
    """Stops the servers of the sandbox that run."""
    aws.stop(place.root / "aws")
    redis.stop(place.servers / "redis")
    postgres.stop(place.servers / "postgres")


def variables(place: Place, cloud: aws.LocalAws) -> Mapping[str, str]:
    """What makes a process talk to this sandbox and to nothing else."""
    return {
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_ACCESS_KEY_ID": ADMINISTRATOR_KEY,
        "AWS_SECRET_ACCESS_KEY": ADMINISTRATOR_SECRET,
        "AWS_REGION": place.declared.region,
        "AWS_DEFAULT_REGION": place.declared.region,
        "LLMOBS_ENV": place.name,
        "LLMOBS_CONFIG": str(place.stack_file),
    }


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
    ours = variables(place, servers.aws)
    with steps.step("bootstrap", "every secret that can rotate here has a real value"):
        _bootstrap(place, ours)
    with steps.step("read", "a consumer logs in with what it fetched"):
        _fetch(place, ours)
    with steps.step("rotate", "the application's password changes, and a fresh login succeeds"):
        _rotate(place, ours, servers.aws)
    _secretsctl(ours, "list")
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
  eval "$({python} -m sandbox env --env {name})"
  secretsctl fetch --to secrets/
  secretsctl run -- psql -c 'select session_user'
  secretsctl rotate db-readonly-password
  printf %s "$KEY" | secretsctl set openai-api-key
  make preview; make down"""


def _bootstrap(place: Place, ours: Mapping[str, str]) -> None:
    supplied = "".join(f"{name}={value}\n" for name, value in place.first_values.items())
    _secretsctl(ours, "bootstrap", supplied=supplied)
    place.forget_first_values()


def _fetch(place: Place, ours: Mapping[str, str]) -> None:
    _secretsctl(ours, "fetch", "--to", str(place.fetched))
    say(f"PostgreSQL: logged in as {consumer.database_user(place)}; Redis: as {consumer.cache_user(place)}")


def _rotate(place: Place, ours: Mapping[str, str], cloud: aws.LocalAws) -> None:
    if consumer.was_rotated(place, cloud.endpoint, APPLICATION):
        say("rotated before; `secretsctl rotate` does it again once the overlap is over")
        return
    _secretsctl(ours, "rotate", APPLICATION, "--resume")  # a try that an earlier run left goes on
    _fetch(place, ours)


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
