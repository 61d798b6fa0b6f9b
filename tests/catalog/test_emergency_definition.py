"""The emergency's definition and what its role may do follow from the catalogue."""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from catalog import derive, load, names
from catalog.access.boundary import boundary_policy
from catalog.access.emergency import emergency_policy, emergency_trust
from catalog.access.statement import Policy
from catalog.emergency import scope
from catalog.emergency.machine import definition
from catalog.emergency.pace import MANY, Pace
from catalog.emergency.retirement import GOOD
from catalog.emergency.rotation import MARKER, NO_VALUE
from catalog.emergency.version import TOKEN_PREFIX, token
from catalog.model import Catalog
from catalog.names import Duty
from rotation import guards, retiring

CATALOG = load.catalog()
STAGING, PROD = load.environment("staging"), load.environment("prod")
MACHINE = definition(STAGING, CATALOG)


def statements(policy: Policy) -> dict[str, Any]:
    found = policy["Statement"]
    assert isinstance(found, list)
    return {statement["Sid"]: statement for statement in found}


def workflows(found: Any) -> Iterator[dict[str, Any]]:
    """The machine and every processor in it."""
    if isinstance(found, dict):
        if "StartAt" in found:
            yield found
        for inner in found.values():
            yield from workflows(inner)
    if isinstance(found, list):
        for inner in found:
            yield from workflows(inner)


def followers(state: dict[str, Any]) -> set[str]:
    """The states that this one can go on with."""
    choices = [*state.get("Choices", []), *state.get("Catch", [])]
    following = {choice["Next"] for choice in choices}
    return following | {state[key] for key in ("Next", "Default") if key in state}


def tasks() -> list[dict[str, Any]]:
    return [state for flow in workflows(MACHINE) for state in flow["States"].values() if state["Type"] == "Task"]


def test_every_state_is_reached_and_every_way_leads_to_a_state() -> None:
    assert len(list(workflows(MACHINE))) == 1 + len(scope.stages(CATALOG)) + 3
    for flow in workflows(MACHINE):
        reached, new = {flow["StartAt"]}, [flow["StartAt"]]
        while new:
            following = followers(flow["States"][new.pop()]) - reached
            reached |= following
            new += following
        assert reached == flow["States"].keys()


def test_every_secret_is_in_one_stage_and_the_superuser_and_his_healer_alone_in_the_first() -> None:
    plan = scope.plan(CATALOG, CATALOG.secrets)
    assert list(plan) == ["superuser", "tier1", "tier2", "tier3", "by_hand"]
    assert sorted(name for stage in plan.values() for name in stage) == sorted(CATALOG.by_name)
    admins = {"postgres-superuser", "postgres-recovery"}
    assert set(plan["superuser"]) == {secret.name for secret in CATALOG.secrets if secret.kind in admins}
    assert "db-password" in plan["superuser"]
    for stage, number in (("tier1", 1), ("tier2", 2), ("tier3", 3)):
        assert {CATALOG.by_name[name].tier for name in plan[stage]} <= {number}
    assert plan["by_hand"] == [secret.name for secret in CATALOG.secrets if secret.spec.assisted]
    assert "anthropic-api-key" in plan["by_hand"]


def test_a_tier_means_the_superuser_too_when_it_is_of_that_tier() -> None:
    states: Any = MACHINE["States"]
    assert "db-password" in states["Take tier 1"]["Result"]["superuser"]
    assert states["Take tier 2"]["Result"]["superuser"] == []
    assert states["Take all"]["Result"] == scope.plan(CATALOG, CATALOG.secrets)


