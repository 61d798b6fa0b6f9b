"""A second evaluator, written to disagree if it can: plain sets over a small finite universe, no matching, no parsing.

It reads the raw JSON objects and shares no code with `iam`. A pattern is the set of words of the universe that it
spells, found by growing the words' prefixes letter by letter; a condition is arithmetic on sets of values; a policy is
the set of situations (action, resource, circumstances) that it speaks about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.iam.enumeration import actions_of, condition_holds, listed, resources_of
from tests.iam.universe import ACTIONS, CALLERS, RESOURCES, Caller, Circumstances

Document = Mapping[str, Any]
Situation = tuple[str, str, int]
Situations = frozenset[Situation]
NOTHING: Situations = frozenset()


@dataclass(frozen=True, kw_only=True)
class Case:
    """One caller with the documents that apply to it, and the circumstances in which it may ask."""

    caller: str
    holder: str
    circumstances: Sequence[Circumstances]
    identity: Sequence[Document] = ()
    resource: Document | None = None
    boundary: Document | None = None
    session: Sequence[Document] = ()
    service_controls: Sequence[Sequence[Document]] = ()
    grants: Sequence[Mapping[str, Any]] = ()


def everything(case: Case) -> Situations:
    numbers = range(len(case.circumstances))
    return frozenset((action, resource, n) for action in ACTIONS for resource in RESOURCES for n in numbers)


def outcomes(case: Case) -> dict[Situation, str]:
    """What becomes of each situation: `allowed`, `explicit deny` or `implicit deny`."""
    caller = CALLERS[case.caller]
    alone = caller.kind in ("service", "web", "nobody")
    whole = everything(case)
    attached = [*case.identity, *case.session, *(one for level in case.service_controls for one in level)]
    attached += [case.boundary] if case.boundary else []
    denied = NOTHING if alone else _union(_spoken(case, one, "Deny") for one in attached)
    tiers = {"direct": NOTHING, "entity": NOTHING, "account": NOTHING}
    if case.resource:
        denied |= _union(_by_tier(case, case.resource, "Deny").values())
        tiers = _by_tier(case, case.resource, "Allow")
    granted = _granted(case, caller)
    limits = whole
    if case.boundary:
        limits &= _spoken(case, case.boundary, "Allow")
    if case.session:
        limits &= _union(_spoken(case, one, "Allow") for one in case.session)
    elif caller.kind == "federated":
        limits = NOTHING
    own = whole if caller.kind == "root" else _union(_spoken(case, one, "Allow") for one in case.identity)
    direct, entity, account = (tiers[tier] | granted[tier] for tier in ("direct", "entity", "account"))
    if alone:
        allowed = direct | entity | account
    elif caller.foreign:
        shared = direct | entity | account
        allowed = limits & ((own & shared) | granted["direct"] | granted["entity"])
    else:
        counts = whole if case.holder == "ordinary" else account
        allowed = direct | (limits & (entity | (own & counts)))
    if not alone:
        for level in case.service_controls:
            allowed &= _union(_spoken(case, one, "Allow") for one in level)
    return {
        one: "explicit deny" if one in denied else "allowed" if one in allowed else "implicit deny" for one in whole
    }


def _union(sets: Iterable[Situations]) -> Situations:
    return frozenset().union(*sets)


def _granted(case: Case, caller: Caller) -> dict[str, Situations]:
    found: dict[str, Situations] = {"direct": NOTHING, "entity": NOTHING, "account": NOTHING}
    for grant in case.grants:
        for tier in found:
            if grant["grantee"] in caller.names[tier]:
                found[tier] |= frozenset(
                    one for one in everything(case) if one[0] in [f"kms:{name}" for name in grant["operations"]]
                )
    return found


def _spoken(case: Case, document: Document, effect: str) -> Situations:
    return _union(_statement(case, document, one) for one in document["Statement"] if one["Effect"] == effect)


def _by_tier(case: Case, document: Document, effect: str) -> dict[str, Situations]:
    found: dict[str, Situations] = {"direct": NOTHING, "entity": NOTHING, "account": NOTHING}
    for one in document["Statement"]:
        tier = _tier(CALLERS[case.caller], one, bounded=case.boundary is not None)
        if one["Effect"] == effect and tier:
            found[tier] |= _statement(case, document, one)
    return found


def _named(element: Any) -> set[str]:
    if element == "*":
        return {"*"}
    return {name for names in element.values() for name in ([names] if isinstance(names, str) else names)}


def _tier(caller: Caller, statement: Mapping[str, Any], *, bounded: bool) -> str | None:
    if "Principal" in statement:
        named = _named(statement["Principal"])
        return next((tier for tier in ("direct", "entity", "account") if named & caller.names[tier]), None)
    named = _named(statement["NotPrincipal"])
    mentioned = named & frozenset().union(*caller.names.values())
    if statement["Effect"] == "Allow":
        return None if mentioned else "direct"
    if bounded:
        return "direct"
    # An account's number and its ARN "behave the same way".
    named |= {f"arn:aws:iam::{name}:root" for name in named if name.isdigit()}
    spared = "*" in named or caller.whole_chain <= named
    return None if spared else "direct"


def _statement(case: Case, document: Document, statement: Mapping[str, Any]) -> Situations:
    variables = document.get("Version") == "2012-10-17"
    found: set[Situation] = set()
    for n, circumstances in enumerate(case.circumstances):
        if not condition_holds(statement.get("Condition", {}), circumstances, variables):
            continue
        if "NotAction" in statement:
            actions = set(ACTIONS) - actions_of(listed(statement["NotAction"]))
        else:
            actions = actions_of(listed(statement["Action"]))
        if "NotResource" in statement:
            resources = set(RESOURCES) - resources_of(listed(statement["NotResource"]), circumstances, variables)
        else:
            resources = resources_of(listed(statement.get("Resource", "*")), circumstances, variables)
        found |= {(action, resource, n) for action in actions for resource in resources}
    return frozenset(found)
