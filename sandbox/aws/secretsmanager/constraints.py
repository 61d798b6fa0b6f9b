"""The constraints of the published service model, checked before any rule: types, lengths, ranges, patterns.

botocore ships the model; a caller that bypasses it is answered ValidationException, as AWS does. Values are never
shown.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import botocore.session
from botocore.model import OperationModel, ServiceModel, Shape

from sandbox.aws.errors import AwsError

_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "blob": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "list": list,
    "map": dict,
    "structure": dict,
}


@lru_cache(maxsize=1)
def service_model() -> ServiceModel:
    """The model of Secrets Manager that botocore ships."""
    return botocore.session.Session().get_service_model("secretsmanager")


@lru_cache(maxsize=64)
def operation_model(name: str) -> OperationModel | None:
    """The model of one operation, or None when the service has none of that name."""
    model = service_model()
    return model.operation_model(name) if name in model.operation_names else None


def check_request(operation: str, request: dict[str, Any]) -> None:
    """Refuse a request that the model does not allow, with ValidationException naming every problem."""
    model = operation_model(operation)
    if model is None:
        raise AwsError("UnknownOperationException", f"Secrets Manager has no operation '{operation}'.")
    problems = list(_problems(model.input_shape, request, "")) if model.input_shape is not None else []
    if problems:
        count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: "
        raise AwsError("ValidationException", count + "; ".join(problems))


def _problems(shape: Any, value: Any, path: str) -> Iterator[str]:
    wanted = _TYPES.get(shape.type_name)
    if wanted is not None and (not isinstance(value, wanted) or (wanted is int and isinstance(value, bool))):
        yield f"Value at '{path or 'request'}' is not of type {shape.type_name}"
        return
    yield from _bounds(shape, value, path)
    if shape.type_name == "structure":
        for name in shape.required_members:
            if value.get(name) is None:
                yield f"Value null at '{_join(path, name)}' failed to satisfy constraint: Member must not be null"
        for name, member in shape.members.items():
            if value.get(name) is not None:
                yield from _problems(member, value[name], _join(path, name))
    elif shape.type_name == "list":
        for index, item in enumerate(value):
            yield from _problems(shape.member, item, f"{path}.{index + 1}.member")


def _bounds(shape: Shape, value: Any, path: str) -> Iterator[str]:
    meta = shape.metadata
    constraint = f"Value at '{path}' failed to satisfy constraint: "
    if shape.type_name in {"string", "list"}:
        if len(value) < meta.get("min", 0):
            yield constraint + f"Member must have length greater than or equal to {meta['min']}"
        if len(value) > meta.get("max", len(value)):
            yield constraint + f"Member must have length less than or equal to {meta['max']}"
    elif shape.type_name in {"integer", "long"}:
        if value < meta.get("min", value):
            yield constraint + f"Member must have value greater than or equal to {meta['min']}"
        if value > meta.get("max", value):
            yield constraint + f"Member must have value less than or equal to {meta['max']}"
    choices = meta.get("enum")
    if choices and value not in choices:
        yield constraint + f"Member must satisfy enum value set: [{', '.join(choices)}]"
    if meta.get("pattern") and isinstance(value, str) and not re.fullmatch(meta["pattern"], value):
        yield constraint + f"Member must satisfy regular expression pattern: {meta['pattern']}"


def _join(path: str, name: str) -> str:
    inner = name[0].lower() + name[1:]
    return f"{path}.{inner}" if path else inner
