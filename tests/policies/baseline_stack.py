"""The stack that the baseline's edits start from: what the program declares for prod, with one of each kind.

The rules look at every resource by itself and at what it leads to, so further secrets and functions add only time;
`test_baseline_compliant` has the whole stack.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from catalog import load
from tests.policies import whole
from tests.policies.program import Declared, Program

ENVIRONMENT = "prod"
SECRET = "db-password"
FUNCTION_NAME = "rotate-postgres"
_KEPT_FUNCTIONS = ("alert", FUNCTION_NAME)
_NOT_READ = ("aws:athena/", "aws:glue/", "aws:signer/", "aws:s3/bucketObjectv2", "llmobs:", "aws:ec2/vpcEndpoint")
_FUNCTIONS = ("rotate-", "schedule-", "backup-secrets", "watch", "retire")


@cache
def program(*, exists: bool) -> Program:
    """Before it exists, where no id is known, or after an update."""
    secrets = {secret.name for secret in load.catalog().secrets} - {SECRET}
    return Program(
        tuple(
            each
            for each in whole.program(ENVIRONMENT, exists=exists).resources
            if not each.token.startswith(_NOT_READ)
            and each.name not in secrets
            and (each.name.startswith(_KEPT_FUNCTIONS) or not each.name.startswith(_FUNCTIONS))
        )
    )


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One edit, the rule that must catch it, the resource that it must name, and what its message must hold."""

    make: Callable[[Program], Program]
    rule: str
    token: str
    name: str
    says: tuple[str, ...] = ()


def named(stack: Program, token: str) -> Declared:
    """The first resource of a type."""
    return next(each for each in stack.resources if each.token == token)


def document(
    token: str, name: str, path: str, change: Callable[[dict[str, Any]], None]
) -> Callable[[Program], Program]:
    """Changes a policy document."""

    def make(stack: Program) -> Program:
        found = stack.get(token, name)
        text = found.inputs[path]
        assert isinstance(text, str)
        policy = json.loads(text)
        change(policy)
        return stack.set(found, path, json.dumps(policy))

    return make


def adding(**statement: object) -> Callable[[dict[str, Any]], None]:
    """Adds a statement to a document."""
    return lambda policy: policy["Statement"].append({"Sid": "Planted", "Effect": "Allow", **statement})


def plus(token: str, name: str, **inputs: object) -> Callable[[Program], Program]:
    """Adds a resource that nothing leads to."""
    return lambda stack: stack.plus(Declared(token=token, name=name, stack=ENVIRONMENT, inputs=inputs))


def without(token: str, name: str) -> Callable[[Program], Program]:
    return lambda stack: stack.without(stack.get(token, name))


def without_all(token: str) -> Callable[[Program], Program]:
    return lambda stack: stack.without(*(each for each in stack.resources if each.token == token))


def retyped(old: str, name: str, new: str, **changed: object) -> Callable[[Program], Program]:
    """The same resource in another type of the provider, with other inputs where they are given."""

    def make(stack: Program) -> Program:
        found = stack.get(old, name)
        return stack.put(replace(found, token=new, inputs={**found.inputs, **changed}), found)

    return make


def then(*makes: Callable[[Program], Program]) -> Callable[[Program], Program]:
    def make(stack: Program) -> Program:
        for each in makes:
            stack = each(stack)
        return stack

    return make
