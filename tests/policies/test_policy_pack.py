"""The pack as the engine finds it: what it registers, how it starts, what its rules say of themselves."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE, Popen

import grpc
import pytest
import yaml
from google.protobuf import empty_pb2
from pulumi.runtime import proto
from pulumi.runtime.proto import analyzer_pb2_grpc

from catalog.load import ROOT
from policies.rule import ResourceRule, Rule, StackRule, Standard
from policies.tiers import rules
from policies.tokens import ROTATION
from tests.policies.analyzer import Analyzer, stack_request
from tests.policies.program import Program

POLICIES = ROOT / "policies"
PACK = POLICIES / "tiers"
OURS = {"catalog", "iam", "policies"}
OTHERS = {"pulumi_policy", "pydantic", "yaml"}

# What reference/policy-controls.md of the programme lists for the standards.
CLAUSES = {
    Standard.PCI_DSS: {"3.6.1", "3.7.4", "7.2.1", "7.2.2", "8.3.2", "8.6.1", "8.6.2", "8.6.3", "10.2.1", "10.5.1"},
    Standard.SOC_2: {"CC6.1", "CC6.2", "CC6.3", "CC6.6", "CC6.7", "CC6.8", "CC7.1", "CC7.2", "CC8.1"},
    Standard.HIPAA: {"164.312(a)(1)", "164.312(a)(2)(iv)", "164.312(c)(1)", "164.312(d)", "164.308(a)(5)(ii)(D)"},
    Standard.GDPR: {"Art.32(1)(a)", "Art.32(1)(b)", "Art.32(1)(c)", "Art.32(1)(d)", "Art.25", "Art.30"},
    Standard.ISO_27001: {"A.5.3", "A.5.9", "A.5.15", "A.5.17", "A.5.18", "A.8.9", "A.8.15", "A.8.24", "A.8.32"},
    Standard.NIST_800_53: {"AC-3", "AC-5", "AC-6", "CM-3", "CM-6", "IA-5", "IA-5(7)", "SC-12", "SC-13", "SC-28(1)"},
}


def test_the_pack_registers_few_policies_each_with_its_level(analyzer: Analyzer) -> None:
    info = analyzer.servicer.GetAnalyzerInfo(empty_pb2.Empty(), None)

    assert {each.name: each.enforcementLevel for each in info.policies} == {
        "tiers-resource": proto.MANDATORY,
        "tiers-stack": proto.MANDATORY,
        "tiers-resource-notes": proto.ADVISORY,
        "tiers-stack-notes": proto.ADVISORY,
    }


def test_rule_ids_are_unique_and_of_this_pack() -> None:
    ids = [rule.id for rule in rules.RULES]

    assert len(set(ids)) == len(ids)
    assert all(each.startswith("tiers/") for each in ids)


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.id)
def test_a_rule_says_what_it_is_for(rule: Rule) -> None:
    assert isinstance(rule, (ResourceRule, StackRule))
    assert rule.title
    assert rule.remediation
    assert "\n" not in rule.remediation
    assert rule.clauses
    for standard, clauses in rule.clauses.items():
        assert set(clauses) <= CLAUSES[standard]


def test_the_engine_finds_the_environment_of_the_repository() -> None:
    project = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text())

    assert project["runtime"] == {"name": "python", "options": {"toolchain": "pip", "virtualenv": "../../.venv"}}
    assert (PACK / "../../.venv").resolve() == (ROOT / ".venv").resolve()


def test_no_file_of_the_pack_shadows_the_standard_library() -> None:
    # The engine puts the pack's folder first on the path.
    assert not {path.stem for path in PACK.glob("*.py")} & sys.stdlib_module_names


def test_the_pack_starts_from_its_folder_and_answers_the_engine(old_stack: Program) -> None:
    changed = old_stack.set(old_stack.get(ROTATION, "db-password"), "rotationRules.automaticallyAfterDays", 120)
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:0", "."]
    with Popen(command, cwd=PACK, stdout=PIPE) as process:
        try:
            assert process.stdout
            with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
                stub = analyzer_pb2_grpc.AnalyzerStub(channel)
                response = stub.AnalyzeStack(stack_request(changed), timeout=30)
        finally:
            process.terminate()

    (diagnostic,) = response.diagnostics
    assert diagnostic.enforcementLevel == proto.MANDATORY
    assert "tiers/rotation-interval VIOLATED" in diagnostic.message


def _imports(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield (node.module or "").split(".")[0]


def _forbidden(source: str) -> set[str]:
    return set(_imports(source)) - OURS - OTHERS - sys.stdlib_module_names


@pytest.mark.parametrize("path", sorted(POLICIES.rglob("*.py")), ids=lambda path: str(path.relative_to(POLICIES)))
def test_policies_import_nothing_of_what_they_judge(path: Path) -> None:
    assert _forbidden(path.read_text()) == set()


def test_a_planted_import_is_found() -> None:
    assert _forbidden("import json\nfrom components.aws import secret\nimport boto3\n") == {"components", "boto3"}
