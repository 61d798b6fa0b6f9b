"""Rules, and what they find."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from policies.intent import Intent
from policies.view import Resource, Stack

STRICTEST_TIER = 1
EVERY_TIER = (1, 2, 3)


class Severity(StrEnum):
    """How bad it is to break a rule."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Standard(StrEnum):
    """A text that auditors ask about."""

    PCI_DSS = "PCI DSS 4.0.1"
    SOC_2 = "SOC 2"
    HIPAA = "HIPAA"
    GDPR = "GDPR"
    ISO_27001 = "ISO 27001:2022"
    NIST_800_53 = "NIST 800-53r5"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a rule has against one resource: what was seen, never a secret's value, and what is required.

    `tier` is the tier of the secret that it is about, and the strictest if that cannot be told. `undecided` says that
    nothing known settles it: such a finding blocks in tier 1 and is a note elsewhere. `fix` is one line to paste.
    """

    urn: str
    property: str
    seen: str
    required: str
    fix: str | None = None
    tier: int = STRICTEST_TIER
    undecided: bool = False


Clauses: TypeAlias = Mapping[Standard, tuple[str, ...]]
ResourceCheck: TypeAlias = Callable[[Resource, Intent], Iterable[Finding]]
StackCheck: TypeAlias = Callable[[Stack, Intent], Iterable[Finding]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What every rule says of itself.

    `id` is `<pack>/<name>`; `remediation` is one line to paste, for findings that have no fix of their own.
    """

    id: str
    title: str
    severity: Severity
    clauses: Clauses
    remediation: str
    tiers: tuple[int, ...] = EVERY_TIER


@dataclass(frozen=True, kw_only=True)
class ResourceRule(Rule):
    """A rule about the inputs of one resource of the given types, or of any type if none is given.

    It speaks when the resource is registered, before the engine makes or changes it.
    """

    check: ResourceCheck
    types: frozenset[str] = frozenset()

    def reads(self, token: str) -> bool:
        """Whether the rule is about resources of type `token`."""
        return not self.types or token in self.types


@dataclass(frozen=True, kw_only=True)
class StackRule(Rule):
    """A rule about a whole stack: what is there, and what leads to what. It speaks at the end of a preview."""

    check: StackCheck
