"""Checking inputs: what is unknown, missing or of the wrong shape is refused by name; then defaults are filled in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.provider.naming import physical_name
from sandbox.provider.resource import Failure, Kind, Property, ResourceType
from sandbox.provider.values import UNKNOWN, Asset, Props

# The bridge records in the inputs which of them it chose itself; keys with two underscores are not shown to policies.
DEFAULTS = "__defaults"


@dataclass(frozen=True, kw_only=True)
class Checked:
    """Inputs with their defaults, and every reason to refuse them."""

    inputs: Props
    failures: tuple[Failure, ...]


def check(kind: ResourceType, *, logical: str, old: Props, new: Props, default_tags: Props, seed: bytes) -> Checked:
    """The inputs `new` of a resource named `logical`, checked against `kind` and completed.

    A name that the provider chose before (`old`) is chosen again, so that an update never renames a resource.
    """
    given = {name: value for name, value in new.items() if not name.startswith("__")}
    failures = [*shape(kind.type_name, kind.properties, given), *kind.rules(given)]
    inputs = dict(given)
    if default_tags and "tags" in kind.properties:
        inputs["tags"] = {**default_tags, **(inputs.get("tags") or {})}
    chosen: list[str] = []
    for name, prop in kind.properties.items():
        if name not in inputs and prop.default is not None:
            inputs[name] = prop.default
            chosen.append(name)
    rule = kind.autoname
    if rule is not None and rule.name not in inputs:
        kept = old.get(rule.name) if rule.name in old.get(DEFAULTS, []) else None
        inputs[rule.name] = kept or physical_name(rule, logical, inputs, seed)
        chosen.append(rule.name)
    inputs[DEFAULTS] = sorted(chosen)
    return Checked(inputs=inputs, failures=tuple(failures))


def shape(
    owner: str, properties: Mapping[str, Property], given: Mapping[str, Any], path: str = ""
) -> Iterator[Failure]:
    """Every property of `given` that `properties` does not allow, and every required one that is missing."""
    for name, value in given.items():
        where = f"{path}{name}"
        prop = properties.get(name)
        if prop is None:
            known = ", ".join(sorted(properties))
            yield where, f"the sandbox's provider knows no property '{where}' of {owner}; it knows {known}"
        elif value is not UNKNOWN and value is not None:
            yield from _value(owner, prop, value, where)
    for name, prop in properties.items():
        if prop.required and given.get(name) is None:
            yield f"{path}{name}", f"{owner} needs '{path}{name}', which was not given"


def _value(owner: str, prop: Property, value: Any, where: str) -> Iterator[Failure]:
    if not _fits(prop.kind, value):
        yield where, f"'{where}' of {owner} is {type(value).__name__}, but has to be {prop.kind.value}"
        return
    if prop.allowed is not None and value not in prop.allowed:
        choices = ", ".join(str(choice) for choice in sorted(prop.allowed))
        yield where, f"'{where}' of {owner} is '{value}', but has to be one of {choices}"
    if prop.kind is Kind.BLOCK:
        yield from shape(owner, prop.fields, value, f"{where}.")
    if prop.kind is Kind.BLOCKS:
        for index, item in enumerate(value):
            if item is not UNKNOWN:
                yield from shape(owner, prop.fields, item, f"{where}[{index}].")


def _fits(kind: Kind, value: Any) -> bool:
    match kind:
        case Kind.TEXT | Kind.DOCUMENT:
            return isinstance(value, str)
        case Kind.NUMBER:
            return _number(value)
        case Kind.FLAG:
            return isinstance(value, bool)
        case Kind.LIST | Kind.SET:
            return isinstance(value, list) and all(isinstance(item, str) or item is UNKNOWN for item in value)
        case Kind.MAP:
            return isinstance(value, dict) and all(isinstance(item, str) or item is UNKNOWN for item in value.values())
        case Kind.NUMBERS:
            return isinstance(value, dict) and all(item is UNKNOWN or _number(item) for item in value.values())
        case Kind.BLOCK:
            return isinstance(value, dict)
        case Kind.BLOCKS:
            return isinstance(value, list) and all(isinstance(item, dict) or item is UNKNOWN for item in value)
        case Kind.ARCHIVE:
            return isinstance(value, Asset) and value.archive
        case Kind.ASSET:
            return isinstance(value, Asset)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
