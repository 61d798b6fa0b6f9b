"""The pack as the engine finds it: what it registers, how it starts, what its rules stand for, what it costs."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from subprocess import PIPE, Popen

import grpc
import pytest
import yaml
from google.protobuf import empty_pb2
from pulumi.runtime import proto
from pulumi.runtime.proto import analyzer_pb2_grpc

from catalog.load import ROOT
from policies.baseline import controls, resource_types, rules
from policies.baseline.controls import ControlsError, Why
from policies.rule import Rule
from policies.tiers import rules as tiers
from sandbox.stack import PACKS
from tests.policies import baseline_stack, whole
from tests.policies.analyzer import Analyzer, request, stack_request

PACK = ROOT / "policies" / "baseline"
CONTROLS = controls.load()
CARRIED = {each for rule in (*rules.RULES, *tiers.RULES) for each in rule.parity}
# A resource costs at most a millisecond of a processor here; what is measured is the mean over a whole stack.
MOST_MS = 1.0


def test_the_pack_registers_few_policies_and_those_that_judge_are_mandatory() -> None:
    info = Analyzer(pack_of=rules.pack).servicer.GetAnalyzerInfo(empty_pb2.Empty(), None)

    assert {each.name: each.enforcementLevel for each in info.policies} == {
        "baseline-resource": proto.MANDATORY,
        "baseline-stack": proto.MANDATORY,
        "baseline-resource-notes": proto.ADVISORY,
        "baseline-stack-notes": proto.ADVISORY,
    }


def test_rule_ids_are_unique_and_of_this_pack() -> None:
    ids = [rule.id for rule in rules.RULES]

    assert len(set(ids)) == len(ids)
    assert all(each.startswith("baseline/") for each in ids)
    assert not set(ids) & {rule.id for rule in tiers.RULES}


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.id)
def test_a_rule_says_what_it_is_for_and_what_it_stands_for(rule: Rule) -> None:
    assert rule.title
    assert rule.remediation
    assert "\n" not in rule.remediation
    assert rule.clauses
    assert all(rule.clauses.values())
    assert bool(rule.parity) != (rule.id in CONTROLS.beyond)
    assert len(set(rule.parity)) == len(rule.parity)


def test_a_rule_beyond_the_others_is_a_rule_of_the_pack() -> None:
    assert set(CONTROLS.beyond) <= {rule.id for rule in rules.RULES}


def test_every_check_of_another_tool_is_carried_by_a_rule_or_has_a_reason() -> None:
    without_rule = CONTROLS.unmet_by(Why.RUNTIME, Why.DELIBERATE, Why.ABSENT, Why.ELSEWHERE)

    assert CONTROLS.asked - CARRIED == without_rule


def test_no_rule_stands_for_a_check_that_nobody_makes() -> None:
    assert CONTROLS.asked >= CARRIED


def test_what_is_met_in_part_has_a_rule_for_that_part() -> None:
    assert CONTROLS.unmet_by(Why.PARTLY) <= CARRIED


def test_a_control_has_one_number_and_a_check_has_one_reason() -> None:
    numbers = [control.id for control in CONTROLS.controls]
    reasons = [each for unmet in CONTROLS.unmet for each in unmet.ids]

    assert len(set(numbers)) == len(numbers)
    assert len(set(reasons)) == len(reasons)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("controls: [{id: S1}]", r"controls\.0\.what: Field required"),
        ("{controls: [], unmet: [], beyond: {}, more: 1}", "Extra inputs are not permitted"),
        ("{controls: [{id: S1, what: a sentence, ids: [CKV_AWS]}], unmet: [], beyond: {}}", "should match pattern"),
        ("controls: [", "not valid YAML"),
    ],
)
def test_a_malformed_file_names_entry_and_field(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "controls.yaml"
    file.write_text(text)

    with pytest.raises(ControlsError, match=reason):
        controls.load(file)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ControlsError, match="restore it from the repository"):
        controls.load(tmp_path / "none.yaml")


def test_the_engine_finds_the_environment_of_the_repository() -> None:
    project = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text())

    assert project["runtime"] == {"name": "python", "options": {"toolchain": "pip", "virtualenv": "../../.venv"}}


def test_no_file_of_the_pack_shadows_the_standard_library() -> None:
    # The engine puts the pack's folder first on the path.
    assert not {path.stem for path in PACK.glob("*.py")} & sys.stdlib_module_names


def test_a_type_of_the_pack_is_one_of_the_provider() -> None:
    import pulumi_aws

    source = (Path(pulumi_aws.__file__).parent / "__init__.py").read_text(encoding="utf-8")
    named = [value for name, value in vars(resource_types).items() if name.isupper()]
    tokens = {token for value in named for token in ((value,) if isinstance(value, str) else value)}

    assert {token for token in tokens if f'"{token}"' not in source} == set()


def test_the_pack_starts_from_its_folder_and_answers_the_engine() -> None:
    stack = baseline_stack.program(exists=True)
    changed = stack.set(stack.get(resource_types.TRAIL, "audit"), "cloudWatchLogsRoleArn", None)
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:0", "."]
    with Popen(command, cwd=PACK, stdout=PIPE) as process:
        try:
            assert process.stdout
            with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
                stub = analyzer_pb2_grpc.AnalyzerStub(channel)
                response = stub.AnalyzeStack(stack_request(changed), timeout=60)
        finally:
            process.terminate()

    (diagnostic,) = response.diagnostics
    assert diagnostic.enforcementLevel == proto.MANDATORY
    assert "baseline/trail-to-logs VIOLATED" in diagnostic.message


def test_a_preview_and_an_update_are_held_to_both_packs() -> None:
    assert set(PACKS) == {path.parent.name for path in (ROOT / "policies").glob("*/PulumiPolicy.yaml")}


def test_a_resource_costs_at_most_a_millisecond() -> None:
    analyzer = Analyzer(pack_of=rules.pack)
    program = whole.program("prod", exists=False)
    requests, whole_stack = [request(each) for each in program.resources], stack_request(program)
    best = min(_milliseconds(analyzer, requests, whole_stack) for _ in range(3))

    assert best / len(requests) < MOST_MS


def _milliseconds(analyzer: Analyzer, requests: Sequence[object], whole_stack: object) -> float:
    """Of processor time, as other tests run beside this one."""
    started = time.process_time()
    for each in requests:
        analyzer.servicer.Analyze(each, None)
    analyzer.servicer.AnalyzeStack(whole_stack, None)
    return 1000 * (time.process_time() - started)
