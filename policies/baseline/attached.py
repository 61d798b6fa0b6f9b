"""What belongs to what: the resources that a property leads to, and the separate resources that set up another one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from policies.intent import Intent
from policies.view import UNKNOWN, Resource, Stack, Unknown


def reached(
    stack: Stack, intent: Intent, resource: Resource, path: str, tokens: Iterable[str]
) -> tuple[Resource, ...] | Unknown:
    """The resources of the types `tokens` that the text or the list at `path` leads to.

    By value where it is known, by dependency where it is not; UNKNOWN if neither tells. The engine gives the
    dependencies of a whole property, so those of `rules.x` are those of `rules`.
    """
    wanted = tuple(tokens)
    ends = tuple(
        end
        for urn in resource.edges.get(path.partition(".")[0], ())
        if (end := stack.by_urn.get(urn)) is not None and end.type in wanted
    )
    value = resource.value(path)
    values = value if isinstance(value, tuple) else (value,)
    if any(each is UNKNOWN for each in values):
        return ends or UNKNOWN
    environment = intent.environment
    home = f":{environment.region}:{environment.account}:"
    spellings = [spelling for each in values if isinstance(each, str) for spelling in _spellings(each, home)]
    if not spellings:
        return ()
    named = {each.urn: each for token in wanted for spelling in spellings for each in stack.named(token, spelling)}
    return tuple(named.values()) or tuple(end for end in ends if not isinstance(end.value("arn"), str))


def _spellings(value: str, home: str) -> Iterator[str]:
    if value:
        yield value
        yield value.removesuffix(":*")  # how CloudTrail names a log group
        if home in value:
            yield value.removesuffix(":*").rsplit(":", 1)[-1]


@dataclass(frozen=True, kw_only=True)
class Attached:
    """Separate resources by the URN of what they set up; `loose` ones cannot be joined yet."""

    by_urn: Mapping[str, tuple[Resource, ...]]
    loose: tuple[Resource, ...]

    def to(self, resource: Resource) -> tuple[Resource, ...]:
        """Those of one resource."""
        return self.by_urn.get(resource.urn, ())


def attached(stack: Stack, intent: Intent, owners: Iterable[str], tokens: Iterable[str], path: str) -> Attached:
    """The resources of the types `tokens`, by the resource of the types `owners` that `path` leads to.

    A setting may take the name from another one to come after it, so a dependency is followed through those.
    """
    owner_types = tuple(owners)
    by_urn: dict[str, tuple[Resource, ...]] = {}
    loose: list[Resource] = []
    for token in tokens:
        for each in stack.of(token):
            found = reached(stack, intent, each, path, owner_types)
            if found is UNKNOWN or (not found and each.value(path) and each.edges.get(path)):
                found = tuple(_through(stack, each, path, owner_types))
            for owner in found:
                by_urn[owner.urn] = (*by_urn.get(owner.urn, ()), each)
            if not found and each.value(path) is UNKNOWN:
                loose.append(each)
    return Attached(by_urn=by_urn, loose=tuple(loose))


def _through(stack: Stack, resource: Resource, path: str, owners: tuple[str, ...]) -> Iterator[Resource]:
    seen = {resource.urn}
    waiting = list(resource.edges.get(path, ()))
    while waiting:
        urn = waiting.pop()
        if urn in seen or (end := stack.by_urn.get(urn)) is None:
            continue
        seen.add(urn)
        if end.type in owners:
            yield end
        else:
            waiting.extend(end.edges.get(path, ()))
