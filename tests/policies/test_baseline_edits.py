"""Start compliant, break one thing, expect the message of the rule that is there for it."""

from __future__ import annotations

import pytest

from policies.baseline import rules
from tests.policies import (
    baseline_stack,
    edits_baseline_access,
    edits_baseline_bucket,
    edits_baseline_function,
    edits_baseline_identity,
    edits_baseline_settings,
)
from tests.policies.analyzer import Analyzer

EDITS = {
    **edits_baseline_access.EDITS,
    **edits_baseline_bucket.EDITS,
    **edits_baseline_function.EDITS,
    **edits_baseline_identity.EDITS,
    **edits_baseline_settings.EDITS,
}
OF_STACK_DOCUMENTS = {"baseline/document-known"}  # test_baseline_unknowns


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer(pack_of=rules.pack)


@pytest.mark.parametrize("exists", [False, True], ids=["new_stack", "old_stack"])
@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_caught_by_its_rule(analyzer: Analyzer, name: str, exists: bool) -> None:
    edit = EDITS[name]
    changed = edit.make(baseline_stack.program(exists=exists))

    said = analyzer.preview(changed)

    urn = changed.get(edit.token, edit.name).urn
    caught = [each for each in said if each.blocks and each.rule == edit.rule and each.urn == urn]
    assert caught, said
    text = "\n".join(each.text for each in caught)
    assert f"{edit.rule} VIOLATED" in text
    assert all(part in text for part in edit.says), text
    assert "fix: " in text
    assert "clauses: " in text
    assert "hunter2" not in "\n".join(each.text for each in said)


def test_every_rule_is_broken_by_an_edit() -> None:
    assert {edit.rule for edit in EDITS.values()} | OF_STACK_DOCUMENTS == {rule.id for rule in rules.RULES}
