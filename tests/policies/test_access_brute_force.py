"""The proof against the brute force on random sets of policies: the same answer, and every witness is one."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from iam.document import PolicyKind
from iam.principal import Principal
from policies.access import choices, decision, paper, question, reduction
from policies.access.decision import READ, Answer, Verdict, answer
from policies.access.subject import Lock, Party, Relation, Target, callers_of_role
from tests.policies.access_brute_force import Case, Document, allowed, decide
from tests.policies.access_random import make_case
from tests.policies.access_universe import ACTIONS, HOME, NIGHT, ON_KEY, REGION, ROLE, TEAM

SETS = int(os.environ.get("LLMOBS_PROOF_POLICY_SETS", "300"))
SETS_A_MUTANT = 400


def subjects(case: Case) -> tuple[Party, Target]:
    def read(name: str, kind: PolicyKind, document: Document) -> paper.Paper:
        found = paper.paper(name, kind, json.dumps(document))
        assert found.policy, found
        return found

    is_role = ":role/" in case.party
    party = Party(
        name=case.party,
        relation=Relation.PROGRAMME,
        callers=callers_of_role(case.party, (NIGHT,)) if is_role else (Principal.parse(case.party),),
        identity=tuple(read(f"identity-{n}", PolicyKind.IDENTITY, one) for n, one in enumerate(case.identity)),
        boundary=read("boundary", PolicyKind.IDENTITY, case.boundary) if case.boundary else None,
    )
    secret = case.secret
    lock = Lock(
        arn=secret.key,
        policy=read("key policy", PolicyKind.RESOURCE, case.key_policy),
        aliases=(secret.alias,),
        tags=(("Tier", secret.key_tier),),
    )
    target = Target(
        name="secret",
        arn=secret.arn,
        home=REGION,
        tags=(("Tier", secret.tier),),
        policy=read("secret policy", PolicyKind.RESOURCE, case.resource) if case.resource else None,
        lock=lock,
    )
    return party, target


def is_witness(case: Case, given: Answer) -> bool:
    """Whether the brute force allows each request that the proof shows, word for word."""
    return all(
        decide(
            case,
            one.request.principal.arn,
            one.request.action,
            dict(one.request.given.items()),
        )
        for one in given.decisions
    )


def disagreements(seeds: range, counted: Counter[str]) -> Iterator[tuple[int, str, str]]:
    for seed in seeds:
        case = make_case(seed)
        party, target = subjects(case)
        for action in ACTIONS:
            expected = allowed(case, action)
            given = answer(party, action, target)
            counted["allowed" if expected else "refused"] += 1
            if given.assumptions:
                yield seed, action, f"assumes {given.assumptions}"
            elif (given.verdict is Verdict.ALLOWED) is not expected or given.verdict is Verdict.UNDECIDED:
                yield seed, action, f"{given.verdict.value}, brute force {expected}"
            elif expected and not is_witness(case, given):
                yield seed, action, "the witness is none"


def test_the_proof_and_the_brute_force_agree_on_random_policy_sets(
    record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    counted: Counter[str] = Counter()

    found = list(disagreements(range(SETS), counted))

    with capsys.disabled():
        sys.stdout.write(
            f"\n{SETS} policy sets, {counted.total()} questions, {counted['allowed']} of them allowed: "
            f"{len(found)} disagreements\n"
        )
    record_property("policy sets", SETS)
    assert found[:3] == []
    assert counted.total() == SETS * len(ACTIONS)
    assert min(counted["allowed"], counted["refused"]) > counted.total() // 20


MUTANTS: dict[str, tuple[object, str, object]] = {
    "a request without the key is not tried": (
        choices,
        "choices",
        lambda key, tests, known, real=choices.choices: tuple(one for one in real(key, tests, known) if one) or ((),),
    ),
    "only the first choice of a key is tried": (
        choices,
        "choices",
        lambda key, tests, known, real=choices.choices: real(key, tests, known)[:1],
    ),
    "one word stands for all others": (choices, "representatives", lambda *_: ("z",)),
    "no call to KMS": (decision, "_ON_KEY", {}),
    "no boundary": (decision, "_own", lambda *a, real=decision._own: replace(real(*a), boundary=None)),
    "what is settled counts as open": (reduction._Cutter, "_settled", lambda *_: False),
    "nothing is granted": (decision, "_granted", lambda *_: False),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_comparison_notices_when_a_part_of_the_proof_is_broken(
    mutant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, name, replacement = MUTANTS[mutant]
    monkeypatch.setattr(module, name, replacement)
    if module is choices and name == "choices":
        monkeypatch.setattr(question, name, replacement)
    answer.cache_clear()
    try:
        assert next(disagreements(range(SETS_A_MUTANT), Counter()), None) is not None
    finally:
        monkeypatch.undo()
        answer.cache_clear()


@pytest.mark.parametrize("seed", range(40))
def test_an_unread_document_never_turns_a_possible_request_into_a_refusal(seed: int) -> None:
    case = make_case(seed)
    party, target = subjects(case)
    blind = (
        (replace(party, identity=(*party.identity[1:], paper.unread("identity"))), target),
        (replace(party, boundary=paper.unread("boundary")), target),
        (party, replace(target, policy=paper.unread("secret policy"))),
        (party, replace(target, lock=None)),
    )
    for action in ACTIONS:
        possible = allowed(case, action)
        for one, other in blind if action in ON_KEY else blind[:-1]:  # the others take no key
            given = answer(one, action, other)
            assert given.verdict in ((Verdict.UNDECIDED,) if possible else (Verdict.UNDECIDED, Verdict.REFUSED))
            assert given.unread or given.verdict is Verdict.REFUSED


def test_one_session_cannot_be_two_at_once() -> None:
    """A session tag has one value in the call to Secrets Manager and in the call to KMS that it brings about."""
    statements = [
        {"Effect": "Allow", "Action": action, "Resource": "*", "Condition": {"StringEquals": {TEAM: team}}}
        for action, team in (("secretsmanager:*", "red"), ("kms:*", "blue"))
    ]
    opening = {"Effect": "Allow", "Principal": {"AWS": HOME}, "Action": "kms:*", "Resource": "*"}
    case = replace(
        make_case(0),
        party=ROLE,
        identity=({"Version": "2012-10-17", "Statement": statements},),
        boundary=None,
        resource=None,
        key_policy={"Version": "2012-10-17", "Statement": [opening]},
    )
    given = answer(subjects(case)[0], READ, subjects(case)[1])
    assert given.verdict is Verdict.REFUSED
    assert not allowed(case, READ)
    statements[1]["Condition"] = {"StringLike": {TEAM: "r*"}}
    given = answer(subjects(case)[0], READ, subjects(case)[1])
    assert given.verdict is Verdict.ALLOWED
    assert is_witness(case, given)


def test_what_is_beyond_the_proof_counts_as_possible_for_an_allow_and_as_absent_for_a_deny() -> None:
    address = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    tagged = {"StringEquals": {"aws:PrincipalTag/team": "${aws:RequestTag/team}"}}
    for condition, said in ((address, "IpAddress aws:SourceIp"), (tagged, "StringEquals aws:PrincipalTag/team")):
        for effect in ("Allow", "Deny"):
            case = _with_condition(effect, condition)
            given = answer(*_asked(case))
            assert given.verdict is Verdict.ALLOWED
            (assumption,) = given.assumptions
            assert assumption.startswith(said)
            assert assumption.endswith("does not hold" if effect == "Deny" else "holds")


def _with_condition(effect: str, condition: Document) -> Case:
    statements = [{"Effect": effect, "Action": "*", "Resource": "*", "Condition": condition}]
    if effect == "Deny":
        statements.append({"Effect": "Allow", "Action": "*", "Resource": "*"})
    return replace(
        make_case(0),
        party=ROLE,
        identity=({"Version": "2012-10-17", "Statement": statements},),
        boundary=None,
        resource=None,
    )


def _asked(case: Case) -> tuple[Party, str, Target]:
    party, target = subjects(case)
    return party, "secretsmanager:DescribeSecret", target
