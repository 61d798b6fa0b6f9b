"""Start compliant, break one thing, expect the one message about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policies.tokens import ALIAS, CONTAINER, KEY, VERSION
from tests.policies import edits_key, edits_rotation, edits_rotator, edits_secret, edits_version
from tests.policies.analyzer import Analyzer
from tests.policies.edit import DB, at
from tests.policies.program import Program

EDITS = {
    **edits_rotation.EDITS,
    **edits_rotator.EDITS,
    **edits_key.EDITS,
    **edits_secret.EDITS,
    **edits_version.EDITS,
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_caught_by_its_rule(analyzer: Analyzer, stack: Program, name: str) -> None:
    edit = EDITS[name]

    said = analyzer.preview(edit.make(stack))

    caught = [each for each in said if each.blocks and each.rule == edit.rule and each.urn == edit.urn]
    assert caught, said
    text = "\n".join(each.text for each in caught)
    assert all(part in text for part in edit.says), text
    assert "VIOLATED" in text
    assert "clauses: " in text
    assert "hunter2" not in "\n".join(each.text for each in said)


# An edit that breaks one rule only must not make another one speak.
SEVERAL = {
    "secret-missing",
    "secret-name-of-another-shape",
    "secret-name-with-a-line-end",
    "secret-name-missing",
    "secret-name-of-another-environment",
    "secret-not-declared",
    "schedule-of-a-foreign-secret",
    "version-of-a-foreign-secret",
    "tags-missing",
}


@pytest.mark.parametrize("name", sorted(set(EDITS) - SEVERAL))
def test_an_edit_is_caught_once(analyzer: Analyzer, stack: Program, name: str) -> None:
    said = analyzer.preview(EDITS[name].make(stack))

    assert len([each for each in said if each.blocks]) == 1, said


def test_a_duplicate_is_caught_on_both(analyzer: Analyzer, stack: Program) -> None:
    twin = replace(stack.get(CONTAINER, DB), name="twin")

    said = analyzer.preview(stack.plus(twin))

    twice = {each.urn for each in said if each.rule == "tiers/secret-present" and "2 times in the stack" in each.text}
    assert twice == {twin.urn, at(CONTAINER, DB)}


def test_a_key_that_two_tiers_share_is_caught_on_both(analyzer: Analyzer, stack: Program) -> None:
    shared = stack.lead(stack.get(ALIAS, "tier-2"), "targetKeyId", stack.get(KEY, "tier-1"))

    said = [each for each in analyzer.preview(shared) if each.rule == "tiers/key-per-tier"]

    assert {each.urn for each in said} == {at(ALIAS, "tier-1"), at(ALIAS, "tier-2")}
    assert all(each.blocks and "which is also that of" in each.text for each in said)


def test_a_first_version_without_awscurrent_is_caught_before_it_exists(analyzer: Analyzer, new_stack: Program) -> None:
    changed = new_stack.set(new_stack.get(VERSION, DB), "versionStages", ["LLMOBS_BOOTSTRAP"])

    (said,) = analyzer.preview(changed)

    assert said.blocks
    assert said.rule == "tiers/bootstrap-version"
    assert said.urn == at(VERSION, DB)


def test_a_version_without_the_write_only_argument_is_caught(analyzer: Analyzer, stack: Program) -> None:
    changed = stack.set(stack.get(VERSION, DB), "secretStringWo", None)
    changed = changed.set(changed.get(VERSION, DB), "secretStringWoVersion", None)

    (said,) = analyzer.preview(changed)

    assert said.rule == "tiers/no-plaintext"
    assert "property: secretStringWo\n" in said.text


def test_a_stack_that_is_no_environment_is_refused(analyzer: Analyzer, stack: Program) -> None:
    renamed = Program(tuple(replace(each, stack="playground") for each in stack.resources))

    said = analyzer.preview(renamed)

    assert {each.rule for each in said} == {"tiers/stack-is-environment"}
    assert all(each.blocks and "Pulumi.playground.yaml" in each.text for each in said)


def test_the_secrets_of_another_environment_are_refused(analyzer: Analyzer, stack: Program) -> None:
    renamed = Program(tuple(replace(each, stack="prod") for each in stack.resources))

    names = [each for each in analyzer.preview(renamed) if each.rule == "tiers/secret-name"]

    assert len(names) == len([each for each in stack.resources if each.token == CONTAINER])
    assert all("in the stack 'prod'" in each.text for each in names)
