"""Facts without chance: texts that are new since some moment are called by the order of their appearance."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime


def strings(facts: object) -> frozenset[str]:
    """Every text in the facts."""
    return frozenset(_strings(facts))


def renamed(facts: object, constants: frozenset[str]) -> str:
    """The facts as JSON; a text that is no constant becomes `new <n>`. Numbers and moments stay, they are no chance."""
    names: dict[str, str] = {}

    def walk(node: object) -> object:
        if isinstance(node, dict):
            return [[walk(key), walk(value)] for key, value in node.items()]
        if isinstance(node, (list, tuple)):
            return [walk(item) for item in node]
        if isinstance(node, datetime):
            return ["at", node.isoformat()]
        if isinstance(node, str) and node not in constants:
            return names.setdefault(node, f"new {len(names)}")
        return node

    return json.dumps(walk(facts))


def _strings(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _strings(key)
            yield from _strings(value)
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from _strings(item)
    elif isinstance(node, str):
        yield node
