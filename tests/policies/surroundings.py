"""What guards secrets and tells of them, as the program declares it for prod: two secrets, two functions, the rest.

The rules look at every resource and at what it leads to, so further secrets and functions would add only time; the
whole of both environments is what test_tiers_surroundings.py finds nothing in.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

from catalog import load
from policies.pack import Pack
from policies.tiers import rules
from tests.policies import whole
from tests.policies.analyzer import Analyzer
from tests.policies.program import Declared, Program

ENVIRONMENT = "prod"
OVERLAPPING, SINGLE = "db-app-password", "db-password"
ROTATOR = "rotate-postgres"
_READ = ("aws:cloudtrail/", "aws:cloudwatch/", "aws:iam/", "aws:kms/", "aws:lambda/", "aws:s3/bucket", "aws:sns/")
_READ_TOO = ("aws:secretsmanager/", "aws:sqs/queue:", "pulumi:")
_OTHER_FUNCTIONS = ("backup-secrets", "retire", "rotate-", "schedule-", "watch")


@cache
def program(*, exists: bool) -> Program:
    """Before it exists, where no id is known, or after an update."""
    others = {secret.name for secret in load.catalog().secrets} - {OVERLAPPING, SINGLE}
    return Program(
        tuple(
            each
            for each in whole.program(ENVIRONMENT, exists=exists).resources
            if each.token.startswith((*_READ, *_READ_TOO))
            and each.name not in others
            and (each.name.startswith(ROTATOR) or not each.name.startswith(_OTHER_FUNCTIONS))
        )
    )


def pack(today: date) -> Pack:
    """The rules on what surrounds secrets, and on changes that are ignored."""
    judged = (*rules.OF_SURROUNDINGS, *(rule for rule in rules.OF_SECRETS if rule.id == "tiers/no-ignored-protection"))
    return replace(rules.pack(today), rules=judged)


@cache
def analyzer() -> Analyzer:
    return Analyzer(pack_of=pack)


Change = Callable[[Program], Program]


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One edit, the rule that must catch it, the resource that it must name (none is the stack), and its words."""

    make: Change
    rule: str
    token: str = ""
    name: str = ""
    says: tuple[str, ...] = ()


def setting(token: str, name: str, path: str, value: object) -> Change:
    """Sets an input to a value that comes from nowhere in the stack, or takes it away if `value` is None."""

    def make(stack: Program) -> Program:
        changed = stack.set(stack.get(token, name), path, value)
        found = changed.get(token, name)
        top = path.split(".")[0]
        computed = {key: one for key, one in found.computed.items() if key != top}
        edges = {key: ends for key, ends in found.edges.items() if key != top}
        return changed.put(replace(found, computed=computed, edges=edges))

    return make


def document(token: str, name: str, path: str, change: Callable[[list[dict[str, Any]]], object]) -> Change:
    """Changes the statements of a policy document."""

    def make(stack: Program) -> Program:
        found = stack.get(token, name)
        text = found.inputs[path]
        assert isinstance(text, str)
        policy = json.loads(text)
        change(policy["Statement"])
        return stack.set(found, path, json.dumps(policy))

    return make


def adding(**elements: object) -> Callable[[list[dict[str, Any]]], object]:
    """Adds a statement."""
    return lambda statements: statements.append({"Sid": "Planted", "Effect": "Allow", **elements})


def without(token: str, *names: str) -> Change:
    return lambda stack: stack.without(*(stack.get(token, name) for name in names))


def without_type(token: str) -> Change:
    return lambda stack: stack.without(*(each for each in stack.resources if each.token == token))


def ignoring(token: str, name: str, path: str) -> Change:
    return lambda stack: stack.ignoring(stack.get(token, name), path)


def retyped(old: str, name: str, new: str) -> Change:
    """The same resource in the provider's other type."""

    def make(stack: Program) -> Program:
        found = stack.get(old, name)
        changed = replace(found, token=new)
        moved = stack.put(changed, found)
        return Program(
            tuple(
                replace(each, edges={key: _moved(ends, found, changed) for key, ends in each.edges.items()})
                for each in moved.resources
            )
        )

    return make


def _moved(ends: tuple[str, ...], old: Declared, new: Declared) -> tuple[str, ...]:
    return tuple(new.urn if end == old.urn else end for end in ends)


def then(*changes: Change) -> Change:
    def make(stack: Program) -> Program:
        for change in changes:
            stack = change(stack)
        return stack

    return make
