"""Disagreements in words: what a principal may or may not, and the request that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from iam.decision import Decision
from policies.access.decision import SERVICE, because
from policies.access.proof import Disagreement, Kind

_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Group:
    """The disagreements of one kind about one principal, the gravest first; undecided ones with the same reasons."""

    disagreements: tuple[Disagreement, ...]

    @property
    def first(self) -> Disagreement:
        """The one that is shown."""
        return self.disagreements[0]

    @property
    def tier(self) -> int:
        """The strictest tier of the secrets."""
        return min(one.secret.tier for one in self.disagreements)

    @property
    def seen(self) -> str:
        """What is wrong, with the request that shows it."""
        first = self.first
        what = f"{first.party.name} {first.kind.value}: {_operations(self.disagreements)}"
        if first.kind is Kind.UNDECIDED:
            return f"{what}; undecided by {', '.join(first.answer.unread[:_SHOWN])}"
        return f"{what}; {' and '.join(witness(one) for one in _shown(first))}{_assumed(first)}"

    @property
    def required(self) -> str:
        """What the catalogue means."""
        names = _listed(dict.fromkeys(_secret(one) for one in self.disagreements))
        match self.first.kind:
            case Kind.MAY:
                return f"no request of {self.first.party.name} for that on {names} is allowed"
            case Kind.MAY_NOT:
                return f"some request of {self.first.party.name} for that on {names} is allowed"
            case Kind.UNDECIDED:
                return f"documents that are known and decide about {names}"


def groups(disagreements: Iterable[Disagreement]) -> Iterator[Group]:
    """The disagreements by principal and kind, in their order."""
    found: dict[tuple[object, ...], list[Disagreement]] = {}
    for one in disagreements:
        why = one.answer.unread if one.kind is Kind.UNDECIDED else ()
        found.setdefault((one.party.name, one.party.urn, one.kind, why), []).append(one)
    return (Group(disagreements=tuple(each)) for each in found.values())


def witness(decision: Decision) -> str:
    """One request, as it would be made, and why it comes out as it does."""
    request = decision.request
    keys = [f"{key}={','.join(values)}" for key, values in sorted(request.given.items()) if values]
    verdict = "is allowed by" if decision.allowed else "is refused:"
    given = f" with {' '.join(keys)}" if keys else ""
    asked = f"{request.principal.arn} asks {request.action} on {request.resource}{given}"
    return f"{asked}, which {verdict} {because(decision)}"


def _shown(one: Disagreement) -> Sequence[Decision]:
    """Of an allowance every request, of a refusal the one that is refused."""
    return one.answer.decisions if one.kind is Kind.MAY else one.answer.decisions[-1:]


def _assumed(one: Disagreement) -> str:
    return f"; this assumes that {' and that '.join(one.answer.assumptions)}" if one.answer.assumptions else ""


def _operations(disagreements: Sequence[Disagreement]) -> str:
    by_action: dict[str, list[str]] = {}
    for one in disagreements:
        by_action.setdefault(one.action.removeprefix(f"{SERVICE}:"), []).append(_secret(one))
    said = [f"{action} on {_listed(secrets)}" for action, secrets in by_action.items()]
    return _listed(said, "; ")


def _secret(one: Disagreement) -> str:
    return f"'{one.secret.name}'" + (f" in {one.target.region}" if one.target.is_copy else "")


def _listed(texts: Iterable[str], separator: str = ", ") -> str:
    every = list(texts)
    more = len(every) - _SHOWN
    return separator.join(every[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
