"""The options that every command takes, before its name or after it, and the completion of names."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from catalog import load
from secretsctl.verdict import CommandError, ExitCode


class EnvironmentName(StrEnum):
    """The environments whose secrets are in a cloud."""

    STAGING = "staging"
    PROD = "prod"


_ENV_HELP = "Environment to work on; environment variable LLMOBS_ENV."
_CONFIG_HELP = "Stack file with the environment; environment variable LLMOBS_CONFIG; else Pulumi.<env>.yaml."
_JSON_HELP = "Print the result as JSON."

# The variables are read by the options before the command's name only. Read by those after it as well, LLMOBS_ENV
# would win over `secretsctl --env prod list`.
GlobalEnv = Annotated[EnvironmentName | None, typer.Option("--env", envvar="LLMOBS_ENV", help=_ENV_HELP)]
GlobalConfig = Annotated[Path | None, typer.Option("--config", envvar="LLMOBS_CONFIG", help=_CONFIG_HELP)]
Env = Annotated[EnvironmentName | None, typer.Option("--env", help=_ENV_HELP, show_default=False)]
Config = Annotated[Path | None, typer.Option("--config", help=_CONFIG_HELP, show_default=False)]
Json = Annotated[bool, typer.Option("--json", help=_JSON_HELP)]


@dataclass(frozen=True, kw_only=True)
class Options:
    """What was given before the command's name, or by environment variables."""

    env: EnvironmentName | None = None
    config: Path | None = None
    json: bool = False

    def with_command(
        self, *, env: EnvironmentName | None = None, config: Path | None = None, json: bool = False
    ) -> Options:
        """These and what was given after the command's name, which is nearer and wins."""
        return Options(env=env or self.env, config=config or self.config, json=json or self.json)

    def environment_name(self) -> str:
        """The environment's name.

        Raises:
            CommandError: none was given, or the stack file is another environment's.
        """
        if self.env is None:
            raise CommandError(
                "no environment was given; add --env staging or --env prod, or set LLMOBS_ENV", ExitCode.USAGE
            )
        others = {f"Pulumi.{other}.yaml" for other in EnvironmentName if other is not self.env}
        if self.config is not None and self.config.name in others:
            raise CommandError(
                f"--config {self.config.name} is not the stack file of environment '{self.env}'; "
                f"name Pulumi.{self.env}.yaml or leave it out",
                ExitCode.USAGE,
            )
        return self.env.value


def complete_secret(incomplete: str) -> list[tuple[str, str]]:
    """The secrets whose name begins so, each with its description."""
    try:
        secrets = load.catalog().secrets
    except load.CatalogError:
        return []  # a shell that is completing is no place for an error
    return [(secret.name, secret.description) for secret in secrets if secret.name.startswith(incomplete)]


def complete_consumer(incomplete: str) -> list[tuple[str, str]]:
    """The consumers whose name begins so, each with its description."""
    try:
        consumers = load.catalog().consumers
    except load.CatalogError:
        return []
    return [(consumer.name, consumer.description) for consumer in consumers if consumer.name.startswith(incomplete)]


def complete_name(incomplete: str) -> list[tuple[str, str]]:
    """The secrets, and the names that applications know, that begin so."""
    try:
        catalog = load.catalog()
    except load.CatalogError:
        return []
    names = [(name, secret.name) for secret in catalog.secrets for name in secret.names]
    names += [(entry.name, entry.secret) for entry in catalog.derived]
    return complete_secret(incomplete) + [(name, secret) for name, secret in names if name.startswith(incomplete)]


SecretNames = Annotated[list[str], typer.Argument(metavar="NAME...", autocompletion=complete_secret)]
Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME]...",
        help="Secrets (db-password) or names (DB_PASSWORD); all if none.",
        autocompletion=complete_name,
        show_default=False,
    ),
]
ConsumerName = Annotated[
    str | None,
    typer.Option("--consumer", help="Only what this consumer reads.", autocompletion=complete_consumer),
]
