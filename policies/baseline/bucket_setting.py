"""The settings of a bucket, wherever they are: in resources of their own, or inside the bucket's resource.

The provider has both ways, and each in two types; one that reads only one of them passes or fails the wrong buckets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from policies.baseline import resource_types
from policies.baseline.attached import attached
from policies.baseline.setting import NOT_KNOWN
from policies.intent import Intent
from policies.rule import Finding
from policies.view import UNKNOWN, Resource, Stack, Value


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a setting is: the `types` of its own resources, and the property `inline` of the bucket, in both types."""

    types: tuple[str, ...]
    inline: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Found:
    """A setting of one bucket: `value` is its object, `resource` and `property` are where it is."""

    resource: Resource
    property: str
    value: Value


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a bucket has of one setting. `loose`: there are some whose bucket is not known yet."""

    bucket: Resource
    found: tuple[Found, ...]
    loose: bool


def buckets(stack: Stack) -> Iterator[Resource]:
    """Every bucket of the stack."""
    for token in resource_types.BUCKET:
        yield from stack.of(token)


def of_place(stack: Stack, intent: Intent, place: Place) -> Iterator[Settings]:
    """What every bucket of the stack has of one setting."""
    separate = attached(stack, intent, resource_types.BUCKET, place.types, "bucket")
    for bucket in buckets(stack):
        found = [Found(resource=each, property="", value=each.properties) for each in separate.to(bucket)]
        for name in place.inline:
            value = one(bucket.value(name))
            if (value and isinstance(value, (Mapping, str, tuple))) or (value is UNKNOWN and bucket.edges.get(name)):
                found.append(Found(resource=bucket, property=name, value=value))
        # The provider reports inside the bucket what a resource of its own has set; that one decides.
        own = [each for each in found if each.resource is not bucket]
        yield Settings(bucket=bucket, found=tuple(own or found), loose=bool(separate.loose))


def missing(settings: Settings, what: str, required: str, fix: str) -> Finding:
    """The finding about a bucket without a setting."""
    return Finding(
        urn=settings.bucket.urn,
        property=what,
        seen=f"{what} of a bucket that is not known yet" if settings.loose else f"no {what}",
        required=required,
        fix=fix,
        undecided=settings.loose,
    )


def wrong(found: Found, path: str, value: Value, required: str, fix: str) -> Finding:
    """The finding about a setting with another value."""
    return Finding(
        urn=found.resource.urn,
        property=f"{found.property}.{path}".strip("."),
        seen=NOT_KNOWN if value is UNKNOWN else "not set" if value in (None, "") else "another value",
        required=required,
        fix=fix,
        undecided=value is UNKNOWN,
    )


def one(value: Value) -> Value:
    """The only entry of a list of one, as the older type has where the newer has an object."""
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value


def dig(value: Value, *names: str) -> Value:
    """The value under `names`, each of which may be given in its plural, with a list of one: UNKNOWN, or None."""
    current = one(value)
    for name in names:
        if current is UNKNOWN or not isinstance(current, Mapping):
            return UNKNOWN if current is UNKNOWN else None
        current = one(next((current[each] for each in (name, f"{name}s") if each in current), None))
    return current
