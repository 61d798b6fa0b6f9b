"""The proof as a command on an exported stack, and ACCESS.md, which comes from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from catalog.load import ROOT
from policies.access import matrix
from policies.access.command import NOT_PROVED, PROVED, WRONG_INPUT, main
from tests.policies import whole
from tests.policies.compliant_access import ROLE_POLICY
from tests.policies.program import Program


def exported(program: Program, folder: Path) -> Path:
    """The file that `pulumi stack export` would write, as far as the proof reads it."""
    resources = [
        {
            "urn": one.urn,
            "type": one.token,
            "inputs": dict(one.inputs),
            "outputs": dict(one.outputs),
            "propertyDependencies": {name: list(ends) for name, ends in one.edges.items()},
        }
        for one in program.resources
    ]
    path = folder / "export.json"
    path.write_text(json.dumps({"version": 3, "deployment": {"resources": resources}}), encoding="utf-8")
    return path


def widened() -> Program:
    program = whole.program("staging", exists=True)
    role = program.get(ROLE_POLICY, "watch")
    statement = {"Effect": "Allow", "Action": "secretsmanager:DescribeSecret", "Resource": "*"}
    return program.set(role, "policy", json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def test_a_compliant_export_is_proved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = exported(whole.program("staging", exists=True), tmp_path)

    assert main([str(path), "--env", "staging"]) == PROVED

    said = capsys.readouterr()
    assert "proved" in said.out
    assert "NOT proved" not in said.out
    assert said.err == ""


def test_a_widened_export_is_not_proved_and_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(exported(widened(), tmp_path)), "--env", "staging"]) == NOT_PROVED

    said = capsys.readouterr().out
    assert "MAY       llm-observatory-staging-watch may although it must not: DescribeSecret on" in said
    assert "MAY_NOT   llm-observatory-staging-watch may not although it must: ListSecretVersionIds on" in said
    assert "NOT proved" in said


def test_the_result_as_json_has_every_disagreement_with_its_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(exported(widened(), tmp_path)), "--env", "staging", "--json"]) == NOT_PROVED

    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert said["proved"] is False
    may = [one for one in said["disagreements"] if one["kind"] == "may"]
    assert {one["action"] for one in may} == {"secretsmanager:DescribeSecret"}
    assert all(one["requests"][0]["principal"].endswith("staging-watch/session") for one in may)
    assert all(one["requests"][0]["outcome"] == "allowed" for one in may)


@pytest.mark.parametrize(
    ("text", "says"),
    [("not json", "no JSON at line 1"), ("{}", "no deployment with resources"), (None, "cannot be read")],
)
def test_a_file_that_is_no_export_is_refused_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, says: str
) -> None:
    path = tmp_path / "export.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")

    assert main([str(path), "--env", "staging"]) == WRONG_INPUT

    said = capsys.readouterr()
    assert says in said.err
    assert "pulumi stack export" in said.err
    assert said.out == ""


def test_what_is_encrypted_in_an_export_is_undecided(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = whole.program("staging", exists=True)
    sealed = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}
    changed = program.set(program.get(ROLE_POLICY, "collector"), "policy", sealed)

    assert main([str(exported(changed, tmp_path)), "--env", "staging"]) == NOT_PROVED

    assert "UNDECIDED llm-observatory-staging-collector may or may not" in capsys.readouterr().out


def test_access_md_is_fresh() -> None:
    committed = (ROOT / matrix.PATH).read_text(encoding="utf-8")

    assert committed == matrix.of_repository(), f"{matrix.PATH} is stale; run `make docs`"