def test_the_stages_follow_one_another_and_a_broken_one_stops_none() -> None:
    states: Any = MACHINE["States"]
    order = [*scope.stages(CATALOG)]
    for stage, following in zip(order, [*(f"Any of {one}?" for one in order[1:]), "Gather the runs"], strict=True):
        mapped = states[f"Rotate {stage}"]
        assert mapped["Next"] == following
        assert states[f"Any of {stage}?"]["Default"] == following
        assert [catch["Next"] for catch in mapped["Catch"]] == [following]
        assert mapped["ToleratedFailurePercentage"] == 100
        assert mapped["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}


@pytest.mark.parametrize("label_later", [False, True])
@pytest.mark.parametrize("seconds", [1, 3, 10])
def test_the_secrets_at_once_stay_under_the_quota_of_50_writes_a_second(seconds: int, label_later: bool) -> None:
    pace = Pace(seconds=seconds, label_later=label_later)
    shortest = seconds + 1.2
    assert 40 <= pace.at_once * pace.writes / shortest <= 48
    states: Any = definition(STAGING, CATALOG, pace)["States"]
    assert states["Rotate tier1"]["MaxConcurrency"] == pace.at_once
    assert states["Rotate tier1"]["ItemProcessor"]["States"]["Wait"]["Seconds"] == seconds


def test_labels_of_what_is_retired_are_left_for_later_only_where_the_writes_are_what_it_waits_for() -> None:
    def payload(number: int) -> Any:
        states: Any = definition(STAGING, of_size(number))["States"]
        return states["Rotate tier1"]["ItemProcessor"]["States"]["Retire"]["Parameters"]["Payload"]

    assert "label" not in payload(0)
    assert payload(MANY)["label"] == "later"
    assert (Pace.of(MANY).writes, Pace.of(MANY - 1).writes) == (2, 3)


def test_a_secret_is_done_only_when_its_old_credential_is_retired() -> None:
    for flow in workflows(MACHINE):
        if flow["StartAt"] != "Name the version":
            continue
        states = flow["States"]
        assert {states[name]["Next"] for name in ("Rotated", "Rotated before")} == {"Retire"}
        retire = states["Retire"]
        assert retire["Parameters"]["FunctionName"] == names.function_arn(STAGING, names.RETIRE)
        assert set(retire["Parameters"]["Payload"]) == {"secret.$", "version.$"}
        assert [catch["Next"] for catch in retire["Catch"]] == ["Could not retire"]
        assert retire["Retry"][0]["BackoffRate"] == 2
        good = states["Is it retired?"]
        assert {choice["StringEquals"] for choice in good["Choices"]} == {retiring.RETIRED, retiring.NOTHING}
        assert set(GOOD) == {retiring.RETIRED, retiring.NOTHING}
        assert states[good["Default"]]["Type"] == "Fail"
        assert [name for name, state in states.items() if state.get("End")] == ["Done"]


def test_a_secret_without_a_value_is_told_by_its_marker_and_counted_apart() -> None:
    assert MARKER == derive.BOOTSTRAP_LABEL
    states: Any = MACHINE["States"]
    inner = states["Rotate tier1"]["ItemProcessor"]["States"]
    assert inner["Has no value yet"] == {"Type": "Fail", "Error": NO_VALUE, "CausePath": "$.name"}
    assert NO_VALUE in json.dumps(states["Read the outcomes"])


def test_the_versions_id_tells_the_rotation_function_and_has_a_length_that_is_allowed() -> None:
    assert TOKEN_PREFIX == guards.EMERGENCY_PREFIX
    assert token("INC-1", "jwt-secret").startswith(TOKEN_PREFIX)
    assert 32 <= len(token("INC-1", "jwt-secret")) <= 64
    named = definition(STAGING, CATALOG)["States"]
    assert "'SHA-1'" in json.dumps(named)


def test_every_call_of_secrets_manager_is_tried_again_with_jitter_and_caught() -> None:
    calls = [task for task in tasks() if ":secretsmanager:" in task["Resource"]]
    assert len(calls) == 3 * len(scope.stages(CATALOG))
    for task in calls:
        [retry] = task["Retry"]
        assert (retry["JitterStrategy"], retry["BackoffRate"]) == ("FULL", 2)
        assert "SecretsManager.ThrottlingException" in retry["ErrorEquals"]
        assert task["Catch"][-1]["ErrorEquals"] == ["States.ALL"]


def of_size(number: int) -> Catalog:
    """A catalogue with `number` secrets more, with names as long as ours are."""
    pattern = CATALOG.by_name["jwt-secret"]
    more = [
        pattern.model_copy(update={"name": f"jwt-secret-{index:07}", "names": {f"JWT_{index}": "key"}})
        for index in range(number)
    ]
    return CATALOG.model_copy(update={"secrets": [*CATALOG.secrets, *more]})


def test_ten_thousand_secrets_fit_into_the_definition() -> None:
    """A definition has 1 MB at most: docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html."""
    assert len(json.dumps(definition(PROD, of_size(10_000)))) < 1024**2


def test_more_names_than_states_can_hand_on_are_refused_when_it_is_deployed() -> None:
    with pytest.raises(scope.TooManyError, match=r"the names of 200\d\d secrets take \d+ bytes"):
        definition(PROD, of_size(20_000))


def test_the_role_may_do_what_the_tasks_do_and_reads_no_value() -> None:
    called = {match.groups() for task in tasks() if (match := re.search(r"aws-sdk:(\w+):(\w+)$", task["Resource"]))}
    services = {"sfn": "states"}
    wanted = {f"{services.get(service, service)}:{call[0].upper()}{call[1:]}" for service, call in called}
    allowed = {
        action
        for statement in statements(emergency_policy(STAGING, CATALOG)).values()
        for action in statement["Action"]
    }
    assert wanted <= allowed
    assert "sns:Publish" in allowed
    assert not {action for action in allowed if "Value" in action or action.endswith("*")}


def test_the_role_rotates_what_functions_can_rotate_and_nothing_else() -> None:
    found = statements(emergency_policy(STAGING, CATALOG))
    rotated = scope.rotated(CATALOG)
    assert found["RotateAndWatch"]["Resource"] == [derive.secret_arn(STAGING, secret) for secret in rotated]
    targets = sorted({secret.spec.target for secret in rotated})
    functions = [names.function_arn(STAGING, names.rotator(target)) for target in targets]
    assert found["LetThemBeRotated"]["Resource"] == functions
    assert found["RetireThem"] == {
        "Sid": "RetireThem",
        "Effect": "Allow",
        "Action": ["lambda:InvokeFunction"],
        "Resource": [names.function_arn(STAGING, "retire")],
    }
    bucket = names.bucket_arn(STAGING, "audit-queries")
    assert found["KeepResults"]["Resource"] == [f"{bucket}/emergency/*"]
    everywhere = {sid for sid, statement in found.items() if statement["Resource"] == ["*"]}
    assert everywhere == {"DeliverOwnLog", "Trace"}


@pytest.mark.parametrize("environment", [STAGING, PROD], ids=["staging", "prod"])
def test_the_boundary_lets_the_role_do_all_of_it(environment: Any) -> None:
    bound = [one for one in statements(boundary_policy(environment)).values() if one["Effect"] == "Allow"]
    for sid, statement in statements(emergency_policy(environment, CATALOG)).items():
        for action in statement["Action"]:
            for resource in statement["Resource"]:
                assert any(
                    any(fnmatchcase(action, one) for one in within["Action"])
                    and any(fnmatchcase(resource.replace("-??????", "-AbCdEf"), one) for one in within["Resource"])
                    for within in bound
                ), (sid, action, resource)


def test_only_step_functions_acts_as_the_role_and_for_this_machine_alone() -> None:
    [statement] = statements(emergency_trust(STAGING)).values()
    assert statement["Principal"] == {"Service": "states.amazonaws.com"}
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": STAGING.account}
    machine, *_ = names.emergency_arns(STAGING)
    assert statement["Condition"]["ArnLike"] == {"aws:SourceArn": machine}


def test_the_commands_that_it_names_are_those_of_secretsctl() -> None:
    said = set(re.findall(r"secretsctl (\w+)", json.dumps(MACHINE)))
    assert said == {"emergency", "retire", "rotate", "set"}


def test_the_definition_knows_no_person_and_no_value() -> None:
    text = json.dumps(MACHINE)
    assert not [duty for duty in Duty if duty in text]
    assert "getSecretValue" not in text
