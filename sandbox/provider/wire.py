"""Blocks of properties as AWS's APIs take and give them: other case, sometimes another name, the same shape."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.provider.resource import Call, Kind, Property
from sandbox.provider.values import Props

Fields = Mapping[str, Property]
Case = Callable[[str], str]


def pascal(name: str) -> str:
    """`targetBucket` as `TargetBucket`, which most APIs say."""
    return name[:1].upper() + name[1:]


def camel(name: str) -> str:
    """The name as it is: Step Functions and CloudWatch Logs write as the engine does."""
    return name


def to_aws(fields: Fields, values: Props, case: Case = pascal) -> Props:
    """The parameters for those of `fields` that `values` holds, or that have a default."""
    parameters: Props = {}
    for name, prop in fields.items():
        value = values.get(name)
        value = prop.default if value is None else value
        if value is not None:
            parameters[prop.aws or case(name)] = _outward(prop, value, case)
    return parameters


def from_aws(fields: Fields, answer: Props, case: Case = pascal) -> Props:
    """Those of `fields` that AWS answered with; what it leaves out, or answers empty, is absent."""
    values: Props = {}
    for name, prop in fields.items():
        value = answer.get(prop.aws or case(name))
        if value is not None and value not in ("", [], {}):
            values[name] = _inward(prop, value, case)
    return values


def unless_default(call: Call, name: str, live: Any, default: Any) -> Any:
    """`live`, or nothing where it is what AWS does on its own and the program did not ask for it."""
    return None if live == default and call.new.get(name) is None else live


def moment(text: str) -> datetime:
    """The time that an RFC 3339 text names."""
    return datetime.fromisoformat(text)


def stamp(when: datetime | None) -> str | None:
    """A time as RFC 3339 text in UTC, to the second."""
    return None if when is None else when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def spelled(given: str | None, live: str | None) -> str | None:
    """`given` where `live`, an ARN, ends with it: AWS takes a name or an id and answers with the ARN."""
    return given if given and live and live.endswith((f":{given}", f"/{given}")) else live


def _outward(prop: Property, value: Any, case: Case) -> Any:
    match prop.kind:
        case Kind.BLOCK:
            return to_aws(prop.fields, value, case)
        case Kind.BLOCKS:
            return [to_aws(prop.fields, item, case) for item in value]
        case _:
            return value


def _inward(prop: Property, value: Any, case: Case) -> Any:
    match prop.kind:
        case Kind.BLOCK:
            return from_aws(prop.fields, value, case)
        case Kind.BLOCKS:
            return [from_aws(prop.fields, item, case) for item in value]
        case _:
            return value
