"""What changed between two sets of inputs, and what AWS holds against what was asked for."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.provider.check import DEFAULTS
from sandbox.provider.resource import Kind, Property, ResourceType
from sandbox.provider.values import UNKNOWN, Asset, Props


@dataclass(frozen=True, kw_only=True)
class Change:
    """One property that differs; `path` is where, `before` and `after` tell whether it was and will be there."""

    path: str
    name: str
    before: bool
    after: bool
    replaces: bool


def changes(kind: ResourceType, old: Props, new: Props) -> list[Change]:
    """The properties that differ from `old` to `new`; write-only ones never do, and a default is its value."""
    found = [change for name, prop in kind.properties.items() for change in _changes(name, prop, old, new)]
    forced = kind.replacing(old, new)
    return [replace(change, replaces=True) if change.name in forced else change for change in found]


def delete_first(kind: ResourceType, old: Props, new: Props) -> bool:
    """Whether a replacement would collide with what it replaces: same physical identity, and given by the program."""
    if not kind.identity or set(kind.identity) & set(new.get(DEFAULTS, [])):
        return False
    return all(old.get(name) is not None and old.get(name) == new.get(name) for name in kind.identity)


def refreshed(kind: ResourceType, inputs: Props, live: Props) -> Props:
    """`inputs` as AWS holds them now. A value that means the same keeps its spelling; a write-only one is forgotten."""
    result: Props = {DEFAULTS: inputs.get(DEFAULTS, [])}
    for name, prop in kind.properties.items():
        if prop.write_only:
            continue
        had, has = inputs.get(name), live.get(name)
        if prop.unreadable:
            kept = had if had is not None else prop.default
        elif comparable(prop, had) == comparable(prop, has):
            kept = had
        elif had is None and prop.computed and inputs:
            kept = None
        else:
            kept = has
        if kept is not None:
            result[name] = kept
    return result


def comparable(prop: Property, value: Any) -> Any:
    """A form of `value` that is equal for values that mean the same to AWS."""
    if value is UNKNOWN:
        return UNKNOWN
    if value is None or value in ("", [], {}):
        return prop.default
    match prop.kind:
        case Kind.DOCUMENT:
            return _document(value, ordered=prop.ordered)
        case Kind.SET:
            return sorted(value, key=str)
        case Kind.BLOCK:
            return _block(prop.fields, value)
        case Kind.BLOCKS:
            items = [_block(prop.fields, item) for item in value]
            return items if prop.ordered else sorted(items, key=repr)
        case Kind.ARCHIVE | Kind.ASSET:
            return value.hash if isinstance(value, Asset) else value
        case _:
            return value


def _block(fields: Mapping[str, Property], value: Any) -> Any:
    if value is UNKNOWN:
        return UNKNOWN
    plain = {name: comparable(prop, value.get(name)) for name, prop in fields.items() if not prop.computed}
    # A block within, all of whose values say nothing, says nothing itself: an empty prefix is no filter.
    return {name: item for name, item in plain.items() if item is not None and item != {}}


def _document(value: str, *, ordered: bool) -> Any:
    try:
        return json.loads(value) if ordered else _canonical(json.loads(value))
    except ValueError:
        return value


def _canonical(value: Any) -> Any:
    """IAM reads a list of one as its item, and lists without order (reference_policies_grammar)."""
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        items = sorted((_canonical(item) for item in value), key=repr)
        return items[0] if len(items) == 1 else items
    return value


def _changes(name: str, prop: Property, old: Props, new: Props) -> Iterator[Change]:
    if prop.write_only or (prop.computed and new.get(name) is None):
        return
    before, after = comparable(prop, old.get(name)), comparable(prop, new.get(name))
    if before == after:
        return
    paths: Iterator[tuple[str, bool, bool]] = iter([(name, before is not None, after is not None)])
    if prop.kind is Kind.MAP and isinstance(before, dict) and isinstance(after, dict):
        keys = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
        paths = ((f'{name}["{key}"]', key in before, key in after) for key in keys)
    for path, was, will in paths:
        yield Change(path=path, name=name, before=was, after=will, replaces=prop.replaces)
