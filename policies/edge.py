"""Which resources of the stack a property leads to, by value where it is known and by dependency where it is not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.intent import Intent
from policies.view import UNKNOWN, Resource, Stack, Unknown

_RANDOM_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")


def reached(stack: Stack, intent: Intent, resource: Resource, name: str, token: str) -> tuple[Resource, ...] | Unknown:
    """The resources of type `token` that property `name` leads to.

    Ids and ARNs are not known at the first preview, so a join by value would see nothing there. Returns UNKNOWN if
    neither the value nor a dependency tells, and nothing if the value is not set or names no such resource.
    """
    value = resource.value(name)
    ends = tuple(
        end for urn in resource.edges.get(name, ()) if (end := stack.by_urn.get(urn)) is not None and end.type == token
    )
    if value is UNKNOWN:
        return ends or UNKNOWN
    if not isinstance(value, str) or not value:
        return ()
    environment = intent.environment
    wanted = set(_spellings(value, f":{environment.region}:{environment.account}:"))
    named = {end.urn: end for spelling in sorted(wanted) for end in stack.named(token, spelling)}
    return tuple(named.values()) or tuple(end for end in ends if not isinstance(end.value("arn"), str))


def _spellings(value: str, home: str) -> Iterator[str]:
    yield value
    if home in value:  # an ARN of this account and region, which ends in the name of a function, an alias or a secret
        name = value.rsplit(":", 1)[-1]
        yield name
        yield _RANDOM_SUFFIX.sub("", name)  # what Secrets Manager adds to a name in an ARN
