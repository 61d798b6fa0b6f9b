"""The services whose settings are a map of strings (SQS, SNS): which attribute is which property, and its form."""

from collections.abc import Mapping
from typing import Any

from sandbox.provider.resource import Kind, Property
from sandbox.provider.values import Props


def attribute_name(prop: str, special: Mapping[str, str]) -> str:
    """AWS's name of a property: PascalCase, or what `special` says."""
    return special.get(prop, prop[:1].upper() + prop[1:])


def to_attribute(value: Any) -> str:
    """The string that AWS takes for `value`; an absent one is the empty string, which resets it."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def from_attribute(prop: Property, value: str) -> Any:
    """The property's value for what AWS answered."""
    match prop.kind:
        case Kind.FLAG:
            return value.lower() == "true"
        case Kind.NUMBER:
            return int(value)
        case _:
            return value


def read_attributes(attributes: Mapping[str, str], inputs: Mapping[str, Property], special: Mapping[str, str]) -> Props:
    """Every input that AWS answered with."""
    names = {prop: attribute_name(prop, special) for prop in inputs}
    return {prop: from_attribute(inputs[prop], attributes[name]) for prop, name in names.items() if name in attributes}
