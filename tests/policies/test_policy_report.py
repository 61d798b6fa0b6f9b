"""The report of the packs: every rule and clause is in it, and it says of a state what the packs say."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from policies import coverage, report
from policies.coverage import Answer, Clause, ClausesError, Status
from policies.exemptions import Exemption
from policies.report import Report
from policies.rule import Rule, Standard
from policies.tiers import rules

TODAY = date(2026, 6, 1)
EXEMPTION = Exemption(
    rule="tiers/secret-tags",
    urn="urn:pulumi:prod::p::t::n",
    owner="platform-engineering",
    reason="tags follow with the next change",
    expires=TODAY + timedelta(days=30),
)


@pytest.fixture(scope="module")
def made() -> Report:
    return report.report(TODAY)


def test_every_rule_and_every_clause_is_in_each_format(made: Report) -> None:
    texts = [report.markdown(made), report.as_json(made), report.sarif(made)]

    assert len(made.rules) > 80
    assert [rule.id for rule in made.rules for text in texts if rule.id not in text] == []
    assert [answer.name for answer in made.answers if f"| {answer.standard} {answer.name} |" not in texts[0]] == []


def test_a_clause_without_a_rule_says_where_its_evidence_is(made: Report) -> None:
    without = [answer for answer in made.answers if not answer.rules]

    assert without
    assert all(answer.clause.status is Status.RUNTIME and answer.clause.rest for answer in without)


def test_an_exemption_in_force_is_shown_and_an_expired_one_is_not(made: Report) -> None:
    expired = EXEMPTION.model_copy(update={"owner": "nobody-any-more", "expires": TODAY - timedelta(days=1)})
    given = replace(made, packs=[replace(made.packs[0], exemptions=[EXEMPTION, expired])])

    text = report.markdown(given)

    assert "platform-engineering" in text
    assert "nobody-any-more" not in text
    assert len(json.loads(report.as_json(given))["exemptions"]) == 1
    assert "None." in report.markdown(made)


def test_findings_of_a_state_block_and_are_in_each_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "state.json"
    secret = "urn:pulumi:prod::p::aws:secretsmanager/secret:Secret::n"
    state.write_text(
        json.dumps(
            {
                "deployment": {
                    "resources": [
                        {
                            "urn": secret,
                            "type": "aws:secretsmanager/secret:Secret",
                            "inputs": {"name": "llm-observatory/prod/not-ours"},
                        }
                    ]
                }
            }
        )
    )

    outputs = {}
    for form in ("markdown", "json", "sarif"):
        assert report.main(["--format", form, "--state", str(state)]) == 1
        outputs[form] = capsys.readouterr().out

    assert f"| `tiers/secret-declared` | {secret} |" in outputs["markdown"]
    assert {"tiers/secret-declared"} <= {each["rule"] for each in json.loads(outputs["json"])["findings"]}
    (run,) = json.loads(outputs["sarif"])["runs"]
    (declared,) = [each for each in run["results"] if each["ruleId"] == "tiers/secret-declared"]
    assert declared["level"] == "error"
    assert declared["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": secret, "kind": "resource"}]
    assert declared["ruleId"] in {rule["id"] for rule in run["tool"]["driver"]["rules"]}


def test_a_file_that_is_no_state_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report.main(["--state", str(tmp_path / "none.json")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def rule_for(*names: str) -> Rule:
    return replace(rules.RULES[0], clauses={Standard.SOC_2: names})


def clause(status: Status) -> Clause:
    return Clause(asks="what it asks for", status=status, rest="" if status is Status.COVERED else "the rest")


def test_a_clause_of_a_rule_has_to_be_in_the_file() -> None:
    with pytest.raises(ClausesError, match=r"CC9\.9 is carried by tiers/secret-declared and not in clauses\.yaml"):
        coverage.answers([rule_for("CC9.9")], {})


@pytest.mark.parametrize(
    ("status", "carried"), [(Status.COVERED, False), (Status.PARTLY, False), (Status.RUNTIME, True)]
)
def test_a_clause_cannot_claim_other_than_the_rules_show(status: Status, carried: bool) -> None:
    carrying = [rule_for("CC6.1")] if carried else []

    with pytest.raises(ClausesError, match=r"mend clauses\.yaml"):
        coverage.answers(carrying, {Standard.SOC_2: {"CC6.1": clause(status)}})


def test_a_clause_names_its_rules() -> None:
    (answer,) = coverage.answers([rule_for("CC6.1")], {Standard.SOC_2: {"CC6.1": clause(Status.PARTLY)}})

    assert answer == Answer(
        standard=Standard.SOC_2, name="CC6.1", clause=clause(Status.PARTLY), rules=("tiers/secret-declared",)
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("SOC 3: {}", "SOC 3"),
        ("SOC 2:\n  CC6.1: {asks: What it asks, status: covered, rest: some}", "rest"),
        ("SOC 2:\n  CC6.1: {asks: What it asks, status: partly}", "rest"),
        ("a: [", "not valid YAML"),
    ],
)
def test_a_malformed_file_of_clauses_is_told(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "clauses.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ClausesError, match=says):
        coverage.load(path)
