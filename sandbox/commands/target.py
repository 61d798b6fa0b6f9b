"""Which sandbox a command is about, and how it reaches what runs there."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import boto3
import typer

from sandbox import up as steps
from sandbox.aws import process as aws
from sandbox.aws.settings import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET
from sandbox.place import Place


class EnvironmentName(StrEnum):
    """The stacks that the sandbox can run."""

    STAGING = "staging"
    PROD = "prod"


Env = Annotated[EnvironmentName, typer.Option("--env", help="The stack.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def running(env: EnvironmentName) -> aws.LocalAws:
    """The local AWS of a sandbox, which must run. Starts nothing.

    Raises:
        UpError: none runs.
    """
    place = Place(name=env.value)
    found = aws.find(place.root / "aws")
    if found is None:
        raise steps.UpError(f"no sandbox {env.value} runs under {place.base}; start it with `make up ENV={env.value}`")
    return found


def client(cloud: aws.LocalAws, service: str) -> Any:
    """A boto3 client of the local AWS's administrator."""
    create: Any = boto3.client
    return create(
        service,
        endpoint_url=cloud.endpoint,
        region_name=cloud.region,
        aws_access_key_id=ADMINISTRATOR_KEY,
        aws_secret_access_key=ADMINISTRATOR_SECRET,
    )
