"""A stack from what `pulumi stack export` writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from policies.view import UNKNOWN, Resource, Stack, Value

_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Marks a value in a state that is no plain one, such as a secret: github.com/pulumi/pulumi, sdk/go/common/resource."""


class ExportError(ValueError):
    """The file is no exported stack; the text names it and says what to do."""


def read(path: Path) -> Stack:
    """The stack in an exported file. What is encrypted there is not known, as at a preview.

    Raises:
        ExportError: the file cannot be read, or holds no deployment.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        listed = data["deployment"]["resources"]
        return Stack(resources=tuple(_resource(one) for one in listed if not one.get("delete")))
    except OSError as exc:
        raise ExportError(f"{path}: cannot be read: {exc.strerror}; name a file of `pulumi stack export`") from exc
    except json.JSONDecodeError as exc:
        raise ExportError(f"{path}: no JSON at line {exc.lineno}; write it with `pulumi stack export`") from exc
    except (AttributeError, KeyError, TypeError) as exc:
        raise ExportError(f"{path}: no deployment with resources; write it with `pulumi stack export`") from exc


def _resource(given: Mapping[str, Any]) -> Resource:
    urn = str(given["urn"])
    outputs = {**given.get("inputs", {}), **given.get("outputs", {})}
    return Resource(
        urn=urn,
        type=str(given["type"]),
        name=urn.rsplit("::", 1)[-1],
        properties={key: _value(value) for key, value in outputs.items() if not key.startswith("__")},
        edges={key: tuple(ends) for key, ends in (given.get("propertyDependencies") or {}).items() if ends},
    )


def _value(given: Any) -> Value:
    if isinstance(given, Mapping):
        return UNKNOWN if _SIGNATURE in given else {str(key): _value(one) for key, one in given.items()}
    if isinstance(given, list):
        return tuple(_value(one) for one in given)
    assert given is None or isinstance(given, (str, int, float, bool))
    return given
