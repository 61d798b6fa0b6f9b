"""A stack as data: what the engine would tell an analyzer about it, to edit one thing at a time."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

PROJECT = "llm-observatory-secrets"
STACK = "pulumi:pulumi:Stack"
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"

Properties = Mapping[str, object]


def sealed(value: object) -> dict[str, object]:
    """A secret value as the engine marks it on the wire."""
    return {_SIGNATURE: _SECRET_SIGNATURE, "value": value}


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One resource: its inputs, what the provider adds as outputs, and where each property comes from (URNs)."""

    token: str
    name: str
    stack: str
    inputs: Properties = field(default_factory=dict)
    computed: Properties = field(default_factory=dict)
    edges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    protect: bool = False
    under: str = ""

    @property
    def urn(self) -> str:
        return urn(self.stack, self.token, self.name, self.under)

    @property
    def outputs(self) -> Properties:
        """What a stack policy sees: inputs and what the provider adds, without the write-only argument."""
        kept = {name: value for name, value in self.inputs.items() if name != "secretStringWo"}
        return kept | dict(self.computed)


def urn(stack: str, token: str, name: str, under: str = "") -> str:
    """`under` names the types of the components above, joined by `$`; the engine leaves out the stack itself."""
    types = f"{under}${token}" if under else token
    return f"urn:pulumi:{stack}::{PROJECT}::{types}::{name}"


@dataclass(frozen=True)
class Program:
    """Every resource of a stack, in the order in which the engine registers them. Edits give a new program."""

    resources: tuple[Declared, ...]

    def get(self, token: str, name: str) -> Declared:
        return next(each for each in self.resources if (each.token, each.name) == (token, name))

    def put(self, changed: Declared, old: Declared | None = None) -> Program:
        """Replaces the resource with the same URN, or `old`."""
        gone = (old or changed).urn
        return Program(tuple(changed if each.urn == gone else each for each in self.resources))

    def plus(self, *added: Declared) -> Program:
        return Program((*self.resources, *added))

    def without(self, *gone: Declared) -> Program:
        return Program(tuple(each for each in self.resources if each not in gone))

    def set(self, resource: Declared, path: str, value: object) -> Program:
        """Sets an input, or takes it away if `value` is None; the path is dotted."""
        inputs = copy.deepcopy(dict(resource.inputs))
        *parents, last = path.split(".")
        where = inputs
        for part in parents:
            inner = where[part]
            assert isinstance(inner, dict)
            where = inner
        if value is None:
            where.pop(last, None)
        else:
            where[last] = value
        return self.put(replace(resource, inputs=inputs), resource)

    def set_computed(self, resource: Declared, **outputs: object) -> Program:
        return self.put(replace(resource, computed={**resource.computed, **outputs}))

    def ignoring(self, resource: Declared, *paths: str) -> Program:
        return self.put(replace(resource, ignore=paths))

    def cut(self, resource: Declared, name: str) -> Program:
        """Takes away the dependency of a property, as if its value came from nowhere in the stack."""
        return self.put(replace(resource, edges={k: v for k, v in resource.edges.items() if k != name}))

    def lead(self, resource: Declared, name: str, *ends: Declared) -> Program:
        """Makes a property come from other resources; its value is not known."""
        edges = {**resource.edges, name: tuple(end.urn for end in ends)}
        inputs = {**resource.inputs, name: UNKNOWN_STRING_VALUE}
        return self.put(replace(resource, edges=edges, inputs=inputs))
