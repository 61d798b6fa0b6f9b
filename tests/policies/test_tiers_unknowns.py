"""A value that is not known yet is decided by what is known, or said to be undecided: never silent, never a crash."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pulumi_policy.proxy import UNKNOWN_NUMBER_VALUE, UNKNOWN_OBJECT_VALUE, UNKNOWN_STRING_VALUE

from policies.tokens import ALIAS, CONTAINER, FUNCTION, PERMISSION, ROTATION, VERSION
from tests.policies.analyzer import Analyzer
from tests.policies.program import Program

DB, LATER = "db-password", "smtp-password"  # of tier 1 and of tier 2

# Every property that a rule reads, unless what it leads to says it all.
READ = [
    (CONTAINER, "name"),
    (CONTAINER, "tags"),
    (CONTAINER, "tags.Environment"),
    (CONTAINER, "tags.Service"),
    (CONTAINER, "tags.Tier"),
    (CONTAINER, "tags.Owner"),
    (CONTAINER, "tags.Kind"),
    (CONTAINER, "tags.RotationDays"),
    (CONTAINER, "replicas"),
    (ROTATION, "rotationRules"),
    (ROTATION, "rotationRules.automaticallyAfterDays"),
    (ROTATION, "rotationRules.scheduleExpression"),
    (VERSION, "versionStages"),
]
SHARED = [
    (ALIAS, "tier-1", "name"),
    (FUNCTION, "rotate-postgres", "name"),
    (PERMISSION, "rotate-postgres", "principal"),
    (PERMISSION, "rotate-postgres", "sourceAccount"),
    (PERMISSION, "rotate-postgres", "action"),
]
# Properties whose dependency tells what they lead to while the value is not known.
LEADING = [
    (CONTAINER, DB, "kmsKeyId", "tiers/secret-tier-key"),
    (ROTATION, DB, "secretId", "tiers/rotation-schedule"),
    (ROTATION, DB, "rotationLambdaArn", "tiers/rotation-function"),
    (VERSION, DB, "secretId", "tiers/bootstrap-version"),
    (ALIAS, "tier-1", "targetKeyId", "tiers/key-per-tier"),
    (PERMISSION, "rotate-postgres", "function", "tiers/rotation-permission"),
]
SENTINELS = [UNKNOWN_STRING_VALUE, UNKNOWN_NUMBER_VALUE, UNKNOWN_OBJECT_VALUE]


@pytest.mark.parametrize("sentinel", SENTINELS)
@pytest.mark.parametrize(("token", "path"), READ)
def test_an_unknown_of_tier_1_blocks_as_undecided(
    analyzer: Analyzer, stack: Program, token: str, path: str, sentinel: str
) -> None:
    changed = stack.set(stack.get(token, DB), path, sentinel)

    said = analyzer.preview(changed)

    own = [each for each in said if each.urn == stack.get(token, DB).urn]
    assert own
    assert all(each.blocks and each.undecided for each in said), said
    assert all("not known yet" in each.text or "no secret that is known" in each.text for each in said)


@pytest.mark.parametrize(
    ("token", "path"),
    [each for each in READ if each not in [(CONTAINER, "name"), (VERSION, "versionStages")]],
)
def test_an_unknown_of_another_tier_is_a_note(analyzer: Analyzer, stack: Program, token: str, path: str) -> None:
    changed = stack.set(stack.get(token, LATER), path, UNKNOWN_STRING_VALUE)

    said = analyzer.preview(changed)

    assert said
    assert all(each.undecided and not each.blocks and "tier 2" in each.text for each in said), said


@pytest.mark.parametrize(("token", "name", "path"), SHARED)
def test_an_unknown_of_what_tier_1_shares_blocks(
    analyzer: Analyzer, stack: Program, token: str, name: str, path: str
) -> None:
    changed = stack.set(stack.get(token, name), path, UNKNOWN_STRING_VALUE)

    said = analyzer.preview(changed)

    assert said
    assert all(each.undecided for each in said)
    assert any(each.blocks for each in said)


@pytest.mark.parametrize(("token", "name", "path", "rule"), LEADING)
def test_an_unknown_id_is_decided_by_its_dependency(
    analyzer: Analyzer, stack: Program, token: str, name: str, path: str, rule: str
) -> None:
    changed = stack.set(stack.get(token, name), path, UNKNOWN_STRING_VALUE)

    assert analyzer.preview(changed) == []


@pytest.mark.parametrize(("token", "name", "path", "rule"), LEADING)
def test_an_unknown_id_without_a_dependency_is_undecided(
    analyzer: Analyzer, stack: Program, token: str, name: str, path: str, rule: str
) -> None:
    changed = stack.set(stack.get(token, name), path, UNKNOWN_STRING_VALUE)
    changed = changed.cut(changed.get(token, name), path)

    said = analyzer.preview(changed)

    assert any(each.rule == rule and each.blocks for each in said), said
    assert all(each.undecided for each in said), said


@pytest.mark.parametrize(
    ("token", "name", "path"),
    [*((token, DB, path) for token, path in READ), *SHARED, *((t, n, p) for t, n, p, _ in LEADING)],
)
def test_an_unknown_hides_nothing_of_another_resource(
    analyzer: Analyzer, stack: Program, token: str, name: str, path: str
) -> None:
    changed = stack.set(stack.get(ROTATION, LATER), "rotationRules.automaticallyAfterDays", 365)
    changed = changed.set(changed.get(CONTAINER, "sentry-dsn"), "tags.Tier", "1")
    for program in (changed, Program(changed.resources[::-1])):
        blinded = program.set(program.get(token, name), path, UNKNOWN_STRING_VALUE)
        blinded = blinded.cut(blinded.get(token, name), path)

        violated = {(each.rule, each.urn) for each in analyzer.preview(blinded) if each.blocks and not each.undecided}

        assert violated == {
            ("tiers/rotation-interval", stack.get(ROTATION, LATER).urn),
            ("tiers/secret-tags", stack.get(CONTAINER, "sentry-dsn").urn),
        }


def test_a_yearly_schedule_of_a_secret_without_a_known_name_is_violated_in_any_tier(
    analyzer: Analyzer, stack: Program
) -> None:
    changed = stack.set(stack.get(CONTAINER, DB), "name", UNKNOWN_STRING_VALUE)
    yearly = changed.set(changed.get(ROTATION, DB), "rotationRules", {"scheduleExpression": "cron(0 0 1 1 ? *)"})
    quarterly = changed.set(changed.get(ROTATION, DB), "rotationRules", {"automaticallyAfterDays": 92})

    for program, undecided in ((yearly, False), (quarterly, True)):
        (said,) = (each for each in analyzer.preview(program) if each.rule == "tiers/rotation-interval")
        assert said.blocks
        assert said.undecided is undecided


def test_fewer_unknown_names_than_missing_secrets_are_a_violation(analyzer: Analyzer, stack: Program) -> None:
    changed = stack.set(stack.get(CONTAINER, DB), "name", UNKNOWN_STRING_VALUE)
    gone = [changed.get(token, LATER) for token in (CONTAINER, VERSION, ROTATION)]

    said = [each for each in analyzer.preview(changed.without(*gone)) if each.rule == "tiers/secret-present"]

    assert sorted((each.undecided, each.blocks) for each in said) == [(False, True), (True, False), (True, True)]


def test_a_stack_of_nothing_but_unknowns_does_not_make_the_pack_fail(analyzer: Analyzer, stack: Program) -> None:
    changed = stack
    for resource in stack.resources:
        changed = changed.put(replace(resource, inputs=dict.fromkeys(resource.inputs, UNKNOWN_STRING_VALUE), edges={}))

    said = analyzer.preview(changed)

    assert any(each.blocks for each in said)
    assert all(each.undecided for each in said), said
