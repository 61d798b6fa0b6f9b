"""The whole stack is proved; each change of who may do what is seen, with the request that shows it."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from catalog import names
from policies.access.identities import POLICY
from policies.access.stack import SECRET_POLICY
from policies.tokens import KEY
from tests.policies import whole
from tests.policies.access_mutants import MUTANTS, OTHERS, READ, STAGING, Change, added, attached, both, decrypting
from tests.policies.analyzer import Analyzer, Said
from tests.policies.compliant_access import ROLE_POLICY
from tests.policies.program import Program

RULE = "tiers/access-proof"


def said_of(analyzer: Analyzer, program: Program) -> list[Said]:
    return [one for one in analyzer.analyze_stack(program) if one.rule == RULE]


@pytest.mark.parametrize("exists", [False, True])
@pytest.mark.parametrize("name", ["staging", "prod"])
def test_the_whole_stack_is_proved_before_it_exists_and_after(analyzer: Analyzer, name: str, exists: bool) -> None:
    assert said_of(analyzer, whole.program(name, exists=exists)) == []


@pytest.mark.parametrize("name", MUTANTS)
def test_a_change_of_who_may_do_what_is_seen_with_its_witness(analyzer: Analyzer, name: str) -> None:
    mutant = MUTANTS[name]

    said = said_of(analyzer, mutant.make(whole.program("staging", exists=False)))

    text = "\n".join(one.text for one in said)
    assert all(part in text for part in mutant.says), text
    assert all(one.blocks and not one.undecided for one in said), text


def test_the_secrets_policy_keeps_a_widened_role_from_the_value(analyzer: Analyzer) -> None:
    """The value is behind two doors: a role's policy alone opens none of another's secrets."""
    widened = both(added(ROLE_POLICY, "api-server", Action=READ, Resource=OTHERS), decrypting("api-server"))

    assert said_of(analyzer, widened(whole.program("staging", exists=False))) == []


UNKNOWNS: dict[str, tuple[Change, str]] = {
    "a role's policy": (
        lambda p: p.set(p.get(ROLE_POLICY, "collector"), "policy", UNKNOWN_STRING_VALUE),
        "policy of collector is not known yet",
    ),
    "a managed policy that is not in the stack": (
        attached("arn:aws:iam::aws:policy/SecretsManagerReadWrite"),
        "arn:aws:iam::aws:policy/SecretsManagerReadWrite is not known yet, as it is not in this stack",
    ),
    "a boundary": (
        lambda p: p.set(p.get(POLICY, "boundary"), "policy", UNKNOWN_STRING_VALUE),
        "policy of boundary is not known yet",
    ),
    "a secret's policy": (
        lambda p: p.set(p.get(SECRET_POLICY, "jwt-secret"), "policy", UNKNOWN_STRING_VALUE),
        "secret policy of jwt-secret is not known yet",
    ),
    "a key's policy": (
        lambda p: p.set(p.get(KEY, "tier-1"), "policy", UNKNOWN_STRING_VALUE),
        "key policy of tier-1 is not known yet",
    ),
    "a document that AWS would refuse": (
        lambda p: p.set(p.get(ROLE_POLICY, "collector"), "policy", "{}"),
        "policy of collector is not known yet as a document",
    ),
}


@pytest.mark.parametrize("name", UNKNOWNS)
def test_a_document_that_is_not_known_makes_undecided_what_hangs_on_it(analyzer: Analyzer, name: str) -> None:
    change, says = UNKNOWNS[name]

    said = said_of(analyzer, change(whole.program("staging", exists=False)))

    assert said
    assert all(one.undecided for one in said), said
    assert any(one.blocks for one in said)
    assert says in "\n".join(one.text for one in said)


def test_what_is_refused_whatever_an_unknown_says_stays_refused(analyzer: Analyzer) -> None:
    program = whole.program("staging", exists=False)
    blind = program.set(program.get(ROLE_POLICY, "collector"), "policy", UNKNOWN_STRING_VALUE)

    (said,) = said_of(analyzer, blind)

    seen = next(line for line in said.text.splitlines() if line.startswith("  seen: "))
    assert "GetSecretValue on 'db-app-password', 'jwt-secret', 'redis-password'" in seen
    assert names.role_arn(STAGING, "collector").rpartition("/")[2] in seen


def test_the_policy_that_is_attached_from_the_stack_is_read(analyzer: Analyzer) -> None:
    arn = names.policy_arn(STAGING, "boundary")
    program = attached(arn)(whole.program("staging", exists=True))

    text = "\n".join(one.text for one in said_of(analyzer, program))

    assert "collector may although it must not" in text
    assert "identity-based policy 'policy of boundary'" in text
