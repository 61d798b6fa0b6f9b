"""`python -m sandbox reset`: an empty sandbox that runs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from sandbox import up as steps
from sandbox.commands.target import Env, EnvironmentName
from sandbox.place import Place
from sandbox.steps import TALK

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def reset(env: Env = EnvironmentName.STAGING, yes: Yes = False) -> None:
    """Go back to an empty sandbox that runs: no stack, no secret, empty servers, real time, the same ports.

    The account's state, the stack's state, the servers' data and the fetched values are thrown away; caches stay.
    `make up` deploys into it again.
    """
    place = Place(name=env.value)
    if not place.root.exists():
        raise steps.UpError(f"there is no sandbox {env.value} under {place.base}; `make up ENV={env.value}` makes one")
    if not yes:
        TALK.print(f"This throws away everything in {place.root}, but for caches.", markup=False)
        TALK.print(f"Type {env.value} to go on: ", end="")
        if sys.stdin.readline().strip() != env.value:
            raise steps.UpError("nothing was thrown away: that is not the environment's name")
    with place.held():
        steps.stop(place)
        place.clear()
        servers = steps.start(place)
    TALK.print(f"sandbox {place.name} is empty and runs: AWS at {servers.aws.endpoint}", markup=False)
