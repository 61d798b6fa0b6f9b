"""The sandbox's command line, `python -m sandbox`: what starts, deploys and ends it is here, the rest in commands/."""

from __future__ import annotations

import os
import shlex
import sys
from typing import Annotated, NoReturn

import psycopg
import redis as redis_driver
import typer
from rich.markup import escape

from catalog import load
from sandbox import up as steps
from sandbox.aws import process as aws
from sandbox.aws.errors import SandboxError
from sandbox.aws.functions.runtime import ensure_runtime
from sandbox.commands import clock, faults, logs, reset, status
from sandbox.commands.target import Env, EnvironmentName
from sandbox.engine import EngineError
from sandbox.identity import OPERATOR, IdentityError
from sandbox.place import Place, PlaceError
from sandbox.servers.errors import ServerError
from sandbox.stack import Stack, StackError
from sandbox.steps import TALK

CLEAR = (
    EngineError,
    IdentityError,
    PlaceError,
    SandboxError,
    ServerError,
    StackError,
    load.CatalogError,
    psycopg.Error,
    redis_driver.RedisError,
    steps.UpError,
)
"""Errors whose text says what happened and what to do; anything else is a defect of ours and keeps its traceback."""

ADMINISTRATOR_ROLE = "administrator"
"""Who deploys, and reads no value either: the policy of each secret denies it."""
As = Annotated[
    str, typer.Option("--as", metavar="ROLE", help="A consumer, duty or function, such as api-server; administrator.")
]

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


app.command()(status.status)
app.command()(clock.clock)
app.command()(logs.logs)
app.command()(reset.reset)
app.add_typer(faults.app, name="faults")


@app.command()
def up(env: Env = EnvironmentName.STAGING) -> None:
    """Start everything, deploy the stack, give the first values, rotate, read. Safe to interrupt and run again."""
    place = Place(name=env.value)
    with place.held():
        steps.up(place)


@app.command()
def down() -> None:
    """Stop every sandbox and remove .sandbox/."""
    for env in EnvironmentName:
        place = Place(name=env.value)
        if not place.root.exists():
            continue
        with place.held():
            steps.stop(place)
            place.remove()
            TALK.print(f"sandbox {place.name}: stopped and removed")


@app.command()
def env(env: Env = EnvironmentName.STAGING, who: As = OPERATOR) -> None:
    """Print what makes a shell talk to the sandbox as a role of the stack: eval "$(python -m sandbox env)".

    A session lives as long as the role allows on the sandbox's clock; evaluate it again for a new one.
    """
    place = _existing(env)
    cloud = _cloud(place)
    ours = steps.variables(place, cloud) if who == ADMINISTRATOR_ROLE else steps.variables_as(place, cloud, who)
    lines = [f"unset {name}" for name in sorted(os.environ) if name.startswith("AWS_") and name not in ours]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in ours.items()]
    sys.stdout.write("\n".join([*lines, f"export PATH={shlex.quote(str(load.ROOT / 'bin'))}:$PATH", ""]))


@app.command()
def preview(env: Env = EnvironmentName.STAGING) -> None:
    """Preview the stack with the tier pack; the exit code is 1 when a rule is broken."""
    place = Place(name=env.value)
    with place.held():
        _stack(place).preview()


@app.command()
def refresh(env: Env = EnvironmentName.STAGING) -> None:
    """Read every resource back into the state, and say what had drifted."""
    place = _existing(env)
    with place.held():
        TALK.print(f"refresh: {_stack(place).refresh()}")


@app.command()
def install() -> None:
    """Install PostgreSQL and Redis and find or build the engine, without starting anything."""
    steps.install()
    steps.engine()
    ensure_runtime()


def _stack(place: Place) -> Stack:
    return steps.stack(place, steps.start(place).aws, steps.engine())


def _existing(env: EnvironmentName) -> Place:
    place = Place(name=env.value)
    if not place.stack_file.exists():
        raise steps.UpError(f"there is no sandbox {env.value}; run `make up ENV={env.value}` first")
    return place


def _cloud(place: Place) -> aws.LocalAws:
    return aws.start(place.root / "aws", account=place.declared.account, region=place.declared.region)


def main() -> NoReturn:
    """Runs a command; an error whose cause is known is said in its own words, without a traceback."""
    try:
        code = app(standalone_mode=False)  # typer turns an interruption into its code, 130, and returns it
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except typer.TyperException as exc:  # a word on the command line that is none, or one that is missing
        if text := exc.format_message():
            TALK.print(f"[red]error[/] {escape(text)}")
        sys.exit(exc.exit_code)
    except CLEAR as exc:
        TALK.print(f"[red]error[/] {escape(str(exc))}")
        sys.exit(1)
    if code == 130:
        TALK.print("\ninterrupted; run it again to go on from here")
    sys.exit(code)


if __name__ == "__main__":
    main()
