"""Policy documents that cannot be judged, because they are not known yet or AWS would not take them."""

from __future__ import annotations

from collections.abc import Iterator

from policies.baseline import document
from policies.rule import Finding
from policies.view import UNKNOWN, Resource


def unjudged(resource: Resource, required: str, fix: str) -> Iterator[Finding]:
    """One for each document of `resource` that no rule could read; an absent one is not among them."""
    read = {name for name, _ in document.statements(resource)}
    for name, value, _ in document.values(resource):
        if value in (None, "") or name in read:
            continue
        yield Finding(
            urn=resource.urn,
            property=name,
            seen="a document that is not known yet" if value is UNKNOWN else "what AWS would not take as a document",
            required=required,
            fix=fix,
            undecided=value is UNKNOWN,
        )
