"""Edits of the compliant stack, each with the rule that must catch it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from policies.tokens import STACK
from tests.policies.program import PROJECT, Program, urn

DB = "db-password"
ROOT = urn("staging", STACK, f"{PROJECT}-staging")


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One edit, the rule that must catch it, the resource that it must name, and what its message must hold."""

    make: Callable[[Program], Program]
    rule: str
    urn: str
    says: tuple[str, ...]


def at(token: str, name: str) -> str:
    return urn("staging", token, name)


def setting(token: str, name: str, path: str, value: object) -> Callable[[Program], Program]:
    return lambda stack: stack.set(stack.get(token, name), path, value)


def literal(token: str, name: str, path: str, value: object) -> Callable[[Program], Program]:
    """Sets a property to a value that comes from nowhere in the stack."""

    def make(stack: Program) -> Program:
        changed = stack.set(stack.get(token, name), path, value)
        return changed.cut(changed.get(token, name), path)

    return make


def twin(token: str, name: str) -> Callable[[Program], Program]:
    return lambda stack: stack.plus(replace(stack.get(token, name), name=f"{name}-again"))


def foreign(token: str, name: str) -> Callable[[Program], Program]:
    return literal(token, name, "secretId", "arn:aws:secretsmanager:us-east-1:222233334444:secret:else-AbCdEf")
