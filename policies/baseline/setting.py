"""A property that a resource must have, and the finding where it has another one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from policies.intent import Intent
from policies.rule import Clauses, Finding, ResourceRule, Severity
from policies.view import UNKNOWN, Resource, Value

NOT_KNOWN = "a value that is not known yet"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """`holds` is given the value at the dotted path `property`, None if it is not set; `fix` is one line to paste."""

    property: str
    holds: Callable[[Value], bool]
    required: str
    fix: str


def is_true(value: Value) -> bool:
    """Set, and true."""
    return value is True


def is_not_false(value: Value) -> bool:
    """For what AWS or the provider takes as true if it is not set."""
    return value is None or value is True


def is_not_true(value: Value) -> bool:
    """For what AWS or the provider takes as false if it is not set."""
    return value is None or value is False


def is_set(value: Value) -> bool:
    """Any text or list but an empty one, which the provider takes as none."""
    return isinstance(value, (str, tuple)) and bool(value)


def shown(value: Value) -> str:
    """What a message may say of a value: values reach a policy decrypted, so a text is never shown."""
    match value:
        case None | "" | ():
            return "not set"
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case _ if value is UNKNOWN:
            return NOT_KNOWN
        case _:
            return "another value"


def findings(resource: Resource, settings: Iterable[Setting]) -> Iterator[Finding]:
    """One for each setting that does not hold; undecided where the value is not known yet."""
    for setting in settings:
        value = resource.value(setting.property)
        if value is UNKNOWN or not setting.holds(value):
            yield Finding(
                urn=resource.urn,
                property=setting.property,
                seen=shown(value),
                required=setting.required,
                fix=setting.fix,
                undecided=value is UNKNOWN,
            )


def rule(
    name: str,
    title: str,
    severity: Severity,
    clauses: Clauses,
    parity: tuple[str, ...],
    types: tuple[str, ...],
    *settings: Setting,
) -> ResourceRule:
    """The rule `baseline/<name>`: each resource of `types` has all the `settings`."""

    def check(resource: Resource, _intent: Intent) -> Iterator[Finding]:
        return findings(resource, settings)

    return ResourceRule(
        id=f"baseline/{name}",
        title=title,
        severity=severity,
        clauses=clauses,
        remediation=settings[0].fix,
        parity=parity,
        types=frozenset(types),
        check=check,
    )
