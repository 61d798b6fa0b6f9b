"""An exemption turns a block into a note until it expires, and then it blocks itself."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from policies import exemptions
from policies.exemptions import Exemption, ExemptionError
from policies.tokens import ROTATION
from tests.policies.analyzer import TODAY, Analyzer, Said
from tests.policies.program import Program

DB = "db-password"
RULE = "tiers/rotation-interval"


def _judged(stack: Program, expires: date, rule: str = RULE, name: str = DB) -> list[Said]:
    changed = stack.set(stack.get(ROTATION, DB), "rotationRules.automaticallyAfterDays", 120)
    exemption = Exemption(
        rule=rule,
        urn=stack.get(ROTATION, name).urn,
        owner="platform",
        reason="the vendor's outage of this month",
        expires=expires,
    )
    return Analyzer(exemptions=[exemption]).preview(changed)


@pytest.mark.parametrize("days", [0, 1, 90])
def test_an_exemption_in_force_makes_a_note_of_the_finding(old_stack: Program, days: int) -> None:
    (said,) = _judged(old_stack, TODAY + timedelta(days=days))

    assert not said.blocks
    assert said.rule == RULE
    assert f"exempt until {TODAY + timedelta(days=days)}, for which platform answers: the vendor's outage" in said.text


@pytest.mark.parametrize(
    ("days", "fault"), [(-1, "expired on 2026-05-31"), (91, "expires on 2026-08-31, more than 90 days away")]
)
def test_an_exemption_out_of_force_blocks_with_the_finding(old_stack: Program, days: int, fault: str) -> None:
    said = _judged(old_stack, TODAY + timedelta(days=days))

    assert {each.rule for each in said} == {RULE, "tiers/exemption-in-force"}
    assert all(each.blocks and each.urn == old_stack.get(ROTATION, DB).urn for each in said)
    assert any(fault in each.text for each in said)


def test_an_exemption_covers_no_other_resource(old_stack: Program) -> None:
    (said,) = _judged(old_stack, TODAY, name="jwt-secret")

    assert said.blocks
    assert said.rule == RULE


def test_an_exemption_from_a_rule_that_is_none_blocks(old_stack: Program) -> None:
    said = _judged(old_stack, TODAY, rule="tiers/rotation-intervall")

    assert {each.rule for each in said if each.blocks} == {RULE, "tiers/exemption-in-force"}
    assert any("names no rule of this pack" in each.text for each in said)


def test_an_exemption_of_another_pack_or_stack_says_nothing(old_stack: Program) -> None:
    (said,) = _judged(old_stack, TODAY - timedelta(days=9), rule="baseline/rotation-interval")

    assert said.rule == RULE


def test_the_file_of_the_repository_loads_and_is_empty() -> None:
    assert exemptions.load() == ()


def test_a_line_of_the_file_becomes_an_exemption(tmp_path: Path) -> None:
    file = tmp_path / "exemptions.yaml"
    file.write_text(
        "exemptions:\n"
        "  - rule: tiers/secret-tags\n"
        "    urn: urn:pulumi:staging::p::t::n\n"
        "    owner: platform\n"
        "    reason: the vendor's outage\n"
        "    expires: 2026-07-01\n"
    )

    (exemption,) = exemptions.load(file)

    assert exemption.expires == date(2026, 7, 1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("exemptions: [{rule: tiers/secret-tags}]", r"exemptions\.0\.owner: Field required"),
        ("exemptions: [{until: 2026-07-01}]", r"exemptions\.0\.until: Extra inputs are not permitted"),
        ("[]", "valid dictionary"),
        ("exemptions: [", "not valid YAML"),
    ],
)
def test_a_malformed_file_names_entry_and_field(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "exemptions.yaml"
    file.write_text(text)

    with pytest.raises(ExemptionError, match=reason):
        exemptions.load(file)


def test_a_missing_file_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(ExemptionError, match="write `exemptions: "):
        exemptions.load(tmp_path / "none.yaml")
