"""Resources and stacks as rules see them: plain frozen data, in which a value not known yet is `UNKNOWN`.

The SDK hands out proxies that raise on a value that is not known yet, even in `in` and `.get()`, and it turns that into
an advisory note, so a mandatory rule would let everything pass. They are therefore converted once, here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from pulumi_policy import PolicyResource, ResourceValidationArgs, StackValidationArgs
from pulumi_policy.proxy import UnknownValueError

from policies import tokens


class Unknown(Enum):
    """The type of `UNKNOWN`: a value that the engine cannot tell before an update."""

    UNKNOWN = "unknown"


_IDENTIFIERS = ("arn", "id", "keyId", "name")

UNKNOWN: Final = Unknown.UNKNOWN
Value: TypeAlias = "str | int | float | bool | tuple[Value, ...] | Mapping[str, Value] | Unknown | None"


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource. `edges` names, for each property, the URNs of the resources that its value comes from.

    A resource rule gets the inputs and no edges; a stack rule gets the outputs and the edges: the engine has no more.
    """

    urn: str
    type: str
    name: str
    properties: Mapping[str, Value]
    ignore_changes: tuple[str, ...] = ()
    edges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def stack_name(self) -> str:
        """The stack's name, which a URN holds first: `urn:pulumi:<stack>::<project>::<type>::<name>`."""
        return self.urn.removeprefix("urn:pulumi:").split("::")[0]

    def value(self, path: str) -> Value:
        """The value at a dotted path: None if not set, UNKNOWN if it or anything around it is not known."""
        current: Value = self.properties
        for part in path.split("."):
            if current is UNKNOWN:
                return UNKNOWN
            current = current.get(part) if isinstance(current, Mapping) else None
        return current

    def text(self, path: str) -> str | Unknown | None:
        """The text at `path`; an empty one counts as not set, as it does for the provider."""
        value = self.value(path)
        if isinstance(value, str):
            return value or None
        return None if value is None else UNKNOWN

    def number(self, path: str) -> float | Unknown | None:
        """The number at `path`."""
        value = self.value(path)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value
        return None if value is None else UNKNOWN

    def mapping(self, path: str) -> Mapping[str, Value] | Unknown | None:
        """The object at `path`."""
        value = self.value(path)
        return value if value is None or isinstance(value, Mapping) else UNKNOWN

    def items(self, path: str) -> tuple[Value, ...] | Unknown | None:
        """The list at `path`."""
        value = self.value(path)
        return value if value is None or isinstance(value, tuple) else UNKNOWN


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Every resource of a stack."""

    resources: tuple[Resource, ...]

    @cached_property
    def by_urn(self) -> Mapping[str, Resource]:
        """The resources by URN."""
        return {resource.urn: resource for resource in self.resources}

    @cached_property
    def by_type(self) -> Mapping[str, tuple[Resource, ...]]:
        """The resources by type token."""
        found: dict[str, list[Resource]] = {}
        for resource in self.resources:
            found.setdefault(resource.type, []).append(resource)
        return {token: tuple(resources) for token, resources in found.items()}

    @cached_property
    def _by_identifier(self) -> Mapping[tuple[str, str], tuple[Resource, ...]]:
        found: dict[tuple[str, str], dict[str, Resource]] = {}
        for resource in self.resources:
            for identifier in (resource.properties.get(name) for name in _IDENTIFIERS):
                if isinstance(identifier, str) and identifier:
                    found.setdefault((resource.type, identifier), {})[resource.urn] = resource
        return {key: tuple(resources.values()) for key, resources in found.items()}

    @property
    def urn(self) -> str:
        """The URN of the stack itself, for what is about no single resource; empty if the engine gave none."""
        return next((root.urn for root in self.of(tokens.STACK)), "")

    @property
    def name(self) -> str:
        """The stack's name; empty if it has no resources."""
        return self.resources[0].stack_name if self.resources else ""

    def of(self, token: str) -> tuple[Resource, ...]:
        """The resources of one type."""
        return self.by_type.get(token, ())

    def named(self, token: str, identifier: str) -> tuple[Resource, ...]:
        """The resources of one type that are known by `identifier`: an ARN, an id or a name."""
        return self._by_identifier.get((token, identifier), ())


def resource(args: ResourceValidationArgs) -> Resource:
    """What a resource policy is given: the inputs, at the moment when the resource is registered."""
    return Resource(
        urn=args.urn,
        type=args.resource_type,
        name=args.name,
        properties=_properties(args.props),
        ignore_changes=tuple(args.opts.ignore_changes),
    )


def stack(args: StackValidationArgs) -> Stack:
    """What a stack policy is given: the outputs, at the end of a preview and of an update."""
    return Stack(resources=tuple(_stack_resource(given) for given in args.resources))


def _stack_resource(given: PolicyResource) -> Resource:
    return Resource(
        urn=given.urn,
        type=given.resource_type,
        name=given.name,
        properties=_properties(given.props),
        ignore_changes=tuple(given.opts.ignore_changes),
        edges={name: tuple(end.urn for end in ends) for name, ends in given.property_dependencies.items()},
    )


def _properties(proxy: Mapping[str, Any]) -> Mapping[str, Value]:
    # Iterating over a proxy gives its keys and never raises; only reading a value does.
    return MappingProxyType({key: _child(proxy, key) for key in proxy})


def _child(proxy: Any, key: str | int) -> Value:
    try:
        value = proxy[key]
    except UnknownValueError:
        return UNKNOWN
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, float):  # every number of the protocol is one
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return _properties(value)
    if isinstance(value, Sequence):
        return tuple(_child(value, index) for index in range(len(value)))
    return type(value).__name__  # an asset or an archive, which no rule looks into
