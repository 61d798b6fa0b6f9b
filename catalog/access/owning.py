"""How resources of the program are named in the policies of the workflows that declare them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.access.statement import Condition
from catalog.environment import Environment

EVERYTHING = ("*",)


@dataclass(frozen=True, kw_only=True)
class Owned:
    """Resources of one service: `reads` look at settings, `changes` change them."""

    title: str
    resources: Sequence[str]
    reads: Sequence[str] = ()
    changes: Sequence[str] = ()
    condition: Condition | None = None


def actions(service: str, operations: str) -> tuple[str, ...]:
    """The actions of operations that are named in a text with spaces."""
    return tuple(f"{service}:{operation}" for operation in operations.split())


def arn(environment: Environment, service: str, resource: str) -> str:
    """The ARN of a resource of the environment's account and region."""
    return f"arn:aws:{service}:{environment.region}:{environment.account}:{resource}"
