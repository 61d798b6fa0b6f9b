"""The evaluator against the brute force on random policies, and what each of its clauses is worth."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from iam import condition, evaluate, grant, pattern, principals, variables, witness
from iam.context import Context
from iam.document import Policy, PolicyKind, parse
from iam.evaluate import Holder, Policies, decide
from iam.grant import Grant
from iam.principal import Principal
from iam.request import Request
from tests.iam.brute_force import Case, Situation, outcomes
from tests.iam.random_policies import make_case
from tests.iam.universe import CALLERS, HOME, PROVIDER, SERVICE

CASES = 5_000
REQUESTS_A_CASE = 12
CASES_A_MUTANT = 400


def principal(name: str) -> Principal:
    match name:
        case "service":
            return Principal.service(SERVICE)
        case "web":
            return Principal.federated(PROVIDER)
        case "nobody":
            return Principal.anonymous()
    return Principal.parse(CALLERS[name].arn)


def parsed(case: Case) -> Policies:
    def identity(documents: Any, name: str) -> tuple[Policy, ...]:
        return tuple(parse(one, PolicyKind.IDENTITY, name=f"{name}-{n}") for n, one in enumerate(documents))

    kind = PolicyKind.TRUST if case.holder == "role" else PolicyKind.RESOURCE
    boundary = identity([case.boundary] if case.boundary else [], "boundary")
    return Policies(
        identity=identity(case.identity, "identity"),
        resource=parse(case.resource, kind, name="resource") if case.resource else None,
        holder=Holder[case.holder.upper()],
        boundary=boundary[0] if boundary else None,
        session=identity(case.session, "session"),
        service_controls=tuple(identity(level, "scp") for level in case.service_controls),
        grants=tuple(
            Grant(name="grant", grantee=one["grantee"], operations=frozenset(one["operations"])) for one in case.grants
        ),
    )


def request_of(case: Case, situation: Situation) -> Request:
    action, resource, number = situation
    return Request(
        principal=principal(case.caller),
        action=action,
        resource=resource,
        resource_account=HOME,
        given=Context(dict(case.circumstances[number])),
    )


def disagreements(cases: range, counted: Counter[str]) -> Iterator[tuple[int, Situation, str, str]]:
    for seed in cases:
        case = make_case(seed)
        policies, expected = parsed(case), outcomes(case)
        for situation in random.Random(seed).sample(sorted(expected), REQUESTS_A_CASE):
            decided = decide(request_of(case, situation), policies).outcome.value
            counted[expected[situation]] += 1
            counted[f"{case.holder}, {expected[situation]}"] += 1
            counted[f"{case.caller}, {expected[situation]}"] += 1
            if decided != expected[situation]:
                yield seed, situation, decided, expected[situation]


def test_the_evaluator_and_the_brute_force_agree_on_five_thousand_random_policy_sets(
    record_property: Callable[[str, object], None],
) -> None:
    counted: Counter[str] = Counter()
    found = list(disagreements(range(CASES), counted))
    total = CASES * REQUESTS_A_CASE
    shares = {outcome: counted[outcome] / total for outcome in ("allowed", "explicit deny", "implicit deny")}
    for name, value in (("policy sets", CASES), ("requests", total), *shares.items()):
        record_property(name, value)
    assert found[:3] == []
    assert sum(counted[outcome] for outcome in shares) == total
    assert min(shares.values()) > 0.1, f"a comparison without one of the outcomes proves little: {shares}"
    for kind in ("ordinary", "key", "role", *CALLERS):
        assert counted[f"{kind}, allowed"] > total // 1000, kind
        assert counted[f"{kind}, explicit deny"] > 0, kind
        assert counted[f"{kind}, implicit deny"] > total // 1000, kind


Replacement = Callable[..., object]
MUTANTS: dict[str, tuple[object, str, Replacement]] = {
    "no explicit deny": (evaluate, "explicit_denies", lambda *_: ()),
    "no boundary": (evaluate, "boundary_allows", lambda *_: True),
    "no session policy": (evaluate, "session_allows", lambda *_: True),
    "no service control policy": (evaluate, "service_controls_allow", lambda *_: True),
    "keys and roles need no delegation": (evaluate, "account_may_decide", lambda *_: True),
    "resource policies allow nothing": (evaluate, "resource_allows", lambda *_: ()),
    "identity policies allow nothing": (evaluate, "identity_allows", lambda *_: ()),
    "another account counts as one's own": (evaluate, "_across_accounts", evaluate._within_account),
    "one's own account counts as another": (evaluate, "_within_account", evaluate._across_accounts),
    "every resource matches": (witness, "resource_matches", lambda *_: True),
    "every action matches": (witness, "action_matches", lambda *_: True),
    "every condition holds": (condition.Comparison, "holds", lambda *_, **__: True),
    "wildcards cross colons": (pattern, "_at_end_of_segment", pattern._everywhere),
    "grants allow nothing": (grant.Grant, "reach", lambda *_: principals.Reach.NONE),
    "NotPrincipal spares everyone": (principals.Principals, "spares", lambda *_: True),
    "NotPrincipal spares who has a boundary": (
        witness,
        "_reach",
        lambda statement, request, *, bounded, reach=witness._reach: reach(statement, request, bounded=False),
    ),
    "a variable is one in every version": (
        witness,
        "expand",
        lambda text, context, *, enabled, expand=variables.expand: expand(text, context, enabled=True),
    ),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_comparison_notices_when_a_clause_is_removed(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, name, replacement = MUTANTS[mutant]
    monkeypatch.setattr(module, name, replacement)
    assert next(disagreements(range(CASES_A_MUTANT), Counter()), None) is not None
