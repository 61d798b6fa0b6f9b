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
from catalog.emergency.rotation import TOKEN_PREFIX, WRITES_OF_A_ROTATION, Pace
from catalog.model import Catalog
from catalog.names import Duty
from rotation import guards

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


def test_every_secret_is_in_one_stage_and_the_superuser_alone_in_the_first() -> None:
    plan = scope.plan(CATALOG, CATALOG.secrets)
    assert list(plan) == ["superuser", "tier1", "tier2", "tier3", "by_hand"]
    assert sorted(name for stage in plan.values() for name in stage) == sorted(CATALOG.by_name)
    assert plan["superuser"] == ["db-password"]
    for stage, number in (("tier1", 1), ("tier2", 2), ("tier3", 3)):
        assert {CATALOG.by_name[name].tier for name in plan[stage]} <= {number}
    assert plan["by_hand"] == [secret.name for secret in CATALOG.targeting("assisted")]


def test_a_tier_means_the_superuser_too_when_it_is_of_that_tier() -> None:
    states: Any = MACHINE["States"]
    assert states["Take tier 1"]["Result"]["superuser"] == ["db-password"]
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


@pytest.mark.parametrize("seconds", [1, 3, 10])
def test_the_rotations_at_once_stay_under_the_quota_of_50_writes_a_second(seconds: int) -> None:
    pace = Pace(seconds=seconds)
    assert pace.at_once * WRITES_OF_A_ROTATION / pace.seconds <= 40
    states: Any = definition(STAGING, CATALOG, pace)["States"]
    assert states["Rotate tier1"]["MaxConcurrency"] == pace.at_once
    assert states["Rotate tier1"]["ItemProcessor"]["States"]["Wait"]["Seconds"] == seconds


def test_ten_thousand_secrets_take_at_least_750_seconds() -> None:
    pace = Pace()
    assert 10_000 / (pace.at_once / pace.seconds) == 750


def test_the_versions_id_tells_the_rotation_function_and_has_a_length_that_is_allowed() -> None:
    assert TOKEN_PREFIX == guards.EMERGENCY_PREFIX
    assert 32 <= len(TOKEN_PREFIX) + len("0" * 40) <= 64
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
    rotated = [secret for secret in CATALOG.secrets if secret.spec.target != "assisted"]
    assert found["RotateAndWatch"]["Resource"] == [derive.secret_arn(STAGING, secret) for secret in rotated]
    functions = [names.function_arn(STAGING, names.rotator(target)) for target in ("keyring", "postgres", "redis")]
    assert found["LetThemBeRotated"]["Resource"] == functions
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
    assert said == {"rotate", "set"}


def test_the_definition_knows_no_person_and_no_value() -> None:
    text = json.dumps(MACHINE)
    assert not [duty for duty in Duty if duty in text]
    assert "getSecretValue" not in text
